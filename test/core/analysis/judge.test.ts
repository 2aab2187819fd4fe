import test from 'ava';
import fc from 'fast-check';
import { type Judging, judge } from '../../../src/core/analysis/judge.ts';
import { addBlock } from '../../../src/core/analysis/tally.ts';
import { times } from '../../thorough.ts';
import {
  errors,
  look,
  minute,
  since,
  subject,
  toBlock,
  toBlocks,
  toErrors,
  toTally,
  watch,
  withinNoise,
} from './analysis-examples.ts';

const none = (minutes: number) => Array.from({ length: minutes }, () => 0);

test('a candidate without errors is Passing at the end of the minute in which the calls suffice', (t) => {
  // 425 calls suffice for 1 % at an error probability of 5 %, as the facts have it; 500 are asked for.
  const { verdict } = watch(toBlocks(none(10), 100), 10);
  t.like(verdict, { verdict: 'Passing' });
  if (verdict.verdict !== 'Passing') return;
  t.like(verdict.decided, { by: 'sequence', rule: 'beta-binomial/1', confidence: 0.95, steps: 1, minSamples: 500 });
  t.is(Date.parse(verdict.decided.at), since + 5 * minute);
  t.like(verdict.decided.checks, [{ check: 'errors.candidateOnly', bad: 0, all: 500, limit: 0.01, low: 0 }]);
  t.true((verdict.decided.checks[0]?.high ?? 1) <= 0.01);
});

test('it is Inconclusive before, and what it waits for is listed', (t) => {
  t.deepEqual(watch(toBlocks(none(3), 100), 5, { holdMs: 10 * minute }).verdict, {
    verdict: 'Inconclusive',
    waits: [
      { code: 'samples', check: 'errors.candidateOnly', all: 300, needed: 500 },
      { code: 'open', check: 'errors.candidateOnly' },
      { code: 'hold', until: since + 10 * minute },
    ],
    counts: [{ bad: 0, all: 300, noiseBad: 0, noiseAll: 0 }],
  });
});

test('it is not Passing before the step has lasted long enough, and then at that minute', (t) => {
  const blocks = toBlocks(none(30), 100);
  t.is(watch(blocks, 21, { holdMs: 20 * minute }).verdict.verdict, 'Inconclusive');
  const { verdict } = watch(blocks, 22, { holdMs: 20 * minute });
  t.like(verdict, { verdict: 'Passing' });
  if (verdict.verdict === 'Passing') t.is(Date.parse(verdict.decided.at), since + 20 * minute);
});

test('the hold counts from the earliest sample that any replica counted, whoever looks and since when', (t) => {
  const late = toBlocks(none(30), 100).slice(5);
  const other = toBlock(3, toErrors(0, 1), { start: since + 3 * minute + 20_000 });
  const terms = { holdMs: 10 * minute };
  const alone = watch(late, 24, terms);
  t.is(alone.judging.began, since + 5 * minute);
  t.is(Date.parse(alone.judging.decided?.at ?? ''), since + 15 * minute);
  const both = watch([...late, other], 24, terms);
  t.is(both.judging.began, since + 3 * minute + 20_000);
  // The first whole minute after it has ended.
  t.is(Date.parse(both.judging.decided?.at ?? ''), since + 14 * minute);
  const now = since + 16 * minute;
  const blocks = [...late.slice(0, 11), other];
  const restarted = judge(undefined, { ...look, ...terms, now, answeredAt: now, tally: toTally(blocks, now) });
  t.deepEqual(restarted.judging.decided, both.judging.decided);
});

test('as long as nothing was counted, the hold has not begun', (t) => {
  const { verdict, judging } = judge(undefined, { ...look, holdMs: minute, now: since + 5 * minute });
  t.is(judging.began, undefined);
  if (verdict.verdict !== 'Inconclusive') return t.fail(verdict.verdict);
  t.deepEqual(verdict.waits.at(-1), { code: 'hold', until: undefined });
});

test('a candidate that exceeds its limit a little is Failing without any minimum of calls', (t) => {
  const { verdict } = watch(toBlocks([1, 3, 4, 5, 4], 50), 10, { analysis: { ...look.analysis, minSamples: 1e6 } });
  t.like(verdict, { verdict: 'Failing', decided: { by: 'sequence' } });
  if (verdict.verdict === 'Failing') t.true((verdict.decided.checks[0]?.low ?? 0) > 0.01);
});

test('a candidate of which everything fails is Failing as soon as a block says so, long before its minute is looked at', (t) => {
  const early = toBlock(0, toErrors(10, 10), { end: since + 5000 });
  const { verdict } = judge(undefined, { ...look, now: since + 6000, tally: toTally([early], since + 6000) });
  t.like(verdict, { verdict: 'Failing', decided: { by: 'brake', budget: 1e-5 } });
});

