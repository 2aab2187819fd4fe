/**
 * The counts of this replica in blocks. One that has ended is published and never changes; one that holds anything bad
 * ends early, as a candidate that fails must not wait for the minute.
 */
import type { Block, CheckCount, Coverage } from '../core/analysis/block.ts';
import type { AnalysisSubject } from '../core/input/verdict-schema.ts';
import type { ModelName } from '../core/ports/compare.ts';
import type { Counted } from './count-pair.ts';
import type { Target } from './target.ts';

const minuteMs = 60_000;
const badMs = 5000;
/** Whoever adds blocks up may be away so long without missing any. */
const keptMs = 15 * minuteMs;

/** What is counted. */
type Counting = Pick<Target, 'key' | 'namespace' | 'model' | 'task'>;

interface Open extends ModelName {
  readonly start: number;
  readonly subject: AnalysisSubject;
  readonly counts: Map<string, CheckCount>;
  readonly coverage: {
    received: number;
    compared: number;
    readonly dropped: Record<string, number>;
    readonly unknown: Record<string, number>;
  };
  hasBad: boolean;
}

export class Ledger {
  readonly #replica: string;
  /** By what they are about. */
  readonly #open = new Map<string, Open>();
  /** When the last block of each ended, as long as that is the same minute. */
  readonly #ends = new Map<string, number>();
  #published: Block[] = [];
  #count = 0;
  /** In milliseconds since the epoch: clocks are set back at times, and blocks must not overlap. */
  #now = 0;

  /** @param replica of this run alone. */
  constructor(replica: string) {
    this.#replica = replica;
  }

  /** @param now in milliseconds since the epoch. */
  add(target: Counting, { end, counts }: Pick<Counted, 'end' | 'counts'>, now: number): void {
    this.#goTo(now);
    const block = this.#find(target);
    const { coverage } = block;
    coverage.received++;
    if (end.is === 'compared') coverage.compared++;
    else coverage[end.is][end.reason] = (coverage[end.is][end.reason] ?? 0) + 1;
    for (const count of counts) {
      block.counts.set(count.check, sum(block.counts.get(count.check), count));
      if (count.bad > 0) block.hasBad = true;
    }
  }

  /** All blocks that have ended, in their order. @param now in milliseconds since the epoch. */
  publish(now: number): readonly Block[] {
    this.#goTo(now);
    for (const [key, block] of this.#open) if (toEnd(block) <= this.#now) this.#end(key, block);
    this.#published = this.#published.filter(({ end }) => end > this.#now - keptMs);
    for (const [key, end] of this.#ends) if (toMinute(end) < toMinute(this.#now)) this.#ends.delete(key);
    return this.#published;
  }

  /** A clock that was far ahead is put right: until it was there again, nothing would be published. */
  #goTo(now: number): void {
    if (now < this.#now - keptMs) {
      for (const [key, block] of this.#open) this.#end(key, block);
      this.#ends.clear();
      this.#now = now;
    }
    this.#now = Math.max(this.#now, now);
  }

  #find({ key, namespace, model, task }: Counting): Open {
    const known = this.#open.get(key);
    if (known !== undefined && toEnd(known) > this.#now) return known;
    if (known !== undefined) this.#end(key, known);
    const block: Open = {
      namespace,
      model,
      subject: task.subject,
      start: Math.max(toMinute(this.#now), this.#ends.get(key) ?? 0),
      counts: new Map(),
      coverage: { received: 0, compared: 0, dropped: {}, unknown: {} },
      hasBad: false,
    };
    this.#open.set(key, block);
    return block;
  }

  #end(key: string, { namespace, model, subject, start, counts, coverage }: Open): void {
    const end = Math.min(this.#now, toMinute(start) + minuteMs);
    this.#open.delete(key);
    this.#ends.set(key, end);
    this.#published.push({
      id: `${this.#replica}-${++this.#count}`,
      replica: this.#replica,
      start,
      end,
      namespace,
      model,
      subject,
      counts: [...counts.values()],
      coverage: coverage satisfies Coverage,
    });
  }
}

const toMinute = (ms: number) => Math.floor(ms / minuteMs) * minuteMs;

/** When a block ends at the latest; one with anything bad as soon as somebody looks. */
function toEnd({ start, hasBad }: Open): number {
  const minute = toMinute(start) + minuteMs;
  return hasBad ? Math.min(minute, start + badMs) : minute;
}

function sum(one: CheckCount | undefined, other: CheckCount): CheckCount {
  const noiseAll = (one?.noiseAll ?? 0) + (other.noiseAll ?? 0);
  return {
    check: other.check,
    bad: (one?.bad ?? 0) + other.bad,
    all: (one?.all ?? 0) + other.all,
    ...(noiseAll > 0 && { noiseBad: (one?.noiseBad ?? 0) + (other.noiseBad ?? 0), noiseAll }),
  };
}
