/**
 * Asks the comparer's replicas again and again for what they have counted, as long as there is a model to judge.
 *
 * Invariant: what cannot be read is lost coverage and never a verdict; nothing here can stop the watcher.
 */
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import type { AnalysisSubject } from '../core/input/verdict-schema.ts';
import type { Evidence } from '../core/observe/judged-candidate.ts';
import type { EvidenceSource, Reading } from '../core/ports/evidence.ts';
import type { Clock, Log } from '../core/ports/watch.ts';
import { Tallies } from './tallies.ts';

/** A candidate of which everything fails is closed within 15 s: five of them for the replicas' blocks, five for this. */
const usualPauseMs = 5000;
const forgetMs = 60_000;

interface Options {
  readonly source: EvidenceSource;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether any model is judged. */
  readonly isNeeded: () => boolean;
  /** Whether a subject is. @param key the model's. */
  readonly isJudged: (key: string, subject: AnalysisSubject) => boolean;
  /**
   * Called after each round.
   *
   * @param changed the models, by their keys, of which there is something new.
   * @param reading who answered.
   */
  readonly take: (evidence: Evidence, changed: readonly string[], reading: Reading) => void;
  /** Between rounds; absent: five seconds. */
  readonly pauseMs?: number;
}

export async function readEvidence(
  { source, clock, log, isNeeded, isJudged, take, pauseMs = usualPauseMs }: Options,
  stop: AbortSignal,
): Promise<void> {
  const tallies = new Tallies();
  let answeredAt: number | undefined;
  let said: SafeText | undefined;
  let forgotAt = clock.now();
  while (!stop.aborted) {
    if (isNeeded()) {
      const askedAt = clock.date() * 1000;
      const changed = new Set<string>();
      const reading = await source.read((part) => {
        for (const key of tallies.take(part, clock.date() * 1000)) changed.add(key);
      }, stop);
      const { replicas, troubles } = reading;
      if (replicas > 0) answeredAt = askedAt;
      // Clocks are put back at times: that must not hide that none answers.
      else if (answeredAt !== undefined) answeredAt = Math.min(answeredAt, askedAt);
      take({ find: (key, subject) => tallies.find(key, subject), askedAt, answeredAt }, [...changed], reading);
      const [trouble] = troubles;
      if (trouble !== undefined && trouble !== said) log.warn(trouble);
      said = trouble;
    }
    if (clock.now() >= forgotAt + forgetMs) {
      forgotAt = clock.now();
      tallies.forget(clock.date() * 1000, isJudged);
    }
    await clock.sleep(pauseMs, stop);
  }
}
