/** Verdicts in the history of a model: the ones of the golden cases, and ones that somebody has changed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { join as joinPath } from 'node:path/posix';
import test from 'ava';
import { verifyAnalysis } from '../../src/commands/verify-analysis.ts';
import { mask } from '../../src/core/diagnostics/safe-text.ts';
import { MemoryRevisions } from './memory-revisions.ts';

const read = (name: string, file: string) =>
  readFileSync(join(import.meta.dirname, '../../fixtures/judgement', name, 'input/models/wisdom', file), 'utf8');
const model = read('failing', 'model.yaml');
const [awaited, failing, passing] = ['awaited', 'failing', 'passing'].map((name) => read(name, 'status.yaml'));

async function verifyAll(...statuses: readonly (string | undefined)[]) {
  const revisions = new MemoryRevisions();
  for (const [i, status] of statuses.entries())
    revisions.commit('main', `commit ${i}`, { 'wisdom/model.yaml': model, 'wisdom/status.yaml': status ?? '' });
  const result = await verifyAnalysis(
    {
      model: 'wisdom',
      revision: 'main',
      part: { folder: '.', root: '.' },
      names: { toShownPath: mask, toInnerPaths: (typed) => [joinPath(typed)] },
      cluster: undefined,
      namespace: undefined,
    },
    revisions,
  );
  if (result.code !== 'found') throw new Error(result.code);
  return result.verdicts.map(({ decided, discrepancies }) => [decided.verdict, discrepancies.map(({ code }) => code)]);
}

test('each verdict in the history counts once, and follows from its numbers', async (t) => {
  t.deepEqual(await verifyAll(awaited, failing, failing, awaited, passing), [
    ['Failing', []],
    ['Passing', []],
  ]);
});

test('a step of the ramp follows from Passing of the one before, of the same attempt', async (t) => {
  const second = read('ramp-step', 'status.yaml');
  const first = second.replace('step: 1', 'step: 0');
  t.not(first, second);
  t.deepEqual(await verifyAll(awaited, first, second), [
    ['Passing', []],
    ['Passing', []],
  ]);
  t.deepEqual(await verifyAll(awaited, second), [['Passing', ['step-before']]]);
  t.deepEqual(await verifyAll(second, first), [
    ['Passing', ['step-before']],
    ['Passing', []],
  ]);
  const retried = first.replace('attempt: 0', 'attempt: 1');
  t.not(retried, first);
  t.deepEqual((await verifyAll(retried, second)).at(-1), ['Passing', ['step-before']]);
  const last = read('ramp-last', 'status.yaml');
  t.deepEqual((await verifyAll(first, second, last)).at(-1), ['Passing', []], 'its own Passing of the step before');
});

const forged: Readonly<Record<string, readonly [string, string, string]>> = {
  'fewer failures': ['bad: 6', 'bad: 1', 'bound'],
  'another bound': ['low: 0.0022', 'low: 0.001', 'bound'],
  'another limit': ['limit: 0.002', 'limit: 0.05', 'nothing-over'],
  'another verdict': ['verdict: Failing', 'verdict: Passing', 'not-within'],
  'another confidence': ['confidence: 0.95', 'confidence: 0.5', 'bound'],
  'another rule': ['beta-binomial/1', 'beta-binomial/9', 'unknown-rule'],
};
for (const [title, [from, to, code]] of Object.entries(forged))
  test(`a verdict that somebody has changed does not: ${title}`, async (t) => {
    t.true(failing?.includes(from));
    const [[, codes] = []] = await verifyAll(failing?.replace(from, to));
    t.true(codes?.includes(code as never), String(codes));
  });
