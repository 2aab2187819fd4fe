/**
 * The commits that this watcher has read or made, with what each left of the models that it touched. Its clone has no
 * history, and people want to know what has just happened.
 *
 * Invariant: memory grows with changes alone, and not beyond a bound.
 */
import type { CommitHead } from '../core/ports/watch.ts';
import type { TimelineCommit } from '../core/timeline/points.ts';
import type { ModelTexts } from './model-texts.ts';

/** A model as a commit left it. */
export interface RememberedPoint {
  readonly commit: TimelineCommit;
  readonly texts: ModelTexts;
}

export interface TouchingCommit {
  readonly id: string;
  readonly head: CommitHead;
  /** Whether it changed only the model's status file. */
  readonly isStatusOnly: boolean;
}

/** Each is rendered when somebody looks, in about a millisecond. */
const mostPerModel = 30;
/** Mostly references to texts that are kept anyway. */
const mostPoints = 20_000;

export class CommitMemory {
  /** By the model's file, those that were touched last at the end. */
  readonly #points = new Map<string, readonly RememberedPoint[]>();
  #count = 0;
  /** When the first commit was read, and its id. */
  #start: { readonly id: string; readonly time: number } | undefined;

  begin(id: string, time: number): void {
    this.#start ??= { id, time };
  }

  /** @param before undefined: there was no such model. */
  note(
    file: string,
    before: ModelTexts | undefined,
    after: ModelTexts,
    { id, head, isStatusOnly }: TouchingCommit,
  ): void {
    const known = this.#points.get(file) ?? (before === undefined ? [] : this.#toStart(before));
    const points = [...known, { commit: { id, mergedBy: undefined, isStatusOnly, ...head }, texts: after }];
    const kept = points.length > mostPerModel ? toCut(points.slice(-mostPerModel)) : points;
    this.#count += kept.length - (this.#points.get(file)?.length ?? 0);
    this.#points.delete(file);
    this.#points.set(file, kept);
    for (const [oldest, its] of this.#points) {
      if (this.#count <= mostPoints) break;
      this.#points.delete(oldest);
      this.#count -= its.length;
    }
  }

  /** @returns the oldest first; never empty. @param now what the model is. */
  find(file: string, now: ModelTexts): readonly RememberedPoint[] {
    return this.#points.get(file) ?? this.#toStart(now);
  }

  #toStart(texts: ModelTexts): readonly RememberedPoint[] {
    const { id, time } = this.#start ?? { id: '', time: 0 };
    return toCut([{ commit: { id, author: '', mergedBy: undefined, time, subject: '', isStatusOnly: false }, texts }]);
  }
}

/** Who made what is there at the beginning is not known. */
function toCut([first, ...rest]: readonly RememberedPoint[]): readonly RememberedPoint[] {
  return first === undefined ? [] : [{ ...first, commit: { ...first.commit, author: undefined } }, ...rest];
}
