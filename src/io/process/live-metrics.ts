/**
 * Metrics that keep nothing: their values are computed when Prometheus asks. What is gone leaves no series behind, and ten
 * thousand models take no memory between two pages. (`collect` of a plain metric fills a table that stays.)
 */
import type { Counter, Gauge } from 'prom-client';

export interface LiveValue {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** @param metric nothing else sets its values. @param compute all series that there are at that moment. */
export function computeWhenAsked(metric: Counter | Gauge, compute: () => Iterable<LiveValue>): void {
  const get = metric.get.bind(metric);
  metric.get = async () => ({ ...(await get()), values: [...compute()] });
}
