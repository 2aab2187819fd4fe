/**
 * The counts of this replica in blocks. One that has ended is published and never changes; one that holds anything bad
 * ends early, as a candidate that fails must not wait for the minute. What is older than 15 minutes is one sum per subject.
 *
 * Whoever reads goes from page to page by a cursor. Nothing is remembered of readers, so that any number of them may begin, stop
 * and repeat a page as they like.
 */
import type { Block, BlockPage, BlockSum } from '../core/analysis/block.ts';
import type { ModelName } from '../core/ports/compare.ts';
import type { Counted } from './count-pair.ts';
import { readCursor, toBlockCursor, toSumCursor } from './cursor.ts';
import { Running } from './running.ts';
import type { Target } from './target.ts';

const minuteMs = 60_000;
const badMs = 5000;
/** Whoever adds blocks up may be away so long without missing any. */
const keptMs = 15 * minuteMs;
/** So many take 100 MB: with more, sums begin with younger ones. */
const mostPublished = 160_000;
/** Of a page; also how many blocks end at once, so that answering holds up no comparison. */
const mostItems = 500;
/** For so long the sum of a subject stays after its last count, if it is not compared any more. */
const sumMs = 24 * 60 * minuteMs;
/** With more sums than this, an hour. */
const manySums = 30_000;
/** Never more than this, which take 60 MB: the oldest go first, of what is compared no more before all others. */
const mostSums = 60_000;

/** What is counted. */
type Counting = Pick<Target, 'key' | 'namespace' | 'model' | 'task'>;

type IsCompared = (key: string, model: ModelName) => boolean;

interface Open {
  readonly start: number;
  readonly running: Running;
}

interface Published {
  readonly key: string;
  readonly block: Block;
  /** By this ledger's clock. */
  at: number;
}

export class Ledger {
  readonly #replica: string;
  readonly #isCompared: IsCompared;
  /** By what they are about. */
  readonly #open = new Map<string, Open>();
  /** When the last block of each ended, as long as that is the same minute. */
  readonly #ends = new Map<string, number>();
  /** Those after the first `#dropped`, in the order of their numbers. */
  #published: Published[] = [];
  #dropped = 0;
  /** How many blocks are part of the sums. The last of them are still published, for whoever has read the sums without them. */
  #folded = 0;
  readonly #sums = new Map<string, Running>();
  /** Sums changed so many times: who reads them page by page must begin again. */
  #folds = 0;
  #foldedAt = 0;
  /** In milliseconds since the epoch: clocks are set back at times, and blocks must not overlap. */
  #now = 0;

  /**
   * @param replica of this run alone.
   * @param isCompared whether more may be counted of what a sum is about.
   */
  constructor(replica: string, isCompared: IsCompared) {
    this.#replica = replica;
    this.#isCompared = isCompared;
  }

  /** @param now in milliseconds since the epoch. */
  add(target: Counting, counted: Pick<Counted, 'end' | 'counts'>, now: number): void {
    this.#goTo(now);
    this.#find(target).running.count(counted);
    // Nobody may ever read.
    if (this.#isFoldDue) {
      this.#endDue();
      this.#fold();
    }
  }

