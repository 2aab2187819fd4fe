/**
 * Watchers that read replicas of the comparer, whatever happens between them. What they add up is compared with all that was ever
 * counted: never more, and the same once nothing is lost.
 */
import test from 'ava';
import fc from 'fast-check';
import { Ledger } from '../../src/compare/ledger.ts';
import type { BlockPage } from '../../src/core/analysis/block.ts';
import { readPage } from '../../src/core/analysis/read-page.ts';
import { sumUp, toPast } from '../../src/core/analysis/tally.ts';
import { PageReader } from '../../src/io/comparer/page-reader.ts';
import { Tallies } from '../../src/watch/tallies.ts';
import { toExampleTask } from '../core/analysis/analysis-examples.ts';
import { toRandom } from '../statistics/random.ts';
import { times } from '../thorough.ts';

const minute = 60_000;
const start = 1_800_000_000_000;
const version = (name: string) => ({ name, digest: name });
const check = { code: 'errors.rate', limit: 0.01 } as const;

function toTarget(model: string, step: number) {
  const subject = { primary: version('m-0'), candidate: version('m-1'), analysis: 'ff', step, attempt: 0 };
  const task = toExampleTask({ subject, checks: [check] });
  return { key: `${model}/${step}`, namespace: 'models', model, task };
}

const targets = [toTarget('m', 0), toTarget('m', 1), toTarget('n', 0)];

interface Totals {
  bad: number;
  all: number;
}

/** A process that counts; what it counted is over for everybody once it ends. */
class Replica {
  readonly ledger: Ledger;
  readonly skew: number;
  /** All that it ever counted, by what it is about. */
  readonly counted = new Map<string, Totals>();

  constructor(id: string, skew: number) {
    this.ledger = new Ledger(id, () => true);
    this.skew = skew;
  }

  count(target: (typeof targets)[number], isBad: boolean, now: number): void {
    const counts = [{ check: check.code, bad: isBad ? 1 : 0, all: 1 }];
    this.ledger.add(target, { end: { is: 'compared', result: isBad ? 'disagree' : 'agree' }, counts }, now + this.skew);
    const totals = this.counted.get(target.key) ?? { bad: 0, all: 0 };
    if (isBad) totals.bad++;
    totals.all++;
    this.counted.set(target.key, totals);
  }

  answer(after: string | undefined, now: number): BlockPage | undefined {
    return readPage(JSON.parse(JSON.stringify(this.ledger.read(after, now + this.skew))));
  }
}

class Watcher {
  readonly tallies = new Tallies();
  readonly readers = new Map<string, PageReader>();
  readonly skew: number;
  /** Pages that were asked for and have not arrived. */
  delayed: { readonly address: string; readonly page: BlockPage }[] = [];

  constructor(skew: number) {
    this.skew = skew;
  }

  toReader(address: string): PageReader {
    const reader = this.readers.get(address) ?? new PageReader();
    this.readers.set(address, reader);
    return reader;
  }

  take(address: string, page: BlockPage, now: number): void {
    const part = this.toReader(address).read(page);
    if (part !== undefined) this.tallies.take(part, now + this.skew);
  }

  total({ key, model, task }: (typeof targets)[number], now: number): Totals & { readonly key: string } {
    const tally = this.tallies.find(`models/${model}`, task.subject);
    const [count] = sumUp(toPast(tally, [check.code], now + 60 * minute)).counts;
    return { key, bad: count?.bad ?? 0, all: count?.all ?? 0 };
  }
}

interface Troubles {
  /** Answers that arrive late, twice or not at all. */
  readonly isLossy: boolean;
  readonly replicasEnd: boolean;
}

/** Reads all that is there. */
function readWhole(watcher: Watcher, address: string, replica: Replica, now: number): void {
  for (;;) {
    const page = replica.answer(watcher.toReader(address).after, now);
    if (page === undefined) throw new Error('a page cannot be read');
    watcher.take(address, page, now);
    if (!page.hasMore) return;
  }
}

