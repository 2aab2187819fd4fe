/**
 * The copies of one model: how many are at its primary, and which wait. Each model has its own, so that one that is slow or
 * hangs takes no places of the others.
 */
import type { Share } from './budget.ts';
import type { Calls } from './calls.ts';
import { Pace } from './pace.ts';
import type { Target } from './target.ts';

/** A whole copy. */
export interface Work {
  readonly target: Target;
  readonly calls: Calls;
  /** As the copy has it: whose it is at the end is looked up again. */
  readonly host: string;
  readonly body: Uint8Array;
  readonly share: Share;
  /** In milliseconds of the clock. */
  readonly since: number;
}

/** So many wait for a place: enough for a turn of the event loop in which several arrive. */
const maxWaiting = 8;
/** In milliseconds. Copies that wait longer for a place are dropped: later ones are as good. */
export const maxWaitMs = 2000;

export class Lane {
  readonly pace = new Pace();
  readonly waiting: Work[] = [];
  /** The last host that led here. */
  host = '';
  /** Calls in flight at the primary. */
  atPrimary = 0;
  /** Pairs under way, at whichever version. */
  pairs = 0;
  /** Whether somebody waits for the end of a pause. */
  isPausing = false;
  /** Of copies whose bodies arrive. */
  arriving = 0;

  /** Whether another copy would find a place in time. */
  hasPlace(now: number): boolean {
    const free = Math.max(0, this.pace.limit(now) - this.atPrimary);
    return this.waiting.length + this.arriving < maxWaiting + free;
  }

  canStart(now: number): boolean {
    return this.atPrimary < this.pace.limit(now);
  }

  get isIdle(): boolean {
    return this.pairs === 0 && this.waiting.length === 0 && this.arriving === 0;
  }
}
