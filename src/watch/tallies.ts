/**
 * What replicas of the comparer have counted, added up.
 *
 * Invariant: no block counts twice, whichever way it arrives. Blocks of a replica have numbers, and of each replica it is known up
 * to which number everything was taken. What a replica has added up itself counts only if nothing was taken from it before.
 */
import type { Block, BlockSum } from '../core/analysis/block.ts';
import { isSameSubject } from '../core/analysis/subject.ts';
import { addBlock, addBlockSum, beginTally, settleTally, type Tally } from '../core/analysis/tally.ts';
import type { AnalysisSubject } from '../core/input/verdict-schema.ts';
import { toKey } from '../core/observe/live-object.ts';
import type { ReplicaPart } from '../core/ports/evidence.ts';

/** Of one model: each step of a ramp is another. */
const mostSubjects = 16;
const mostModels = 100_000;
/** Of runs of replicas, most of which are over: a number each. */
const mostReplicas = 100_000;
/** For so long counts are kept of what is not judged: a mirror that people have closed for a night may open again. */
const keptMs = 24 * 3_600_000;

export class Tallies {
  /** By model. */
  readonly #tallies = new Map<string, readonly Tally[]>();
  /** The number of the last block of each replica that was taken; the one that was heard of last is the last here. */
  readonly #taken = new Map<string, number>();

  /**
   * @param now in ms since the epoch.
   * @returns the models, by their keys, of which there is something new.
   */
  take({ replica, sums, first, blocks }: ReplicaPart, now: number): ReadonlySet<string> {
    const changed = new Set<string>();
    const known = this.#taken.get(replica);
    if (known === undefined) for (const sum of sums ?? []) changed.add(this.#add(sum, addBlockSum));
    const after = known ?? first - 1;
    for (const [i, block] of blocks.entries())
      if (block !== undefined && first + i > after)
        changed.add(this.#add(block, (tally) => addBlock(tally, block, now)));
    this.#taken.delete(replica);
    this.#taken.set(replica, Math.max(after, first + blocks.length - 1));
    for (const oldest of this.#taken.keys()) {
      if (this.#taken.size <= mostReplicas) break;
      this.#taken.delete(oldest);
    }
    return changed;
  }

  /** @param key the model's. */
  find(key: string, subject: AnalysisSubject): Tally | undefined {
    return this.#tallies.get(key)?.find((tally) => isSameSubject(tally.subject, subject));
  }

  /** Forgets what nothing was counted of for a day, and before that its minutes. @param isJudged those stay as they are. */
  forget(now: number, isJudged: (key: string, subject: AnalysisSubject) => boolean): void {
    for (const [key, tallies] of this.#tallies) {
      const kept = tallies.flatMap((tally) => {
        if (isJudged(key, tally.subject)) return tally;
        return tally.end > now - keptMs ? settleTally(tally, now) : [];
      });
      if (kept.length > 0) this.#tallies.set(key, kept);
      else this.#tallies.delete(key);
    }
  }

  /** @returns the model's key. */
  #add<T extends Block | BlockSum>(counted: T, add: (tally: Tally, counted: T) => Tally): string {
    const { namespace, model, subject } = counted;
    const key = toKey({ namespace, name: model });
    const tallies = this.#tallies.get(key);
    if (tallies === undefined && this.#tallies.size >= mostModels) return key;
    const known = tallies?.find((tally) => isSameSubject(tally.subject, subject));
    const others = tallies?.filter((tally) => tally !== known) ?? [];
    if (others.length >= mostSubjects) others.splice(findOldest(others), 1);
    this.#tallies.set(key, [add(known ?? beginTally(subject), counted), ...others]);
    return key;
  }
}

function findOldest(tallies: readonly Tally[]): number {
  const end = Math.min(...tallies.map((tally) => tally.end));
  return tallies.findIndex((tally) => tally.end === end);
}
