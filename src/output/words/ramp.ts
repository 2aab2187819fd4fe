import type { Ramp } from '../../core/analysis/analysis.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { RampPosition } from '../../core/rollout/ramp-choice.ts';

/** `step 2 of 4: 5 %, since 2027-01-01T00:00:00Z; next 20 %, once the candidate is Passing`. */
export function toRampText(position: RampPosition): SafeText {
  const { ramp, step, since } = position;
  const { steps } = ramp;
  const from = since === undefined ? '' : safe`, since ${mask(since)}`;
  return safe`${toStepText({ step, steps: steps.length })}: ${steps[step] ?? 0} %${from}; ${toNextText(position)}`;
}

/** `1, 5, 20 %, each for 30m`: at least. */
export function toStepsText({ steps, hold }: Pick<Ramp, 'steps' | 'hold'>): SafeText {
  return safe`${join(
    steps.map((step) => safe`${step}`),
    ', ',
  )} %, each for ${mask(hold)}`;
}

/** `step 2 of 4`. @param step from 0. */
export function toStepText({ step, steps }: { readonly step: number; readonly steps: number }): SafeText {
  return safe`step ${step + 1} of ${steps}`;
}

function toNextText({ ramp: { steps }, step, verdict, isJudged }: RampPosition): SafeText {
  const next = steps[step + 1];
  if (next === undefined) return safe`the last one`;
  if (verdict === 'Failing') return safe`none follows, as the candidate is Failing`;
  return isJudged ? safe`next ${next} %, once the candidate is Passing` : safe`none follows, as nothing is compared`;
}
