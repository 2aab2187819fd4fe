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
/** Of all texts, each counted once, in characters: whoever may push can push large files again and again. */
const mostCharacters = 64 * 1024 * 1024;

export class CommitMemory {
  /** By the model's file, those that were touched last at the end. */
  readonly #points = new Map<string, readonly RememberedPoint[]>();
  #count = 0;
  /** How many points have a text. */
  readonly #uses = new Map<string, number>();
  #characters = 0;
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
    this.#forget(file);
    this.#points.set(file, kept);
    this.#count += kept.length;
    for (const text of listTexts(kept)) {
      const uses = this.#uses.get(text) ?? 0;
      if (uses === 0) this.#characters += text.length;
      this.#uses.set(text, uses + 1);
    }
    for (const oldest of this.#points.keys()) {
      if (this.#count <= mostPoints && this.#characters <= mostCharacters) break;
      this.#forget(oldest);
    }
  }

  #forget(file: string): void {
    const points = this.#points.get(file) ?? [];
    this.#points.delete(file);
    this.#count -= points.length;
    for (const text of listTexts(points)) {
      const uses = (this.#uses.get(text) ?? 0) - 1;
      if (uses > 0) this.#uses.set(text, uses);
      else {
        this.#uses.delete(text);
        this.#characters -= text.length;
      }
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

function* listTexts(points: readonly RememberedPoint[]): Iterable<string> {
  for (const { texts } of points) for (const text of texts.files.values()) if (typeof text === 'string') yield text;
}

/** Who made what is there at the beginning is not known. */
function toCut([first, ...rest]: readonly RememberedPoint[]): readonly RememberedPoint[] {
  return first === undefined ? [] : [{ ...first, commit: { ...first.commit, author: undefined } }, ...rest];
}
