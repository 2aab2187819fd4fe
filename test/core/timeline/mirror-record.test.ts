/** For how long a mirror was open, whatever clocks say. */
import test from 'ava';
import fc from 'fast-check';
import { findMirrorRecord } from '../../../src/core/timeline/mirror-record.ts';
import type { TimelinePoint } from '../../../src/core/timeline/points.ts';
import { times } from '../../thorough.ts';
import { histories, toRenderedExample } from './timeline-examples.ts';

const start = 1_700_000_000;
const toPoint = (time: number, model: TimelinePoint['model'], author: string | undefined = 'Ada'): TimelinePoint => ({
  commit: { id: '0', author, mergedBy: undefined, time: start + time, subject: '', isStatusOnly: false },
  model,
});
const open = (percentage: number, candidate = 'v2') => toRenderedExample({ candidate, percentage, state: 'Ready' });
const closed = toRenderedExample({ candidate: 'v2', percentage: 20, state: 'Loading' });
const digest = open(20).candidates[0]?.digest ?? '';
const find = (end: number, ...points: readonly TimelinePoint[]) => findMirrorRecord(points, digest, start + end);

test('all times for which it was open count, until it closes or now', (t) => {
  const points = [toPoint(0, closed), toPoint(10, open(20)), toPoint(40, closed), toPoint(100, open(100))];
  t.deepEqual(find(100, ...points), { seconds: 30, lastPercentage: 100, isWhole: true });
  t.deepEqual(find(160, ...points), { seconds: 90, lastPercentage: 100, isWhole: true });
  t.deepEqual(find(160, ...points, toPoint(130, open(0))), { seconds: 60, lastPercentage: 100, isWhole: true });
  t.deepEqual(find(160, toPoint(0, closed)), { seconds: 0, lastPercentage: undefined, isWhole: true });
  t.deepEqual(find(160), { seconds: 0, lastPercentage: undefined, isWhole: false });
});

test('another candidate, or the same with another spec, has no part in it', (t) => {
  const points = [toPoint(0, open(20)), toPoint(10, open(20, 'v3')), toPoint(50, open(20)), toPoint(55, 'absent')];
  t.is(find(200, ...points).seconds, 15);
});

test('files that cannot be rendered leave the mirror as it is', (t) => {
  t.is(find(60, toPoint(0, open(20)), toPoint(10, []), toPoint(20, closed)).seconds, 20);
});

test('a clone that begins in the middle shows the least of it', (t) => {
  const [first, second] = [toPoint(0, open(20)), toPoint(30, closed)];
  const cut = { ...first, commit: { ...first.commit, author: undefined } };
  t.deepEqual(find(60, cut, second), { seconds: 30, lastPercentage: 20, isWhole: false });
});

test('a clock that is wrong adds nothing beyond the present, and takes nothing away', (t) => {
  // One that is a day ahead, and one that is a day behind.
  t.is(find(60, toPoint(0, open(20)), toPoint(86_400, open(40)), toPoint(50, open(20))).seconds, 60);
  t.is(find(60, toPoint(0, open(20)), toPoint(-86_400, open(40)), toPoint(50, closed)).seconds, 50);
  t.is(find(60, toPoint(86_400, open(20))).seconds, 0);
});

test('a commit of the far future costs its own time alone, whatever comes after it', (t) => {
  const far = 100 * 365 * 86_400;
  t.is(find(200, toPoint(0, closed), toPoint(far, closed), toPoint(50, open(20))).seconds, 150);
  t.is(find(200, toPoint(far, closed), toPoint(50, open(20))).seconds, 150);
  t.is(find(200, toPoint(0, closed), toPoint(far, open(20)), toPoint(50, open(40)), toPoint(60, closed)).seconds, 10);
  t.is(find(200, toPoint(0, open(20)), toPoint(far, closed), toPoint(50, closed)).seconds, 50);
  // The last one, by a clock that is a bit ahead of this one.
  t.is(find(200, toPoint(0, open(20)), toPoint(205, closed)).seconds, 200);
  t.is(find(200, toPoint(0, closed), toPoint(205, open(20))).seconds, 0);
});

test('it is never negative, nor more than has passed', (t) => {
  fc.assert(
    fc.property(histories, fc.integer({ min: 1_600_000_000, max: 1_800_000_000 }), (points, end) => {
      const found = findMirrorRecord(points, digest, end);
      const first = Math.min(end, ...points.map(({ commit }) => commit.time));
      t.true(found.seconds >= 0 && found.seconds <= end - first);
    }),
    { numRuns: times(500, 100) },
  );
});
