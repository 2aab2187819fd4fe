/** What the comparer's own work does to the times that it measures, with an event loop that is played. */
import test from 'ava';
import fc from 'fast-check';
import { countPair } from '../../src/compare/count-pair.ts';
import type { Outcome } from '../../src/compare/outcome.ts';
import { toCheckId } from '../../src/core/analysis/check-id.ts';
import { Lateness } from '../../src/io/compare/loop-delay.ts';
import { times } from '../thorough.ts';
import { allChecks, toTask } from './compare-scene.ts';

interface Work {
  /** When it can begin. */
  readonly at: number;
  /** How long it keeps the loop busy. */
  readonly ms: number;
  /** @param late as much as this may have been noticed too late. */
  readonly run?: (now: number, late: number) => void;
}

/** Plays an event loop: it looks what has happened, does it in that order, and looks again; every 5 ms a timer ticks. */
function play(works: Work[], isOver: () => boolean): void {
  let [now, idle, due] = [0, 0, 5];
  const lateness = new Lateness({ now, idle });
  while (!isOver()) {
    if (now >= due) {
      lateness.tick({ now, idle });
      due = now + 5;
    }
    works.sort((a, b) => a.at - b.at);
    const next = Math.min(due, works[0]?.at ?? due);
    if (next > now) {
      idle += next - now;
      now = next;
    }
    const count = works.filter(({ at }) => at <= now).length;
    for (const { ms, run } of works.splice(0, count)) {
      run?.(now, lateness.find(now - 10, { now, idle }));
      now += ms;
      if (isOver()) break;
    }
  }
}

const reply = (ms: number): Outcome => ({
  is: 'answered',
  ms,
  reply: { status: 200, headers: { 'content-type': 'application/json' }, trailers: {}, body: Buffer.from('{}') },
});

/** Both versions take as long, whatever else keeps the comparer busy. @returns what counts, and whether times do. */
function compare(ms: number, start: number, load: readonly Work[]) {
  let noticedLateMs = 0;
  const measured: { primary?: number; candidate?: number } = {};
  const works: Work[] = [...load];
  const ask = (version: 'primary' | 'candidate') => (now: number) => {
    const run = (noticed: number, late: number) => {
      measured[version] = noticed - now;
      noticedLateMs = Math.max(noticedLateMs, late);
    };
    works.push({ at: now + ms, ms: 0.2, run });
  };
  works.push({ at: start, ms: 0.3, run: ask('candidate') }, { at: start, ms: 0.3, run: ask('primary') });
  play(works, () => measured.primary !== undefined && measured.candidate !== undefined);
  const { counts } = countPair(
    {
      protocol: 'http',
      path: '/v1/models/wisdom:predict',
      primary: reply(measured.primary ?? 0),
      candidate: reply(measured.candidate ?? 0),
      again: undefined,
      latenessMs: 0,
      noticedLateMs,
    },
    toTask('wisdom'),
  );
  return new Map(counts.map((count) => [count.check, count]));
}

const checkOf = (code: 'latency' | 'slower') => {
  const check = allChecks.find((one) => one.code === code);
  return check === undefined ? '' : toCheckId(check);
};
const work = fc.record({
  at: fc.double({ min: 0, max: 200, noNaN: true }),
  ms: fc.oneof(fc.double({ min: 0, max: 3, noNaN: true }), fc.double({ min: 0, max: 40, noNaN: true })),
});

test('a candidate as fast as the primary is never slower, nor late, because the comparer has other work', (t) => {
  let counted = 0;
  fc.assert(
    fc.property(
      fc.double({ min: 0.1, max: 100, noNaN: true }),
      fc.double({ min: 0, max: 100, noNaN: true }),
      fc.array(work, { maxLength: 60 }),
      (ms, start, load) => {
        const counts = compare(ms, start, load);
        for (const code of ['latency', 'slower'] as const) {
          const count = counts.get(checkOf(code));
          t.is(count?.bad ?? 0, 0);
          counted += count?.all ?? 0;
        }
      },
    ),
    { numRuns: times(20_000, 800) },
  );
  t.true(counted > 100);
});

test('a candidate that is late is late, also beside other work of the comparer', (t) => {
  const load = Array.from({ length: 40 }, (_, i) => ({ at: i * 10, ms: 1 }));
  t.deepEqual(compare(110, 10, load).get(checkOf('latency')), { check: checkOf('latency'), bad: 1, all: 1 });
  t.deepEqual(compare(90, 10, load).get(checkOf('latency')), { check: checkOf('latency'), bad: 0, all: 1 });
});

test('slow answers count as fast ones do, whatever kept the comparer busy while it waited for them', (t) => {
  const load = [{ at: 50, ms: 40 }];
  t.deepEqual(compare(150, 10, load).get(checkOf('latency')), { check: checkOf('latency'), bad: 1, all: 1 });
  t.is(compare(60, 10, load).get(checkOf('latency')), undefined);
});

test('a loop that was busy was late, if no timer was due meanwhile', (t) => {
  const lateness = new Lateness({ now: 0, idle: 0 });
  t.is(lateness.find(0, { now: 4, idle: 4 }), 0);
  t.is(lateness.find(0, { now: 5, idle: 2 }), 3);
  lateness.tick({ now: 5, idle: 2 });
  t.is(lateness.find(5, { now: 9, idle: 4 }), 5);
  lateness.tick({ now: 10, idle: 5 });
  lateness.tick({ now: 15, idle: 10 });
  t.is(lateness.find(10, { now: 16, idle: 11 }), 5);
  t.is(lateness.find(12, { now: 16, idle: 11 }), 2);
});

test('a timer that is late without anything to do shows that there was no processor', (t) => {
  const lateness = new Lateness({ now: 0, idle: 0 });
  lateness.tick({ now: 30, idle: 30 });
  t.is(lateness.find(0, { now: 31, idle: 31 }), 24);
  t.is(lateness.find(31, { now: 31, idle: 31 }), 0);
});
