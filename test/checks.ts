/** What scripts of checks print: a line each, what was found of one that fails, and at the end how many passed. */
import { isDeepStrictEqual } from 'node:util';

/** Of what is wrong with one check. */
const shown = 20;

let passed = 0;
let failed = 0;

/** @param wanted an equal value, or what its text must match. */
export function check(name: string, found: unknown, wanted: unknown): void {
  const isFine = wanted instanceof RegExp ? wanted.test(String(found)) : isDeepStrictEqual(found, wanted);
  count(name, isFine ? [] : [`wanted ${toText(wanted)}`, `found ${toText(found)}`]);
}

/** @param find what is wrong; nothing, when all is well. An error is wrong, too. */
export async function checkThat(
  name: string,
  find: () => readonly string[] | Promise<readonly string[]>,
): Promise<void> {
  try {
    count(name, await find());
  } catch (error) {
    const { stderr, stack } = error as Error & { readonly stderr?: string };
    count(name, [stderr || stack || String(error)]);
  }
}

/** Counts them; the process fails where one did, or where there was none. */
export function endChecks(): void {
  say(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

function count(name: string, troubles: readonly string[]): void {
  if (troubles.length === 0) passed++;
  else failed++;
  say(`${troubles.length === 0 ? 'passed' : 'FAILED'}: ${name}`);
  for (const trouble of [...new Set(troubles)].slice(0, shown)) say(`    ${trouble.trim()}`);
}

function toText(value: unknown): string {
  return typeof value === 'string' || value instanceof RegExp ? `${value}` : JSON.stringify(value);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
