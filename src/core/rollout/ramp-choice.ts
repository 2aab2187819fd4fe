/** What policies say of a ramp → the share that a candidate may have now. */
import type { Analysis, Ramp } from '../analysis/analysis.ts';
import type { Problem } from '../diagnostics/problem.ts';
import { safe } from '../diagnostics/safe-text.ts';
import { toProblem } from '../input/parse-document.ts';
import type { WrittenRamp } from '../input/ramp-schema.ts';
import { toMilliseconds } from '../input/schema-parts.ts';
import type { FieldOrigin } from '../input/source-file.ts';
import { locate } from '../input/yaml-place.ts';
import type { GateAnalysis } from './gate.ts';

/** Where a candidate is on the ramp. */
export interface RampPosition {
  readonly ramp: Ramp;
  /** From 0. */
  readonly step: number;
  /** When the step before was Passing, as RFC 3339; undefined: this is the first one. */
  readonly since: string | undefined;
}

/** @param written without problems. */
export function toRamp(written: WrittenRamp | undefined): Ramp | undefined {
  if (written === undefined) return undefined;
  const { steps, hold = '30m' } = written;
  return { steps, hold, holdMs: Number(toMilliseconds(hold)) };
}

/** Undefined: there is no ramp. Without an analysis nothing passes a step. */
export function findPosition(ramp: Ramp | undefined, analysis: GateAnalysis | undefined): RampPosition | undefined {
  return ramp && { ramp, step: analysis?.subject.step ?? 0, since: analysis?.since };
}

/** In percent: the smallest of all that limits it. @param position undefined: nothing is on a ramp. */
export function toShare(mirrorPercentage: number, position: RampPosition | undefined): number {
  if (position === undefined) return mirrorPercentage;
  const { steps } = position.ramp;
  return Math.min(mirrorPercentage, steps[position.step] ?? Math.min(...steps));
}

/** The share of the next candidate, once its mirror opens. */
export function toFirstShare({
  mirrorPercentage,
  ramp,
}: {
  readonly mirrorPercentage: number;
  readonly ramp: Ramp | undefined;
}): number {
  return toShare(mirrorPercentage, findPosition(ramp, undefined));
}

interface Beside {
  /** The lowest limit of the percentage. */
  readonly limit: { readonly percentage: number; readonly origin: FieldOrigin } | undefined;
  readonly analysis: Analysis | undefined;
  /** Some policy has an analysis, or may have. */
  readonly isAnalysisKnown: boolean;
}

/** @param chosen the ramp that holds, and where it is written. */
export function checkRamp(
  chosen: { readonly value: unknown; readonly origin: FieldOrigin } | undefined,
  { limit, analysis, isAnalysisKnown }: Beside,
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
  if (!isAnalysisKnown) {
    const finding = {
      code: 'analysis-required',
      message: safe`a step is left once the candidate is Passing, and no policy of this model has an analysis`,
      hint: safe`add spec.analysis to a policy, with checks, or remove the ramp`,
    } as const;
    problems.push(toProblem(source, path, finding));
  }
  return problems;
}
