/** What policies say of an analysis → how a candidate is judged, and the task that the comparer gets of it. */
import type { Analysis, AnalysisCheck, OutputRule, Ramp } from '../analysis/analysis.ts';
import { findStep } from '../analysis/ramp.ts';
import type { AnalysisTask } from '../analysis/task.ts';
import type { Problem } from '../diagnostics/problem.ts';
import { safe } from '../diagnostics/safe-text.ts';
import type { WrittenAnalysis, WrittenCheck } from '../input/analysis-rules.ts';
import { toProblem } from '../input/parse-document.ts';
import { valueAt } from '../input/plain-value.ts';
import type { ModelStatus } from '../input/schema.ts';
import { toMilliseconds } from '../input/schema-parts.ts';
import type { FieldOrigin } from '../input/source-file.ts';
import type { AnalysisSubject } from '../input/verdict-schema.ts';
import { computeHash } from '../serving/digest.ts';
import type { GateAnalysis } from './gate.ts';

/** @returns undefined: nothing is compared. @param written without problems. */
export function toAnalysis(written: WrittenAnalysis | undefined, ramp?: Ramp): Analysis | undefined {
  const { checks, share = 1, minSamples = 500, confidence = 0.95, noise = false, onFailing = 'Close' } = written ?? {};
  if (checks === undefined || share === 0) return undefined;
  return { share, minSamples, confidence, noise, checks: checks.map(toCheck), onFailing, ...(ramp && { ramp }) };
}

function toCheck({ errors, latency, slower, agreement }: WrittenCheck): AnalysisCheck {
  if (errors?.candidateOnly !== undefined) return { code: 'errors.candidateOnly', limit: toPart(errors.candidateOnly) };
  if (errors?.rate !== undefined) return { code: 'errors.rate', limit: toPart(errors.rate) };
  if (latency !== undefined)
    return { code: 'latency', limit: toPart(latency.atMost), overMs: Number(toMilliseconds(latency.over)) };
  if (slower !== undefined) return { code: 'slower', limit: toPart(slower.atMost), times: slower.than };
  const { atLeast, withinNoise, outputs = [], ignore = [] } = agreement ?? {};
  return {
    code: 'agreement',
    limit: withinNoise === undefined ? toRest(atLeast ?? '') : toPart(withinNoise),
    withinNoise: withinNoise !== undefined,
    outputs: outputs.map(toRule),
    ignore,
  };
}

/** Rules of equal meaning are equal: what is not set, or false, is left out. */
function toRule({ name, abs, rel, top1, normalized }: OutputRule): OutputRule {
  return {
    name,
    ...(abs === undefined ? {} : { abs }),
    ...(rel === undefined ? {} : { rel }),
    ...(top1 === true && { top1 }),
    ...(normalized === true && { normalized }),
  };
}

/** `0.2%` → 0.002; from whole numbers, so that equal percentages are equal whatever is computed. */
function toPart(percentage: string): number {
  return toUnits(percentage) / 1_000_000;
}

/** `98%` → 0.02. */
function toRest(percentage: string): number {
  return (1_000_000 - toUnits(percentage)) / 1_000_000;
}

/** In ten thousandths of a percent, the finest that can be written. */
function toUnits(percentage: string): number {
  return Math.round(Number.parseFloat(percentage) * 10_000);
}

/** An analysis is one decision; where the comparer is belongs to the cluster. Undefined: the policy decides nothing. */
export function withoutComparer(analysis: WrittenAnalysis | undefined): Omit<WrittenAnalysis, 'comparer'> | undefined {
  const { comparer: _comparer, ...decided } = analysis ?? {};
  return Object.keys(decided).length === 0 ? undefined : decided;
}

/**
 * Only what is mirrored is sampled. A warning: a smaller share of mirrored requests, down to none, must never be refused.
 *
 * @param chosen the analysis that holds, and where it is written.
 */
export function checkShare(
  chosen: { readonly value: unknown; readonly origin: FieldOrigin } | undefined,
  mirrorPercentage: number,
): Problem[] {
  const share = valueAt(chosen?.value, ['share']);
  if (chosen === undefined || typeof share !== 'number' || mirrorPercentage === 0 || share <= mirrorPercentage)
    return [];
  const { source, path } = chosen.origin;
  const finding = {
    code: 'over-limit',
    message: safe`share ${share} is above mirrorPercentage ${mirrorPercentage}, and only requests that are mirrored are sampled`,
    hint: safe`write at most ${mirrorPercentage}`,
  } as const;
  return [toProblem(source, [...path, 'share'], finding, { on: 'value', severity: 'warning' })];
}

/** A version as the judgement names it. */
interface JudgedVersion {
  readonly version: { readonly name: string };
  readonly digest: string;
}

/**
 * Covers all that a verdict depends on: whoever could change the confidence in the light of the counts would get the verdict
 * that they want.
 */
export function toAnalysisDigest({ checks, noise, confidence, minSamples, ramp }: Analysis): string {
  const inSteps = ramp && { ramp: { steps: ramp.steps, holdMs: ramp.holdMs } };
  return computeHash({ checks, noise, confidence, minSamples, ...inSteps });
}

/**
 * What the judgement of a candidate is about.
 *
 * @param attempt how often people had it begin again.
 * @returns at the first step.
 */
export function toSubject(
  analysis: Analysis,
  primary: JudgedVersion,
  candidate: JudgedVersion,
  attempt: number,
): AnalysisSubject {
  const name = ({ version, digest }: JudgedVersion) => ({ name: version.name, digest });
  return {
    primary: name(primary),
    candidate: name(candidate),
    analysis: toAnalysisDigest(analysis),
    step: 0,
    attempt,
  };
}

/** What the gate must know. @param status an earlier judgement may have been ended by people, and steps may be behind it. */
export function toGateAnalysis(
  analysis: Analysis | undefined,
  primary: JudgedVersion,
  candidate: JudgedVersion,
  status: ModelStatus | undefined,
): GateAnalysis | undefined {
  if (analysis === undefined) return undefined;
  const { attempt = 0, passed } = status?.status.candidates.find(({ name }) => name === candidate.version.name) ?? {};
  const start = toSubject(analysis, primary, candidate, attempt);
  const step = findStep(passed, start, { ...analysis, steps: countSteps(analysis) });
  return { subject: { ...start, step }, onFailing: analysis.onFailing, since: step === 0 ? undefined : passed?.at };
}

/** How many Passings an analysis takes, at least 1. */
export function countSteps({ ramp }: Pick<Analysis, 'ramp'>): number {
  return ramp?.steps.length ?? 1;
}

export function toTask(analysis: Analysis, subject: AnalysisSubject): AnalysisTask {
  const { checks, noise, confidence, minSamples, ramp } = analysis;
  const { steps: shares = [], holdMs = 0 } = ramp ?? {};
  return { subject, checks, noise, confidence, minSamples, steps: countSteps(analysis), holdMs, shares };
}
