import test from 'ava';
import fc from 'fast-check';
import type { Block } from '../../../src/core/analysis/block.ts';
import { addBlock, addBlockSum, beginTally, sumUp, type Tally, toPast } from '../../../src/core/analysis/tally.ts';
import { minute, since, subject, toBlock, toErrors } from './analysis-examples.ts';

const checks = ['errors.candidateOnly', 'latency.200ms'];
const now = since + 40 * minute;

const block = fc
  .record({
    nth: fc.nat(38),
    seconds: fc.constantFrom(60, 5, 31),
    bad: fc.nat(3),
    more: fc.nat(97),
    slow: fc.option(fc.nat(50)),
    received: fc.nat(300),
  })
  .map(({ nth, seconds, bad, more, slow, received }) => {
    const late =
      slow === null ? [] : [{ check: 'latency.200ms', bad: slow, all: slow + more, noiseBad: 1, noiseAll: 2 }];
    const counts = nth % 2 === 0 ? [...late, ...toErrors(bad, bad + more)] : [...toErrors(bad, bad + more), ...late];
    const coverage = { received, compared: bad, dropped: { busy: more }, unknown: { 'same-version': nth } };
    const start = since + nth * minute;
    return toBlock(nth, counts, { end: start + seconds * 1000, coverage });
  });

/** Adds up numbers of blocks, as anyone would. */
function total(blocks: readonly Block[], pick: (block: Block) => number | undefined): number {
  return blocks.reduce((sum, one) => sum + (pick(one) ?? 0), 0);
}

function toCheckTotals(blocks: readonly Block[], id: string) {
  const of = (block: Block) => block.counts.find(({ check }) => check === id);
  return {
    bad: total(blocks, (one) => of(one)?.bad),
    all: total(blocks, (one) => of(one)?.all),
    noiseBad: total(blocks, (one) => of(one)?.noiseBad),
    noiseAll: total(blocks, (one) => of(one)?.noiseAll),
  };
}

test('in whichever order blocks are added and the clock runs, the sums by each minute that is kept are those of all blocks', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(block, fc.nat(40)), { minLength: 1, maxLength: 40 }), (added) => {
      const blocks = added.map(([one]) => one);
      const times = added.map(([one, minutes]) => Math.max(one.end, since + minutes * minute));
      const tally = blocks.reduce<Tally>((sum, one, i) => addBlock(sum, one, times[i] ?? now), beginTally(subject));
      const past = toPast(tally, checks, now);
      const oldest = Math.ceil(Math.max(...times) / minute) * minute - 20 * minute;
      for (let moment = oldest; moment <= now; moment += minute) {
        const over = blocks.filter(({ end }) => end <= moment);
        const { counts, covered, from, arrived } = sumUp(past, moment);
        t.deepEqual(
          checks.map((_, i) => counts[i] ?? toCheckTotals([], '')),
          checks.map((id) => toCheckTotals(over, id)),
        );
        t.deepEqual(covered, {
          received: total(over, ({ coverage }) => coverage.received),
          compared: total(over, ({ coverage }) => coverage.compared),
          dropped: total(over, ({ coverage }) => coverage.dropped['busy']),
          unknown: total(over, ({ coverage }) => coverage.unknown['same-version']),
          sameVersion: total(over, ({ coverage }) => coverage.unknown['same-version']),
        });
        t.is(from, over.length === 0 ? undefined : Math.min(...over.map(({ start }) => start)));
        const ends = over.flatMap(({ end, coverage }) => (coverage.received > 0 ? end : []));
        t.is(arrived, ends.length === 0 ? undefined : Math.max(...ends));
      }
    }),
    { numRuns: 300 },
  );
});

test('what is kept minute by minute is bounded, however long it goes on', (t) => {
  let tally = beginTally(subject);
  for (let nth = 0; nth < 3000; nth++) {
    const counted = toBlock(nth, [{ check: `made-up.${nth}`, bad: 0, all: 1 }, ...toErrors(1, 10)]);
    tally = addBlock(tally, counted, counted.end);
    t.true(tally.minutes.length <= 20 && tally.checks.length <= 100);
  }
  t.deepEqual(sumUp(toPast(tally, checks, since + 3000 * minute)).counts[0], {
    bad: 3000,
    all: 30_000,
    noiseBad: 0,
    noiseAll: 0,
  });
});

test('what ends in more than 20 minutes never counts: that clock is wrong', (t) => {
  const tally = beginTally(subject);
  const far = toBlock(60, toErrors(1, 10));
  t.is(addBlock(tally, far, far.end - 20 * minute - 1), tally);
  t.not(addBlock(tally, far, far.end - 20 * minute), tally);
});

test('what a replica added up itself was over before anything else', (t) => {
  const sum = { ...toBlock(0, toErrors(2, 700)), end: since + 700 * minute };
  const first = toBlock(705, toErrors(1, 10));
  for (const tally of [
    addBlock(addBlockSum(beginTally(subject), sum), first, first.end),
    addBlockSum(addBlock(beginTally(subject), first, first.end), sum),
  ]) {
    const past = toPast(tally, checks, first.end);
    t.like(sumUp(past, first.end - minute), {
      from: since,
      arrived: sum.end,
      counts: [{ bad: 2, all: 700 }, { all: 0 }],
    });
    t.like(sumUp(past, first.end), { from: since, arrived: first.end, counts: [{ bad: 3, all: 710 }, { all: 0 }] });
  }
});
