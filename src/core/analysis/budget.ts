/** How the probability of a wrong verdict is shared out. */

/** Of all checks and steps of a candidate together: each has the same part. */
export function computeAlpha(confidence: number, checks: number, steps: number): number {
  return (1 - confidence) / (checks * steps);
}

/** How long the brake remembers: blocks on the clock's grid. */
export const brakeMs = 300_000;

/** The brake's, per block of five minutes, all checks together. */
export const brakeBudget = 1e-5;
