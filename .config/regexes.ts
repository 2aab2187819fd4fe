/**
 * Every regular expression of `src/` runs in linear time: texts come from files, the cluster and the network.
 * recheck decides it, which takes minutes for all of them, so what it found safe is kept in regexes.json, and only
 * a new expression is checked. Commit the file with the expression.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { check } from 'recheck';
import ts from 'typescript';

export interface Expression {
  /** `src/core/diagnostics/problem.ts:12` */
  readonly place: string;
  /** As it is written; undefined when it is put together while the program runs. */
  readonly literal: string | undefined;
}

/** Run on texts that are cut before: KServe's own patterns, and those of live routes that have a form that cannot take long. */
const bounded: ReadonlySet<string> = new Set(['src/core/serving/spec-check.ts', 'src/compare/path-expression.ts']);

const record = new URL('regexes.json', import.meta.url);

export function readSafe(): string[] {
  return JSON.parse(readFileSync(record, 'utf8')) as string[];
}

/** All literals, and all calls of RegExp. */
export async function findExpressions(): Promise<Expression[]> {
  const found: Expression[] = [];
  for await (const path of glob('src/**/*.ts')) {
    const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      const place = `${path}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
      if (ts.isRegularExpressionLiteral(node)) found.push({ place, literal: node.text });
      const isCall = ts.isNewExpression(node) || ts.isCallExpression(node);
      if (isCall && node.expression.getText() === 'RegExp' && !bounded.has(path))
        found.push({ place, literal: undefined });
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return found;
}

async function main(): Promise<void> {
  const known = new Set(readSafe());
  const safe = new Set<string>();
  let slow = 0;
  for (const { place, literal } of await findExpressions()) {
    if (literal === undefined) {
      slow++;
      process.stderr.write(`${place}: write the expression as a literal, so that it can be checked\n`);
    } else if (known.has(literal) || safe.has(literal) || (await isLinear(literal, place))) safe.add(literal);
    else slow++;
  }
  writeFileSync(record, `${JSON.stringify([...safe].sort(), null, 2)}\n`);
  process.stderr.write(`${safe.size} expressions run in linear time, ${slow} are not known to\n`);
  process.exitCode = slow > 0 || safe.size === 0 ? 1 : 0;
}

async function isLinear(literal: string, place: string): Promise<boolean> {
  const end = literal.lastIndexOf('/');
  const result = await check(literal.slice(1, end), literal.slice(end + 1), { timeout: 300_000, randomSeed: 1 });
  if (result.status === 'safe') return true;
  const why = result.status === 'vulnerable' ? result.complexity.summary : result.error.kind;
  process.stderr.write(`${place}: ${literal}: ${why}\n`);
  return false;
}

if (import.meta.main) await main();
