/**
 * Two watchers read two replicas. All four clocks are up to 30 s off, each watcher reads when it likes, replicas start late
 * or are lost, watchers start again. Git is what they share: what is pushed first stands.
 */
import test from 'ava';
import type { Block } from '../../../src/core/analysis/block.ts';
import { type Judging, judge } from '../../../src/core/analysis/judge.ts';
import { addBlock, beginTally } from '../../../src/core/analysis/tally.ts';
import { verify } from '../../../src/core/analysis/verify.ts';
import type { Decided } from '../../../src/core/input/verdict-schema.ts';
import { toBinomial, toRandom } from '../../statistics/random.ts';
import { times } from '../../thorough.ts';
import { look, minute, since, subject, toBlock, toErrors } from './analysis-examples.ts';

const decisions = times(1000, 100);
const skewMs = 30_000;

interface Replica {
  readonly name: string;
  /** What its clock is ahead. */
  readonly skew: number;
  readonly blocks: readonly Block[];
  /** In true time. */
  readonly from: number;
  readonly until: number;
}

class Watcher {
  judging: Judging | undefined;
  next: number;
  #tally = beginTally(subject);
  /** How many blocks of each replica were added. */
  readonly #taken = new Map<string, number>();
  readonly skew: number;
  readonly everyMs: number;

  constructor(random: () => number) {
    this.skew = (random() * 2 - 1) * skewMs;
    this.everyMs = 5000 + random() * 55_000;
    this.next = since + random() * this.everyMs;
  }

  /** @returns its verdict at a true time, if it is decided */
  look(time: number, replicas: readonly Replica[], decided: Decided | undefined): Decided | undefined {
    const now = time + this.skew;
    for (const replica of replicas) {
      if (time >= replica.until) continue;
      const published = toPublished(replica, time);
      for (const block of published.slice(this.#taken.get(replica.name) ?? 0))
        this.#tally = addBlock(this.#tally, block, now);
      this.#taken.set(replica.name, published.length);
    }
    this.judging = judge(this.judging, { ...look, now, answeredAt: now, tally: this.#tally, decided }).judging;
    this.next = time + this.everyMs;
    return this.judging.decided;
  }

  /** It knows nothing any more. */
  restart(): void {
    this.judging = undefined;
    this.#tally = beginTally(subject);
    this.#taken.clear();
  }
}

/** What has ended by the replica's own clock. */
function toPublished({ blocks, skew }: Replica, time: number): readonly Block[] {
  const clock = time + skew;
  return blocks.filter(({ end }) => end <= clock);
}

function toReplica(name: string, rate: number, calls: number, minutes: number, random: () => number): Replica {
  const blocks: Block[] = [];
  for (let nth = 0; nth < minutes; nth++) {
    const bad = toBinomial(calls, rate, random);
    if (bad === 0) {
      blocks.push(toBlock(nth, toErrors(0, calls)));
      continue;
    }
    // One that ended early, and the rest of the minute.
    const start = since + nth * minute;
    const middle = start + 5000 + Math.floor(random() * 54_000);
    const some = Math.min(calls, bad + Math.floor((calls * (middle - start)) / minute));
    blocks.push(toBlock(nth, toErrors(bad, some), { end: middle }));
    blocks.push(toBlock(nth, toErrors(0, calls - some), { start: middle }));
  }
  return { name, skew: (random() * 2 - 1) * skewMs, blocks, from: since, until: Number.POSITIVE_INFINITY };
}

const toRate = (random: () => number) => [0, 0.001, 0.004, 0.02, 0.03, 0.1][Math.floor(random() * 6)] ?? 0;

/** The order of looks in true time, until somebody has decided or time is over. */
function play(seed: number, { isTroubled }: { isTroubled: boolean }) {
  const random = toRandom(seed);
  const rate = toRate(random);
  const replicas = ['a', 'b']
    .map((name) => toReplica(name, rate, 60, 60, random))
    .map((replica) => {
      if (!isTroubled || random() < 0.5) return replica;
      return { ...replica, until: since + random() * 30 * minute };
    });
  const watchers = [new Watcher(random), new Watcher(random)];
  return { random, replicas, watchers };
}

test('two watchers that see the same blocks decide the same, in equal bytes', (t) => {
  const found = new Map<string, number>();
  for (let seed = 1; seed <= decisions; seed++) {
    const { replicas, watchers } = play(seed, { isTroubled: false });
    const decided = watchers.map((watcher) => {
      for (let time = watcher.next; time < since + 65 * minute; time = watcher.next) {
        const own = watcher.look(time, replicas, undefined);
        if (own !== undefined) return own;
      }
      return undefined;
    });
    const kinds = decided.map((own) => (own === undefined ? 'none' : `${own.verdict} ${own.by}`));
    // The brake is there for who looks first: only that it closes is the same for both.
    if (kinds.includes('Failing brake'))
      t.deepEqual(
        decided.map((own) => own?.verdict),
        ['Failing', 'Failing'],
        `${seed}`,
      );
    else t.deepEqual(decided[0], decided[1], `seed ${seed}`);
    found.set(kinds.join(), (found.get(kinds.join()) ?? 0) + 1);
  }
  for (const kind of ['Passing sequence', 'Failing sequence', 'Failing brake'])
    t.true((found.get(`${kind},${kind}`) ?? 0) > decisions / 50, `${kind}: ${JSON.stringify([...found])}`);
});

test('with replicas that are lost and watchers that start again, there is one commit per decision', (t) => {
  let decided = 0;
  for (let seed = 1; seed <= decisions; seed++) {
    const { random, replicas, watchers } = play(seed, { isTroubled: true });
    let git: Decided | undefined;
    const commits: Decided[] = [];
    for (let time = since; time < since + 65 * minute; ) {
      const [watcher] = watchers.toSorted((one, other) => one.next - other.next);
      if (watcher === undefined) return t.fail();
      time = watcher.next;
      if (random() < 0.02) watcher.restart();
      const own = watcher.look(time, replicas, git);
      // A push that is not the first is refused: its watcher has read git again by the next look.
      if (own === undefined || JSON.stringify(own) === JSON.stringify(git)) continue;
      commits.push(own);
      git = own;
    }
    if (commits.length > 0) decided++;
    t.true(commits.length <= 2, `seed ${seed}: ${commits.length} commits`);
    // The only verdict that is followed by another is Passing, by a brake.
    if (commits.length === 2)
      t.deepEqual(
        commits.map(({ verdict, by }) => `${verdict} ${by}`),
        ['Passing sequence', 'Failing brake'],
      );
    for (const commit of commits) t.deepEqual(verify(commit), []);
  }
  t.true(decided > decisions / 2);
});