test('a candidate that turns bad after Passing is Failing by the brake, on the calls of five minutes', (t) => {
  const good = watch(toBlocks(none(60), 1000), 60);
  t.is(good.verdict.verdict, 'Passing');
  const blocks = toBlocks([...none(60), 60, 60, 60], 1000);
  const { verdict } = watch(blocks, 64);
  t.like(verdict, { verdict: 'Failing', decided: { by: 'brake' } });
  if (verdict.verdict !== 'Failing') return;
  t.is(Date.parse(verdict.decided.at), since + 60 * minute);
  t.deepEqual([verdict.decided.checks[0]?.bad, verdict.decided.checks[0]?.all], [60, 1000]);
});

test('of several checks one suffices for Failing, and all are needed for Passing', (t) => {
  const checks = [errors, { code: 'latency', overMs: 200, limit: 0.05 } as const];
  const count = (bad: number, slow: number) =>
    Array.from({ length: 20 }, (_, i) =>
      toBlock(i, [...toErrors(bad, 100), { check: 'latency.200ms', bad: slow, all: 100 }]),
    );
  const terms = { analysis: { ...look.analysis, checks } };
  t.is(watch(count(0, 1), 21, terms).verdict.verdict, 'Passing');
  t.is(watch(count(0, 5), 21, terms).verdict.verdict, 'Inconclusive');
  t.is(watch(count(0, 12), 21, terms).verdict.verdict, 'Failing');
});

test('agreement within noise is measured against the primary with itself', (t) => {
  const count = (bad: number, noiseBad: number) =>
    Array.from({ length: 60 }, (_, i) =>
      toBlock(i, [{ check: 'agreement.withinNoise', bad, all: 500, noiseBad, noiseAll: 500 }]),
    );
  const terms = { analysis: { ...look.analysis, checks: [withinNoise] } };
  t.is(watch(count(15, 15), 62, terms).verdict.verdict, 'Passing');
  t.is(watch(count(50, 15), 62, terms).verdict.verdict, 'Failing');
  t.is(watch(count(25, 15), 62, terms).verdict.verdict, 'Inconclusive');
});

test('a wide noise is no reason for Failing, and unmeasured noise none for Passing', (t) => {
  const count = (bad: number, noiseAll: number) =>
    Array.from({ length: 30 }, (_, i) =>
      toBlock(i, [{ check: 'agreement.withinNoise', bad, all: 500, noiseBad: 0, noiseAll }]),
    );
  const terms = { analysis: { ...look.analysis, checks: [withinNoise] } };
  t.is(watch(count(100, 0), 32, terms).verdict.verdict, 'Inconclusive');
  const { verdict } = watch(count(0, 0), 32, terms);
  t.is(verdict.verdict, 'Passing', 'no disagreement at all is within any noise');
});

test('blocks about something else do not count', (t) => {
  for (const other of [
    { ...subject, candidate: { ...subject.candidate, digest: 'sha256:1b' } },
    { ...subject, primary: { ...subject.primary, digest: 'sha256:0b' } },
    { ...subject, primary: { ...subject.primary, name: 'wisdom-9' } },
    { ...subject, candidate: { ...subject.candidate, name: 'wisdom-9' } },
    { ...subject, analysis: 'sha256:fe' },
    { ...subject, step: 1 },
    { ...subject, attempt: 1 },
  ]) {
    const { verdict } = watch([toBlock(0, toErrors(100, 100), { subject: other })], 3);
    t.like(verdict, { verdict: 'Inconclusive', counts: [{ bad: 0, all: 0 }] });
  }
});

test('another subject begins from nothing, whatever was decided', (t) => {
  const failed = watch(toBlocks([50], 50), 3);
  t.is(failed.verdict.verdict, 'Failing');
  const again = { ...subject, attempt: 1 };
  const { verdict } = judge(failed.judging, { ...look, subject: again, now: since + 10 * minute });
  t.is(verdict.verdict, 'Unknown');
  const decided = failed.judging.decided;
  t.is(judge(undefined, { ...look, subject: again, decided }).verdict.verdict, 'Inconclusive');
});

test('what was decided first stands: later calls do not rewrite it', (t) => {
  const blocks = toBlocks([...none(6), ...Array.from({ length: 30 }, () => 2)], 100);
  const first = watch(blocks, 8);
  const later = watch(blocks, 36);
  t.is(first.verdict.verdict, 'Passing');
  t.deepEqual(later.judging.decided, first.judging.decided);
});

test('what git says stands, but for a brake that is not there yet', (t) => {
  const passing = watch(toBlocks(none(10), 100), 10).judging.decided;
  const other = watch(toBlocks(none(10), 200), 10).judging;
  t.notDeepEqual(other.decided, passing);
  const now = since + 10 * minute;
  t.deepEqual(judge(other, { ...look, now, answeredAt: now, decided: passing }).judging.decided, passing);
  const bad = toBlocks([...none(10), 100], 100);
  const brake = watch(bad, 12);
  t.is(brake.verdict.verdict, 'Failing');
  t.like(judge(brake.judging, { ...look, now, decided: passing }).verdict, { decided: { by: 'brake' } });
  t.deepEqual(
    judge(brake.judging, { ...look, now, decided: brake.judging.decided }).judging.decided,
    brake.judging.decided,
  );
});

