/** How the candidate of a model is judged: what is checked, and what is decided. */
import type { Analysis } from '../analysis/analysis.ts';
import { computeAlpha } from '../analysis/budget.ts';
import { noCount, toJudgedCheck } from '../analysis/figures.ts';
import { forecast } from '../analysis/forecast.ts';
import type { Discrepancy } from '../analysis/verify.ts';
import type { AnalysisSubject, Decided, WrittenVerdict } from '../input/verdict-schema.ts';
import type { RenderedRollout } from '../render/decide-model.ts';
import { countSteps } from '../rollout/analysis-choice.ts';
import type { DecidedCandidate } from '../rollout/decided.ts';
import type { Mirror } from '../rollout/gate.ts';
import { findHeldVerdict } from '../rollout/held-verdict.ts';
import type { RampPosition } from '../rollout/ramp-choice.ts';

/** A check before anything is decided. */
export interface AwaitedCheck {
  readonly check: string;
  readonly limit: number;
  /** How many calls Passing takes if none is bad; undefined: more than the rule is exact for. */
  readonly calls: number | undefined;
}

export interface Judgement {
  readonly model: string;
  /** What is judged, as the files have it. */
  readonly subject: AnalysisSubject;
  readonly candidate: { readonly version: string; readonly service: string };
  readonly analysis: Analysis;
  readonly mirror: Mirror;
  /** Undefined: there is no ramp. */
  readonly ramp: RampPosition | undefined;
  readonly statusPath: string;
  /** Of this candidate by this analysis; undefined: nothing is decided. */
  readonly verdict: WrittenVerdict | undefined;
  readonly awaited: readonly AwaitedCheck[];
}

/** A verdict in the history of a model, computed again. */
export interface VerifiedVerdict {
  /** The commit that has it first. */
  readonly commit: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly decided: Decided;
  /** Empty: it follows from its numbers. */
  readonly discrepancies: readonly Discrepancy[];
}

/** @returns undefined: nothing is judged. */
export function findJudgement(model: RenderedRollout, candidate: DecidedCandidate): Judgement | undefined {
  const { rollout, status, statusPath } = model;
  const { analysis } = rollout.policy;
  if (analysis === undefined || candidate.analysis === undefined) return undefined;
  const { name, declared } = candidate.version;
  const alpha = computeAlpha(analysis.confidence, analysis.checks.length, countSteps(analysis));
  return {
    model: rollout.name,
    subject: candidate.analysis.subject,
    candidate: { version: declared.version, service: name },
    analysis,
    mirror: candidate.mirror,
    ramp: candidate.ramp,
    statusPath,
    verdict: findHeldVerdict(status, name, candidate.analysis.subject),
    awaited: analysis.checks.map(toJudgedCheck).map((check) => ({
      check: check.id,
      limit: check.limit,
      calls: forecast(check, noCount, { alpha, minSamples: analysis.minSamples, perMinute: 0 }).missing,
    })),
  };
}
