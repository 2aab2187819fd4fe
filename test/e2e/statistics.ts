/** Sorted each time: there are few. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * The bounds of how many of `calls` are hit with a given percentage: four standard deviations of the
 * binomial distribution, which chance leaves once in 16,000 times.
 */
export function binomialBounds(calls: number, percentage: number): readonly [low: number, high: number] {
  const share = percentage / 100;
  const mean = calls * share;
  const width = 4 * Math.sqrt(calls * share * (1 - share));
  return [Math.ceil(mean - width), Math.floor(mean + width)];
}

/** Milliseconds, as seconds for people. */
export function seconds(ms: number): string {
  return Number.isFinite(ms) ? `${(ms / 1000).toFixed(2)} s` : '–';
}