test('a replica whose clock is behind ends no hold early, and one whose clock is right ends it as late', (t) => {
  const minutes = fc.integer({ min: 0, max: 20 });
  fc.assert(
    fc.property(
      minutes,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 59_999 }),
      (ahead, hold, seconds) => {
        // The step before ended so long after the first sample, by the clock of the replica.
        const stepSince = since + ahead * minute - (ahead === 0 ? 0 : seconds);
        const holdMs = hold * minute;
        const blocks = toBlocks(none(60), 100);
        const first = watch(blocks, 60, { holdMs }).judging.decided;
        const { decided } = watch(blocks, 60, { holdMs, stepSince }).judging;
        const [at, before] = [decided, first].map((one) => Date.parse(one?.at ?? ''));
        // As early as the samples allow, or when the hold is over; looks are at whole minutes.
        t.is(at, Math.max(before ?? 0, Math.ceil((stepSince + holdMs) / minute) * minute));
      },
    ),
    { numRuns: times(200, 10) },
  );
});

test('a lost replica is lost coverage, never a wrong count', (t) => {
  const other = Array.from({ length: 10 }, (_, i) => toBlock(i, toErrors(1, 60)));
  const both = [...toBlocks(none(10), 40), ...other.slice(0, 3)];
  const { verdict } = watch(both, 6);
  if (verdict.verdict !== 'Inconclusive') return t.fail(verdict.verdict);
  t.deepEqual(verdict.counts, [{ bad: 3, all: 6 * 40 + 3 * 60, noiseBad: 0, noiseAll: 0 }]);
});

test('blocks from the future do not count yet', (t) => {
  const now = since + 60 * minute;
  const blocks = [toBlock(62, toErrors(0, 10)), toBlock(60, toErrors(0, 1))];
  const { verdict } = judge(undefined, { ...look, now, answeredAt: now, tally: toTally(blocks, now) });
  t.like(verdict, { verdict: 'Inconclusive', counts: [{ all: 1 }] });
});

test('a verdict is the same after a look that was missed, or that took place at any other second', (t) => {
  const blocks = toBlocks([...none(4), 1, 0, 0, 1, ...none(10)], 100);
  const now = since + 14 * minute;
  const once = judge(undefined, { ...look, now, answeredAt: now, tally: toTally(blocks.slice(0, 14), now) });
  const often = watch(blocks, 14);
  t.is(once.verdict.verdict, 'Passing');
  t.deepEqual(once.judging.decided, often.judging.decided);
});

test('the sequence looks at whole minutes only, also where a block ended early', (t) => {
  // The first 20 seconds would be Failing, the whole minute is not.
  const early = toBlock(0, toErrors(6, 60), { end: since + 20_000 });
  const rest = toBlock(0, toErrors(0, 540), { start: since + 20_000 });
  t.is(watch([early], 3).verdict.verdict, 'Failing');
  t.is(watch([early, rest], 3).verdict.verdict, 'Inconclusive');
});

test('a clock that was an hour ahead for a moment makes nothing count twice', (t) => {
  const blocks = toBlocks([0, 1, 0, 0], 50);
  const at = (minutes: number, before?: Judging) => {
    const now = since + minutes * minute;
    return judge(before, { ...look, now, answeredAt: now, tally: toTally(blocks, now) });
  };
  const ahead = at(66, at(6).judging);
  t.like(ahead.verdict, { verdict: 'Unknown', counts: [{ bad: 1, all: 200 }] });
  const { verdict, judging } = at(7, ahead.judging);
  t.like(verdict, { verdict: 'Inconclusive', counts: [{ bad: 1, all: 200 }] });
  t.like(at(67, judging).verdict, { counts: [{ bad: 1, all: 200 }] });
});

test('a clock that was an hour ahead is put right: what was counted before still counts, and what is counted from then on', (t) => {
  const good = toBlocks(none(4), 100);
  const ahead = since + 72 * minute;
  const tally = toTally(good, ahead);
  const early = judge(watch(good, 12).judging, { ...look, tally, now: ahead, answeredAt: since });
  const now = since + 14 * minute;
  const bad = toBlock(13, toErrors(80, 100), { end: since + 13 * minute + 5000 });
  const back = judge(early.judging, { ...look, tally: addBlock(tally, bad, now), now, answeredAt: now });
  t.like(back.verdict, { verdict: 'Failing', decided: { by: 'brake' } });

  const more = addBlock(tally, toBlock(11, toErrors(0, 100)), now);
  const few = judge(early.judging, { ...look, tally: more, now, answeredAt: now, openSince: now });
  t.like(few.verdict, { verdict: 'Passing', decided: { by: 'sequence', checks: [{ bad: 0, all: 500 }] } });
});

test('a decision survives that the clock is put back', (t) => {
  const failed = watch(toBlocks([50], 50), 3);
  const back = judge(failed.judging, { ...look, now: since - 60 * minute, answeredAt: undefined });
  t.is(back.verdict.verdict, 'Failing');
});
