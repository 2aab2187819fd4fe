import test from 'ava';
import fc from 'fast-check';
import type { HistoryCommit } from '../../src/io/git-merge-base.ts';
import { findMergeBases } from '../../src/io/git-merge-base.ts';

type History = Readonly<Record<string, HistoryCommit>>;

function toReader(history: History, visited: string[] = []): (id: string) => Promise<HistoryCommit> {
  return async (id) => {
    visited.push(id);
    const commit = history[id];
    if (commit === undefined) throw new Error(`${id} was never there`);
    return commit;
  };
}

/** By the definition: of what both reach, all that nothing else of it reaches. */
function findByDefinition(history: History, one: string, other: string): string[] {
  const reach = (start: string) => {
    const seen = new Set([start]);
    for (const id of seen) for (const parent of history[id]?.parents ?? []) seen.add(parent);
    return seen;
  };
  const common = [...reach(one)].filter((id) => reach(other).has(id));
  return common.filter((id) => !common.some((later) => later !== id && reach(later).has(id)));
}

/** Any history, with clocks that mostly go forward or that say anything. */
const histories = fc
  .record({
    parents: fc.array(fc.uniqueArray(fc.nat({ max: 9 }), { maxLength: 3 }), { minLength: 1, maxLength: 25 }),
    clocks: fc.array(fc.nat({ max: 30 }), { minLength: 25, maxLength: 25 }),
    isSkewed: fc.boolean(),
  })
  .map(({ parents, clocks, isSkewed }): History => {
    const commits = parents.map((back, i): [string, HistoryCommit] => [
      `c${i}`,
      {
        parents: back
          .map((n) => i - 1 - n)
          .filter((n) => n >= 0)
          .map((n) => `c${n}`),
        date: isSkewed ? (clocks[i] ?? 0) : i,
      },
    ]);
    return Object.fromEntries(commits);
  });

test('whatever the history and its clocks, the best common commits are found, and no others', async (t) => {
  await fc.assert(
    fc.asyncProperty(histories, fc.nat(), fc.nat(), async (history, i, j) => {
      const ids = Object.keys(history);
      const [one = '', other = ''] = [ids[i % ids.length], ids[j % ids.length]];
      const found = await findMergeBases(one, other, toReader(history));
      t.deepEqual([...found].sort(), findByDefinition(history, one, other).sort());
    }),
    { numRuns: 3000 },
  );
});

test('an old repository is walked no further than to where the two parted', async (t) => {
  const main = Array.from({ length: 1000 }, (_, i): [string, HistoryCommit] => [
    `main${i}`,
    // Every third commit merges what left the branch long before.
    { parents: i === 0 ? [] : [`main${i - 1}`, ...(i % 3 === 0 && i > 40 ? [`old${i}`] : [])], date: 10 * i },
  ]);
  const old = main.map(([, { date }], i): [string, HistoryCommit] => [
    `old${i}`,
    { parents: [`main${Math.max(0, i - 30)}`], date: date - 1 },
  ]);
  const history = Object.fromEntries([...main, ...old, ['feature', { parents: ['main990'], date: 9999 }]]);
  const visited: string[] = [];
  t.deepEqual(await findMergeBases('main999', 'feature', toReader(history, visited)), ['main990']);
  t.true(visited.length < 100, `${visited.length} commits are read`);
});

test('a commit whose clock was far ahead is not taken for the place where they parted', async (t) => {
  const history = {
    one: { parents: ['ahead', 'base'], date: 50 },
    other: { parents: ['ahead', 'base'], date: 51 },
    base: { parents: ['between'], date: 10 },
    between: { parents: ['ahead'], date: 9 },
    ahead: { parents: [], date: 40 },
  };
  t.deepEqual(await findMergeBases('one', 'other', toReader(history)), ['base']);
});

test('histories that have nothing in common have no merge base', async (t) => {
  const history = { a: { parents: [], date: 1 }, b: { parents: [], date: 2 } };
  t.deepEqual(await findMergeBases('a', 'b', toReader(history)), []);
});
