import test from 'ava';
import { Pace } from '../../src/compare/pace.ts';

/** Calls one after the other, at the clock's time. */
function note(pace: Pace, ms: number, count: number, now: number): void {
  for (let i = 0; i < count; i++) pace.note(ms, now);
}

test('two at a time while the primary is as fast as it was', (t) => {
  const pace = new Pace();
  t.is(pace.limit(0), 2);
  for (const ms of [20, 25, 18, 31, 22]) note(pace, ms, 20, 0);
  t.is(pace.limit(0), 2);
});

test('one at a time once it is slower, and two again once it is as fast as before', (t) => {
  const pace = new Pace();
  note(pace, 40, 64, 0);
  note(pace, 70, 8, 0);
  t.is(pace.limit(0), 1);
  t.is(pace.pauseUntil(0), undefined);
  note(pace, 40, 8, 0);
  t.is(pace.limit(0), 2);
});

test('one with pauses of ten times its call once it is much slower, of five seconds at most', (t) => {
  const pace = new Pace();
  note(pace, 5, 64, 0);
  note(pace, 120, 8, 1000);
  t.is(pace.limit(1000), 0);
  t.is(pace.pauseUntil(1000), 2200);
  t.is(pace.limit(2200), 1);
  pace.note(3000, 3000);
  t.true((pace.pauseUntil(3000) ?? 0) <= 8000);
  t.true((pace.pauseUntil(3000) ?? 0) > 3000);
});

test('a primary that fails gets a pause', (t) => {
  const pace = new Pace();
  note(pace, 5, 64, 0);
  note(pace, Number.POSITIVE_INFINITY, 8, 1000);
  t.is(pace.limit(1000), 0);
  t.is(pace.limit(6000), 1);
});
