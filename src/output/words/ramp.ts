import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { RampPosition } from '../../core/rollout/ramp-choice.ts';

/** `step 2 of 4: 5 %, since 2027-01-01T00:00:00Z; next 20 %, once the candidate is Passing`. */
export function toRampText({ ramp: { steps }, step, since }: RampPosition): SafeText {
  const from = since === undefined ? '' : safe`, since ${mask(since)}`;
  const next = steps[step + 1];
  const then = next === undefined ? safe`the last one` : safe`next ${next} %, once the candidate is Passing`;
  return safe`step ${step + 1} of ${steps.length}: ${steps[step] ?? 0} %${from}; ${then}`;
}
