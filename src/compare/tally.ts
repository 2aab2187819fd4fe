/** What became of every copy: counted in blocks for whoever judges, in metrics, and with the last disagreements. */
import type { BlockPage } from '../core/analysis/block.ts';
import type { CompareMeter, DropReason, ModelName } from '../core/ports/compare.ts';
import type { Clock } from '../core/ports/watch.ts';
import type { Counted } from './count-pair.ts';
import type { Example } from './examples.ts';
import { Examples } from './examples.ts';
import { Ledger } from './ledger.ts';
import type { Target } from './target.ts';

export class Tally {
  readonly #clock: Clock;
  readonly #meter: CompareMeter;
  readonly #ledger: Ledger;
  readonly #examples = new Examples();

  /**
   * @param replica of this run of this process alone.
   * @param isCompared whether more may be counted under a target's key.
   */
  constructor(
    replica: string,
    isCompared: (key: string, model: ModelName) => boolean,
    { clock, meter }: { readonly clock: Clock; readonly meter: CompareMeter },
  ) {
    this.#clock = clock;
    this.#meter = meter;
    this.#ledger = new Ledger(replica, isCompared);
  }

  get examples(): readonly Example[] {
    return this.#examples.all;
  }

  /** @param after what a page before named as next; undefined: from the start. */
  read(after: string | undefined): BlockPage {
    return this.#ledger.read(after, this.#epochMs);
  }

  /** @param model as its namespace and name, with a slash between. */
  forgetExamples(model: string): void {
    this.#examples.forget(model);
  }

  drop(target: Target, reason: DropReason): void {
    this.count(target, { end: { is: 'dropped', reason }, counts: [] }, 0);
  }

  /** @param overheadMs what comparing took beside the versions' own time, in milliseconds. */
  count(target: Target, counted: Counted, overheadMs: number): void {
    const { end, example } = counted;
    this.#ledger.add(target, counted, this.#epochMs);
    if (example !== undefined) this.#examples.add(target, example, this.#clock.date());
    if (end.is === 'compared') this.#meter.compared(target, end.result, overheadMs);
    else if (end.is === 'unknown') this.#meter.unknown(target, end.reason);
    else this.#meter.dropped(target, end.reason);
  }

  get #epochMs(): number {
    return this.#clock.date() * 1000;
  }
}
