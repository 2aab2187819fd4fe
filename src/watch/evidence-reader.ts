/**
 * Asks the comparer's replicas again and again for what they have counted, as long as there is a model to judge.
 *
 * Invariant: what cannot be read is lost coverage and never a verdict; nothing here can stop the watcher.
 */
import type { Block } from '../core/analysis/block.ts';
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import type { Evidence } from '../core/observe/judged-candidate.ts';
import { toKey } from '../core/observe/live-object.ts';
import type { EvidenceSource } from '../core/ports/evidence.ts';
import type { Clock, Log } from '../core/ports/watch.ts';

/** A candidate of which everything fails is closed within 15 s: five of them for the replicas' blocks, five for this. */
const pauseMs = 5000;

interface Options {
  readonly source: EvidenceSource;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether any model is judged. */
  readonly isNeeded: () => boolean;
  /** Called after each round. @param changed the models, by their keys, of which there is something new. */
  readonly take: (evidence: Evidence, changed: readonly string[]) => void;
}

export async function readEvidence({ source, clock, log, isNeeded, take }: Options, stop: AbortSignal): Promise<void> {
  let known = new Map<string, readonly Block[]>();
  let answeredAt: number | undefined;
  let said: SafeText | undefined;
  while (!stop.aborted) {
    if (isNeeded()) {
      const askedAt = clock.date() * 1000;
      const { blocks, replicas, troubles } = await source.read(stop);
      if (replicas > 0) answeredAt = askedAt;
      // Clocks are put back at times: that must not hide that none answers.
      else if (answeredAt !== undefined) answeredAt = Math.min(answeredAt, askedAt);
      const before = known;
      known = groupByModel(blocks);
      const changed = [...known].flatMap(([key, own]) => (hasNew(own, before.get(key)) ? key : []));
      take({ blocks: known, askedAt, answeredAt }, changed);
      const [trouble] = troubles;
      if (trouble !== undefined && trouble !== said) log.warn(trouble);
      said = trouble;
    }
    await clock.sleep(pauseMs, stop);
  }
}

function groupByModel(blocks: readonly Block[]): Map<string, readonly Block[]> {
  return Map.groupBy(blocks, ({ namespace, model }) => toKey({ namespace, name: model }));
}

function hasNew(blocks: readonly Block[], before: readonly Block[] = []): boolean {
  const ids = new Set(before.map(({ id }) => id));
  return blocks.some(({ id }) => !ids.has(id));
}
