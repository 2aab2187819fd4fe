import test from 'ava';
import { Ledger } from '../../src/compare/ledger.ts';
import type { Block, BlockPage } from '../../src/core/analysis/block.ts';
import { toExampleTask } from '../core/analysis/analysis-examples.ts';
import { testThoroughly } from '../thorough.ts';

const minute = 60_000;
/** A whole minute. */
const start = 1_800_000_000_000;
const version = (name: string) => ({ name, digest: name });
const check = { code: 'errors.rate', limit: 0.01 } as const;
const bad = { end: { is: 'unknown', reason: 'any' }, counts: [{ check: 'errors.rate', bad: 1, all: 1 }] } as const;
const good = { end: { is: 'compared', result: 'agree' }, counts: [{ check: 'errors.rate', bad: 0, all: 1 }] } as const;

function toTarget(model: string) {
  const subject = { primary: version('m-0'), candidate: version('m-1'), analysis: 'ff', step: 0, attempt: 0 };
  return { key: model, namespace: 'models', model, task: toExampleTask({ subject, checks: [check] }) };
}

const target = toTarget('m');
const always = () => true;

/** All blocks that a replica still has, from the start. */
function readBlocks(ledger: Ledger, now: number): readonly Block[] {
  return readAll(ledger, now).flatMap(({ blocks }) => blocks.flatMap((block) => block ?? []));
}

function readAll(ledger: Ledger, now: number, after?: string): readonly BlockPage[] {
  const page = ledger.read(after, now);
  return page.hasMore ? [page, ...readAll(ledger, now, page.next)] : [page];
}

const toCalls = (blocks: readonly Block[]) => blocks.map(({ model, counts }) => [model, counts[0]?.all]);

test('a clock that was an hour ahead is put back: what is counted from then on is published as soon as ever', (t) => {
  const ledger = new Ledger('a', always);
  ledger.add(target, bad, start + 60 * minute);
  ledger.add(target, bad, start + 1000);
  t.deepEqual(
    readBlocks(ledger, start + 7000).map(({ start: from, end, counts }) => [
      (from - start) / 1000,
      (end - start) / 1000,
      counts[0]?.all,
    ]),
    [
      [3600, 3600, 1],
      [0, 7, 1],
    ],
  );
});

test('what was counted by a clock that was an hour ahead is kept no longer than anything else', (t) => {
  const ledger = new Ledger('a', always);
  ledger.add(target, bad, start + 60 * minute);
  readBlocks(ledger, start);
  t.is(readBlocks(ledger, start + 14 * minute).length, 1);
  t.is(readBlocks(ledger, start + 17 * minute).length, 0);
});

test('a clock that is put back by seconds makes no blocks that overlap', (t) => {
  const ledger = new Ledger('a', always);
  ledger.add(target, bad, start + 30_000);
  t.is(readBlocks(ledger, start + 36_000).length, 1);
  ledger.add(target, bad, start + 20_000);
  const [first, second] = readBlocks(ledger, start + 2 * minute);
  t.true((second?.start ?? 0) >= (first?.end ?? Number.POSITIVE_INFINITY));
});

test('who comes back with a cursor gets what is new, and the same again for the same cursor', (t) => {
  const ledger = new Ledger('a', always);
  ledger.add(target, bad, start);
  const first = ledger.read(undefined, start + 6000);
  t.like(first, { replica: 'a', isStart: true, sums: [], first: 1, hasMore: false });
  t.deepEqual(ledger.read(first.next, start + 7000).blocks, []);
  ledger.add(target, good, start + 8000);
  ledger.add(toTarget('n'), good, start + 9000);
  const later = ledger.read(first.next, start + 2 * minute);
  t.like(later, { isStart: false, sums: [], first: 2, hasMore: false });
  t.deepEqual(toCalls(later.blocks as Block[]), [
    ['m', 1],
    ['n', 1],
  ]);
  t.deepEqual(ledger.read(first.next, start + 2 * minute), later);
});

test('what is older than a quarter of an hour is one sum for each subject, whenever it was read before', (t) => {
  const ledger = new Ledger('a', always);
  for (let i = 0; i < 40; i++) {
    ledger.add(target, i % 2 === 0 ? bad : good, start + i * minute);
    readAll(ledger, start + i * minute + 59_000);
  }
  const now = start + 40 * minute;
  const [page] = readAll(ledger, now);
  t.is(page?.sums.length, 1);
  const [sum] = page?.sums ?? [];
  t.is(sum?.start, start);
  t.deepEqual([sum?.counts[0]?.all, page?.blocks.length], [25, 15]);
  t.is(sum?.counts[0]?.bad, 13);
  t.deepEqual(sum?.coverage, { received: 25, compared: 12, dropped: {}, unknown: { any: 13 } });
  t.true((sum?.end ?? now) <= (page?.blocks[0] as Block).start);
});

