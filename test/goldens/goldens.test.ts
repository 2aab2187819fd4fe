import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { riskCodes } from '../../src/core/change/risk.ts';
import { problemCodes } from '../../src/core/diagnostics/problem.ts';
import { findGoldenCases, fixtures, readExpected, runGoldenCase } from './golden-case.ts';

const cases = findGoldenCases();

for (const golden of cases)
  test(`golden: ${golden.name}`, async (t) => {
    t.deepEqual(
      readdirSync(golden.folder)
        .filter((name) => name !== 'run.json')
        .sort(),
      ['expected', 'input'],
    );
    const expected = readExpected(golden);
    t.true(expected.size > 0, 'a case without expectation proves nothing');
    t.deepEqual(await runGoldenCase(golden), expected);
  });

test('every code of a risk has a case', (t) => {
  const texts = cases.flatMap((golden) => [...readExpected(golden).values()]).join('\n');
  for (const code of riskCodes) t.true(texts.includes(`[${code}]`), code);
});

test('there are golden cases of every room', (t) => {
  const rooms = new Set(cases.map(({ name }) => name.split('/')[0]));
  t.deepEqual(
    [...rooms],
    [
      'analysis',
      'diff',
      'edit',
      'explain',
      'faults',
      'help',
      'history',
      'init',
      'judgement',
      'parameters',
      'patches',
      'policy',
      'problems',
      'rollout',
      'routing',
      'schema',
      'standard',
      'status',
      'validate',
      'warnings',
    ],
  );
});

test('every problem code has a golden case that shows it', (t) => {
  const shown = new Set<string>();
  for (const golden of cases) {
    const [room, name = ''] = golden.name.split('/');
    if (room !== 'problems' && room !== 'warnings') continue;
    const code = name.split('--')[0] ?? '';
    for (const text of readExpected(golden).values()) if (text.includes(`[${code}]`)) shown.add(code);
  }
  t.deepEqual(
    problemCodes.filter((code) => !shown.has(code)),
    [],
  );
});

test('problems leave stdout empty', (t) => {
  for (const golden of cases)
    if (golden.name.startsWith('problems/'))
      t.deepEqual([...readExpected(golden).keys()], ['problems.txt'], golden.name);
});

test('every routing option has a golden case', (t) => {
  const { properties } = JSON.parse(
    readFileSync(join(fixtures, 'schema/mirrorpolicy/expected/stdout.txt'), 'utf8'),
  ) as Schema;
  const options = (schema: Schema | undefined, path: readonly string[]): string[] =>
    Object.entries(schema?.properties ?? {}).flatMap(([name, inner]) =>
      inner.properties === undefined ? [[...path, name].join('-')] : options(inner, [...path, name]),
    );
  const names = options(properties?.['spec']?.properties?.['routing'], []).map((name) =>
    name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  );
  t.is(names.length, 20);
  const found = cases.flatMap(({ name }) => (name.startsWith('routing/') ? [name.slice('routing/'.length)] : []));
  t.deepEqual(
    names.filter((name) => !found.includes(name)),
    [],
  );
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}
