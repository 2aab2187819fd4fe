import test from 'ava';
import fc from 'fast-check';
import { PushPace } from '../../../src/core/pacing/push-pace.ts';
import { BranchTrouble } from '../../../src/core/ports/watch.ts';

const refused = new BranchTrouble('refused', 'protected branch');
const hour = 3_600_000;

/** When pushes start that are all refused, each as early as allowed. */
function play(tips: (now: number) => string, random: number): number[] {
  const pace = new PushPace();
  const starts: number[] = [];
  for (let now = 0; now < 3 * hour; now += 1000) {
    if (now < pace.toStart(tips(now))) continue;
    starts.push(now);
    pace.start(now);
    pace.fail(refused, tips(now), now, random);
  }
  return starts;
}

test('a refused push is retried after 30 s, 1, 2 and 4 min, and then every 5 min', (t) => {
  const minutes = play(() => 'a', 0).map((time) => time / 60_000);
  t.deepEqual(minutes.slice(0, 8), [0, 0.5, 1.5, 3.5, 7.5, 12.5, 17.5, 22.5]);
});

test('a tip that moves all the time is tried early, at most 40 times within any hour', (t) => {
  for (const random of [0, 0.5, 0.999]) {
    const starts = play((now) => String(now), random);
    t.deepEqual(starts.slice(0, 4), [0, 30_000, 60_000, 90_000]);
    for (const start of starts) {
      const within = starts.filter((time) => time >= start && time < start + hour);
      t.true(within.length <= 40, `${within.length} pushes from ${start}`);
    }
    for (const [i, start] of starts.entries())
      if (i > 0) t.true(start - (starts[i - 1] ?? 0) <= 361_000, 'and never more than six minutes without a push');
  }
});

test('a server that does not answer is retried soon, then with growing pauses of up to 5 min', (t) => {
  const pace = new PushPace();
  const pauses = Array.from({ length: 12 }, (_, i) => {
    pace.start(i);
    return pace.fail(new BranchTrouble('unreachable', 'reset'), 'a', i, 0.999) / 1000;
  });
  t.deepEqual(
    pauses.map((seconds) => Math.round(seconds * 2) / 2),
    [0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300],
  );
});

test('a server that asks for time is left alone for so long, although the tip moved', (t) => {
  const pace = new PushPace();
  pace.start(0);
  pace.fail(new BranchTrouble('throttled', 'wait', 120_000), 'a', 0, 0);
  t.is(pace.toStart('b'), 120_000);
});

test('a push that is accepted ends a series of failures; so does an hour without a push', (t) => {
  const pace = new PushPace();
  for (let i = 0; i < 5; i++) {
    pace.start(i);
    pace.fail(refused, 'a', i, 0);
  }
  t.is(pace.failures, 5);
  pace.start(2 * hour);
  pace.fail(refused, 'a', 2 * hour, 0);
  t.is(pace.failures, 1);
  pace.succeed();
  t.is(pace.toStart('a'), Number.NEGATIVE_INFINITY);
  t.is(pace.failures, 0);
});

test('whatever fails in between: 30 s between two pushes, 40 an hour', (t) => {
  const step = fc.record({
    outcome: fc.constantFrom('refused', 'denied', 'unavailable', 'unreachable', 'moved' as const),
    random: fc.double({ min: 0, max: 0.999, noNaN: true }),
    isMoved: fc.boolean(),
    late: fc.integer({ min: 0, max: 20_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 60, maxLength: 150 }), (steps) => {
      const pace = new PushPace();
      const starts: number[] = [];
      let tip = 0;
      let now = 0;
      pace.start(now);
      pace.fail(refused, `${tip}`, now, 0.5);
      starts.push(now);
      for (const { outcome, random, isMoved, late } of steps) {
        if (isMoved) tip++;
        now = Math.max(now, pace.toStart(`${tip}`)) + late;
        starts.push(now);
        pace.start(now);
        if (outcome === 'moved') pace.conflict(now, random);
        else pace.fail(new BranchTrouble(outcome, 'why'), `${tip}`, now, random);
      }
      for (const [i, start] of starts.entries()) {
        if (i > 0) t.true(start - (starts[i - 1] ?? 0) >= 30_000);
        t.true(starts.filter((time) => time >= start && time < start + hour).length <= 40);
      }
    }),
    { numRuns: 200 },
  );
});