  /**
   * @param after a cursor of an earlier page; one that this replica does not know is as if there was none: reading starts.
   * @param now in milliseconds since the epoch.
   */
  read(after: string | undefined, now: number): BlockPage {
    this.#goTo(now);
    const areMoreDue = this.#endDue();
    this.#fold();
    const cursor = readCursor(after, { replica: this.#replica, folds: this.#folds, count: this.#count });
    if (cursor.at === 'blocks') return this.#toPage([], cursor.after, mostItems, areMoreDue);
    const sums = [...this.#sums.values()].slice(cursor.after, cursor.after + mostItems);
    const isStart = cursor.after === 0;
    const read = cursor.after + sums.length;
    if (read < this.#sums.size)
      return {
        ...this.#toPage(sums.map(toBlock), this.#folded, 0, true),
        isStart,
        hasMoreSums: true,
        next: toSumCursor(this.#replica, this.#folds, read),
      };
    return { ...this.#toPage(sums.map(toBlock), this.#folded, mostItems - sums.length, areMoreDue), isStart };
  }

  get #count(): number {
    return this.#dropped + this.#published.length;
  }

  get #isFoldDue(): boolean {
    return this.#now >= this.#foldedAt + minuteMs;
  }

  #toPage(sums: readonly BlockSum[], after: number, most: number, areMoreDue: boolean): BlockPage {
    const from = Math.max(0, after - this.#dropped);
    const blocks = this.#published.slice(from, from + most).map(({ block }) => block);
    const last = this.#dropped + from + blocks.length;
    return {
      replica: this.#replica,
      isStart: false,
      sums,
      hasMoreSums: false,
      first: this.#dropped + from + 1,
      blocks,
      next: toBlockCursor(this.#replica, last),
      hasMore: areMoreDue || last < this.#count,
    };
  }

  /** @returns whether more blocks should have ended by now. */
  #endDue(): boolean {
    let ended = 0;
    for (const [key, open] of this.#open) {
      if (toEnd(open) > this.#now) continue;
      if (ended === mostItems) return true;
      this.#end(key, open);
      ended++;
    }
    for (const [key, end] of this.#ends) if (toMinute(end) < toMinute(this.#now)) this.#ends.delete(key);
    return false;
  }

  /** Once a minute: what is too old becomes part of the sums, and is dropped a minute later. */
  #fold(): void {
    if (!this.#isFoldDue) return;
    this.#foldedAt = this.#now;
    this.#published.splice(0, this.#folded - this.#dropped);
    this.#dropped = this.#folded;
    const excess = this.#published.length - mostPublished;
    for (const [i, { key, block, at }] of this.#published.entries()) {
      if (at > this.#now - keptMs && i >= excess) break;
      const sum = this.#sums.get(key) ?? new Running(block);
      this.#sums.set(key, sum);
      sum.addBlock(block);
      this.#folded++;
    }
    const oldest = this.#now - (this.#sums.size > manySums ? 60 * minuteMs : sumMs);
    for (const [key, sum] of this.#sums) if (sum.end < oldest && !this.#isCompared(key, sum)) this.#sums.delete(key);
    this.#dropExcess();
    this.#folds++;
  }

  #dropExcess(): void {
    if (this.#sums.size <= mostSums) return;
    const all = [...this.#sums].map(([key, sum]) => ({ key, end: sum.end, isCompared: this.#isCompared(key, sum) }));
    all.sort((a, b) => Number(a.isCompared) - Number(b.isCompared) || a.end - b.end);
    for (const { key } of all.slice(0, all.length - mostSums)) this.#sums.delete(key);
  }

  /** A clock that was far ahead is put right: until it was there again, nothing would be published. */
  #goTo(now: number): void {
    if (now < this.#now - keptMs) {
      for (const [key, open] of this.#open) this.#end(key, open);
      this.#ends.clear();
      this.#now = now;
      this.#foldedAt = 0;
      for (const published of this.#published) published.at = Math.min(published.at, now);
    }
    this.#now = Math.max(this.#now, now);
  }

  #find({ key, namespace, model, task }: Counting): Open {
    const known = this.#open.get(key);
    if (known !== undefined && toEnd(known) > this.#now) return known;
    if (known !== undefined) this.#end(key, known);
    const start = Math.max(toMinute(this.#now), this.#ends.get(key) ?? 0);
    const open = { start, running: new Running({ namespace, model, subject: task.subject, start, end: start }) };
    this.#open.set(key, open);
    return open;
  }

  #end(key: string, { start, running }: Open): void {
    const end = Math.min(this.#now, toMinute(start) + minuteMs);
    this.#open.delete(key);
    this.#ends.set(key, end);
    this.#published.push({ key, block: { ...toBlock(running), end }, at: this.#now });
  }
}

const toMinute = (ms: number) => Math.floor(ms / minuteMs) * minuteMs;

/** When a block ends at the latest; one with anything bad as soon as somebody looks. */
function toEnd({ start, running }: Open): number {
  const minute = toMinute(start) + minuteMs;
  return running.hasBad ? Math.min(minute, start + badMs) : minute;
}

function toBlock({ start, end, namespace, model, subject, counts, coverage }: Running): Block {
  return { start, end, namespace, model, subject, counts: [...counts.values()], coverage };
}