test('a page holds 500 blocks or sums at most, and as many blocks end at once', (t) => {
  const ledger = new Ledger('a', always);
  const models = Array.from({ length: 1200 }, (_, i) => `m${i}`);
  for (const model of models) ledger.add(toTarget(model), good, start);
  const pages = readAll(ledger, start + minute);
  t.deepEqual(
    pages.map(({ blocks, first }) => [blocks.length, first]),
    [
      [500, 1],
      [500, 501],
      [200, 1001],
    ],
  );
  for (const minutes of [15, 16, 17]) ledger.read(undefined, start + minutes * minute);
  for (const model of models.slice(0, 100)) ledger.add(toTarget(model), good, start + 17 * minute);
  const late = readAll(ledger, start + 18 * minute - 1);
  t.deepEqual(
    late.map(({ sums, blocks, hasMoreSums, isStart }) => [sums.length, blocks.length, hasMoreSums, isStart]),
    [
      [500, 0, true, true],
      [500, 0, true, false],
      [200, 0, false, false],
    ],
  );
  t.is(new Set(late.flatMap(({ sums }) => sums.map(({ model }) => model))).size, 1200);
});

test('sums that change while somebody reads them are read from the start', (t) => {
  const ledger = new Ledger('a', always);
  for (let i = 0; i < 600; i++) ledger.add(toTarget(`m${i}`), good, start);
  readAll(ledger, start + minute);
  ledger.add(target, good, start + 2 * minute);
  readAll(ledger, start + 4 * minute);
  const first = ledger.read(undefined, start + 17 * minute);
  t.true(first.hasMoreSums);
  t.like(ledger.read(first.next, start + 17 * minute + 100), { isStart: false, hasMoreSums: false });
  t.like(ledger.read(first.next, start + 18 * minute + 100), { isStart: true, hasMoreSums: true });
});

test('whoever has read the sums has a minute for the blocks after them', (t) => {
  const ledger = new Ledger('a', always);
  for (let i = 0; i < 20; i++) {
    ledger.add(target, good, start + i * minute);
    ledger.read(undefined, start + i * minute + 59_000);
  }
  const now = start + 20 * minute;
  const { sums, first, blocks } = ledger.read(undefined, now);
  const again = ledger.read(`a.${first - 1}`, now + minute);
  t.true(ledger.read(undefined, now + minute).sums[0]?.end !== sums[0]?.end);
  t.deepEqual([again.first, again.blocks[0]], [first, blocks[0]]);
});

test('a cursor that is none of this replica leads to the start', (t) => {
  const ledger = new Ledger('a', always);
  ledger.add(target, bad, start);
  const now = start + minute;
  const page = ledger.read(undefined, now);
  for (const cursor of ['b.0', 'b.1', 'a.2', 'a.0.77', 'b.0.1', 'a'])
    t.deepEqual(ledger.read(cursor, now), page, cursor);
});

test('the sum of what is not compared any more goes after a day, that of what is stays', (t) => {
  const ledger = new Ledger('a', (key) => key === 'm');
  ledger.add(target, good, start);
  ledger.add(toTarget('n'), good, start);
  const toModels = (hours: number) =>
    ledger.read(undefined, start + hours * 60 * minute).sums.map(({ model }) => model);
  t.deepEqual(toModels(1), []);
  t.deepEqual(toModels(23), ['m', 'n']);
  t.deepEqual(toModels(25), ['m']);
});

test('what nobody reads takes no more room: after 16 minutes only sums grow', (t) => {
  const ledger = new Ledger('a', always);
  for (let at = start; at < start + 300 * minute; at += minute) ledger.add(target, good, at);
  const [page] = readAll(ledger, start + 300 * minute);
  t.is(page?.sums[0]?.counts[0]?.all, 285);
  t.true((page?.first ?? 0) > 280);
  // A cursor of the very first block: whatever is still there comes with it, in one page.
  const kept = readAll(ledger, start + 300 * minute, 'a.0').flatMap(({ blocks }) => blocks);
  t.true(kept.length <= 17);
});

testThoroughly('there is an end to the sums: what is compared no more goes first, and the oldest of it', (t) => {
  const ledger = new Ledger('a', (key) => key === 'kept');
  ledger.add(toTarget('kept'), good, start);
  const [first, count] = [start + minute, 60_010];
  for (let i = 0; i < count; i++) ledger.add(toTarget(`m-${i}`), good, first + (i < 20 ? 0 : minute));
  // Late enough for all to be part of the sums, and too early for any to be forgotten by its age.
  for (let nth = 3; nth < 40; nth++) readAll(ledger, start + nth * minute);
  const sums = readAll(ledger, start + 40 * minute).flatMap((page) => page.sums.map(({ model }) => model));
  t.is(sums.length, 60_000);
  t.true(sums.includes('kept'));
  t.is(sums.filter((model) => /^m-1?\d$/.test(model)).length, 9);
});