function play(seed: number, { isLossy, replicasEnd }: Troubles) {
  const random = toRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const toSkew = () => Math.round((random() * 2 - 1) * 30_000);
  let now = start;
  let runs = 0;
  const all: Replica[] = [];
  const begin = () => {
    const replica = new Replica(`r${runs++}`, toSkew());
    all.push(replica);
    return replica;
  };
  const running = [begin(), begin()];
  /** Which replica has an address: they move, and one may have two. */
  const places = new Map<string, number>([
    ['x', 0],
    ['y', 1],
    ['z', 1],
  ]);
  let watchers = [new Watcher(toSkew()), new Watcher(toSkew())];
  const problems: string[] = [];
  const toTruth = (key: string): Totals =>
    all.reduce(
      (sum, { counted }) => ({
        bad: sum.bad + (counted.get(key)?.bad ?? 0),
        all: sum.all + (counted.get(key)?.all ?? 0),
      }),
      { bad: 0, all: 0 },
    );
  const compare = (isWhole: boolean) => {
    for (const watcher of watchers)
      for (const target of targets) {
        const { bad, all: seen } = watcher.total(target, now);
        const truth = toTruth(target.key);
        const isRight = isWhole ? bad === truth.bad && seen === truth.all : bad <= truth.bad && seen <= truth.all;
        if (!isRight)
          problems.push(`seed ${seed}: ${bad}/${seen} of ${target.key}, in truth ${truth.bad}/${truth.all}`);
      }
  };
  for (let turn = 0; turn < 300; turn++) {
    now += Math.round(random() * 20_000);
    const step = pick([0, 0, 1]);
    for (const replica of running)
      for (let n = 0; n < 3; n++) replica.count(pick(targets.slice(step)), random() < 0.2, now);
    const watcher = pick(watchers);
    const address = pick([...places.keys()]);
    const replica = running[places.get(address) ?? 0] ?? begin();
    const page = replica.answer(watcher.toReader(address).after, now);
    if (page === undefined) throw new Error('a page cannot be read');
    const luck = isLossy ? random() : 1;
    if (luck > 0.5) watcher.take(address, page, now);
    if (luck > 0.5 && luck < 0.6) watcher.take(address, page, now);
    if (luck > 0.2 && luck < 0.5) watcher.delayed.push({ address, page });
    if (isLossy && watcher.delayed.length > 0 && random() < 0.3) {
      const [late] = watcher.delayed.splice(Math.floor(random() * watcher.delayed.length), 1);
      if (late !== undefined) watcher.take(late.address, late.page, now);
    }
    if (random() < 0.02) watchers = watchers.map((one) => (one === watcher ? new Watcher(toSkew()) : one));
    if (replicasEnd && random() < 0.02) running[Math.floor(random() * 2)] = begin();
    // A replica that nobody can reach for a quarter of an hour is lost coverage.
    if (random() < 0.05) places.set(isLossy ? address : 'z', Math.floor(random() * 2));
    compare(false);
  }
  // Everything has ended, and everybody reads all of it.
  now += 2 * minute;
  for (const watcher of watchers)
    for (const [i, replica] of running.entries()) readWhole(watcher, `last-${i}`, replica, now);
  compare(!replicasEnd && !isLossy);
  return { problems, minutes: (now - start) / minute };
}

const isFine = (troubles: Troubles) => (seed: number) => {
  const { problems } = play(seed, troubles);
  if (problems.length > 0) throw new Error(problems[0]);
};

test('whatever order pages are read in, by watchers that start again, nothing is lost or counts twice', (t) => {
  t.notThrows(() =>
    fc.assert(fc.property(fc.integer(), isFine({ isLossy: false, replicasEnd: false })), { numRuns: times(1000, 25) }),
  );
});

test('with answers that are lost, late or repeated, and replicas that end, it is never more than the truth', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.integer(), fc.boolean(), (seed, replicasEnd) => isFine({ isLossy: true, replicasEnd })(seed)),
      { numRuns: times(1000, 25) },
    ),
  );
  t.notThrows(() =>
    fc.assert(fc.property(fc.integer(), isFine({ isLossy: false, replicasEnd: true })), { numRuns: times(300, 10) }),
  );
});

test('of what is not judged any more one sum is kept for a day, and no minutes: policies that change leave little behind', (t) => {
  const [old, now] = [targets[0], targets[1]].map((target) => {
    const { subject } = (target as (typeof targets)[number]).task;
    return Array.from({ length: 15 }, (_, nth) => ({
      start: start + nth * minute,
      end: start + (nth + 1) * minute,
      namespace: 'models',
      model: 'm',
      subject,
      counts: [{ check: check.code, bad: 1, all: 10 }],
      coverage: { received: 10, compared: 10, dropped: {}, unknown: {} },
    }));
  });
  const [[gone], [judged]] = [old ?? [], now ?? []];
  if (gone === undefined || judged === undefined) throw new Error('there are blocks');
  const tallies = new Tallies();
  tallies.take({ replica: 'a', sums: [], first: 1, blocks: [...(old ?? []), ...(now ?? [])] }, judged.end);
  const isJudged = (_: string, { step }: { readonly step: number }) => step === judged.subject.step;
  tallies.forget(start + 60 * minute, isJudged);
  t.is(tallies.find('models/m', judged.subject)?.minutes.length, 15);
  const kept = tallies.find('models/m', gone.subject);
  t.is(kept?.minutes.length, 0);
  t.like(sumUp(toPast(kept, [check.code], start + 60 * minute)).counts[0], { bad: 15, all: 150 });
  tallies.forget(start + 25 * 60 * minute, isJudged);
  t.is(tallies.find('models/m', gone.subject), undefined);
  t.not(tallies.find('models/m', judged.subject), undefined);
});
