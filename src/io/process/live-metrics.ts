/**
 * Metrics that keep nothing: their values are computed when Prometheus asks. What is gone leaves no series behind, and ten
 * thousand models take no memory between two pages. (`collect` of a plain metric fills a table that stays.)
 */
import { Counter, Gauge } from 'prom-client';

export interface LiveValue {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export class LiveGauge extends Gauge {
  readonly #compute: () => Iterable<LiveValue>;

  constructor(configuration: ConstructorParameters<typeof Gauge>[0], compute: () => Iterable<LiveValue>) {
    super(configuration);
    this.#compute = compute;
  }

  override async get() {
    return { ...(await super.get()), values: [...this.#compute()] };
  }
}

export class LiveCounter extends Counter {
  readonly #compute: () => Iterable<LiveValue>;

  constructor(configuration: ConstructorParameters<typeof Counter>[0], compute: () => Iterable<LiveValue>) {
    super(configuration);
    this.#compute = compute;
  }

  override async get() {
    return { ...(await super.get()), values: [...this.#compute()] };
  }
}
