/** What policies say of a ramp → the share that a candidate may have now. */
import type { Analysis, Ramp } from '../analysis/analysis.ts';
import type { Problem } from '../diagnostics/problem.ts';
import { safe } from '../diagnostics/safe-text.ts';
import { toProblem } from '../input/parse-document.ts';
import { valueAt } from '../input/plain-value.ts';
import type { WrittenRamp } from '../input/ramp-schema.ts';
import { toMilliseconds } from '../input/schema-parts.ts';
import type { FieldOrigin } from '../input/source-file.ts';
import type { WrittenVerdict } from '../input/verdict-schema.ts';
import { locate } from '../input/yaml-place.ts';
import type { GateAnalysis } from './gate.ts';

/** Where a candidate is on the ramp. */
export interface RampPosition {
  readonly ramp: Ramp;
  /** From 0. */
  readonly step: number;
  /** When the step before was Passing, as RFC 3339; undefined: this is the first one. */
  readonly since: string | undefined;
  /** What is recorded at this step, or at an earlier one of a candidate that is Failing; undefined: nothing. */
  readonly verdict: WrittenVerdict['verdict'] | undefined;
  /** False: nothing is compared, so that no step is ever passed. */
  readonly isJudged: boolean;
}

/** @param written without problems. */
export function toRamp(written: WrittenRamp | undefined): Ramp | undefined {
  if (written === undefined) return undefined;
  const { steps, hold = '30m' } = written;
  return { steps, hold, holdMs: Number(toMilliseconds(hold)) };
}

/** Undefined: there is no ramp. Without an analysis nothing passes a step. */
export function findPosition(
  ramp: Ramp | undefined,
  analysis: GateAnalysis | undefined,
  verdict: WrittenVerdict | undefined,
): RampPosition | undefined {
  if (ramp === undefined) return undefined;
  const { subject, since } = analysis ?? {};
  return { ramp, step: subject?.step ?? 0, since, verdict: verdict?.verdict, isJudged: analysis !== undefined };
}

/** What decides the share. */
interface Shares {
  readonly mirrorPercentage: number;
  readonly ramp: Ramp | undefined;
}

/**
 * In percent: what a mirror has once it is open, the smallest of all that limits it.
 *
 * @param position of the candidate; undefined: of the next one, which begins at the first step.
 */
export function toShare({ mirrorPercentage, ramp }: Shares, position: Pick<RampPosition, 'step'> | undefined): number {
  if (ramp === undefined) return mirrorPercentage;
  return Math.min(mirrorPercentage, ramp.steps[position?.step ?? 0] ?? Math.min(...ramp.steps));
}

interface Beside {
  /** The lowest limit of the percentage. */
  readonly limit: { readonly percentage: number; readonly origin: FieldOrigin } | undefined;
  readonly analysis: Analysis | undefined;
  /** Where the analysis is written; undefined: nowhere. */
  readonly written: { readonly value: unknown; readonly origin: FieldOrigin } | undefined;
  /** False: a policy cannot be read, and it may have one. */
  readonly isWhole: boolean;
}

/** @param chosen the ramp that holds, and where it is written. */
export function checkRamp(
  chosen: { readonly value: unknown; readonly origin: FieldOrigin } | undefined,
  { limit, analysis, written, isWhole }: Beside,
): Problem[] {
  if (chosen === undefined) return [];
  const { source, path } = chosen.origin;
  const { steps } = chosen.value as WrittenRamp;
  const over = limit === undefined ? -1 : steps.findIndex((step) => step > limit.percentage);
  const problems: Problem[] = [];
  if (limit !== undefined && over >= 0) {
    const { file, line } = locate(limit.origin.source, limit.origin.path);
    const finding = {
      code: 'over-limit',
      message: safe`the step of ${steps[over] ?? 0} is over the limit of ${limit.percentage} (${file}:${line})`,
      hint: safe`write steps of at most ${limit.percentage}`,
    } as const;
    problems.push(toProblem(source, [...path, 'steps', over], finding, { on: 'value' }));
  }
  if (analysis !== undefined) return problems;
  if (written === undefined && isWhole) {
    const finding = {
      code: 'analysis-required',
      message: safe`a step is left once the candidate is Passing, and no policy of this model has an analysis`,
      hint: safe`add spec.analysis to a policy, with checks, or remove the ramp`,
    } as const;
    problems.push(toProblem(source, path, finding));
  }
  // A warning: whoever switches the comparison off must never be refused.
  if (written !== undefined && valueAt(written.value, ['share']) === 0) {
    const { file, line } = locate(source, path);
    const finding = {
      code: 'analysis-required',
      message: safe`with share 0 nothing is compared, so no candidate ever passes the first step of the ramp (${file}:${line})`,
      hint: safe`write a share above 0, or remove the ramp`,
    } as const;
    const { origin } = written;
    problems.push(toProblem(origin.source, [...origin.path, 'share'], finding, { on: 'value', severity: 'warning' }));
  }
  return problems;
}
