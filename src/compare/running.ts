import type { Block, CheckCount } from '../core/analysis/block.ts';
import type { Counted } from './count-pair.ts';

type Reasons = Record<string, number>;

/** Counts of one subject to which more are added. */
export class Running {
  readonly namespace: string;
  readonly model: string;
  readonly subject: Block['subject'];
  start: number;
  end: number;
  readonly counts = new Map<string, CheckCount>();
  readonly coverage = { received: 0, compared: 0, dropped: {} as Reasons, unknown: {} as Reasons };
  hasBad = false;

  constructor({
    namespace,
    model,
    subject,
    start,
    end,
  }: Pick<Block, 'namespace' | 'model' | 'subject' | 'start' | 'end'>) {
    this.namespace = namespace;
    this.model = model;
    this.subject = subject;
    this.start = start;
    this.end = end;
  }

  /** What became of one copy. */
  count({ end, counts }: Pick<Counted, 'end' | 'counts'>): void {
    const { coverage } = this;
    coverage.received++;
    if (end.is === 'compared') coverage.compared++;
    else add(coverage[end.is], end.reason, 1);
    this.#addCounts(counts);
  }

  addBlock({ start, end, counts, coverage }: Block): void {
    this.start = Math.min(this.start, start);
    this.end = Math.max(this.end, end);
    this.coverage.received += coverage.received;
    this.coverage.compared += coverage.compared;
    for (const is of ['dropped', 'unknown'] as const)
      for (const [reason, number] of Object.entries(coverage[is])) add(this.coverage[is], reason, number);
    this.#addCounts(counts);
  }

  #addCounts(counts: readonly CheckCount[]): void {
    for (const count of counts) {
      this.counts.set(count.check, sum(this.counts.get(count.check), count));
      if (count.bad > 0) this.hasBad = true;
    }
  }
}

function add(reasons: Reasons, reason: string, number: number): void {
  reasons[reason] = (reasons[reason] ?? 0) + number;
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
