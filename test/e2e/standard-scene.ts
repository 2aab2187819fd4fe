/** What a case in Standard mode works with. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadSummary } from './load.ts';
import { until } from './program.ts';
import { Scene } from './scene.ts';
import type { Standard } from './standard.ts';
import type { Call, Predictions } from './standard-models.ts';
import { componentOf, countAnswers, countCalls, fakePredictions, putModels, sample } from './standard-models.ts';
import { binomialBounds } from './statistics.ts';
import type { Origin, TrafficOptions } from './traffic.ts';
import { origins, Traffic } from './traffic.ts';

export interface CallOptions extends Partial<Omit<TrafficOptions, 'model' | 'origin'>> {
  readonly model?: string;
  readonly call?: Call;
}

export interface Expected extends CallOptions {
  /** That all answers are of. */
  readonly version: string;
  /** How many of the calls are copied; absent: none. */
  readonly percentage?: number;
}

const columns = ['step', 'protocol', 'from', 'calls', 'answers of the primary', 'at the candidate', 'dropped'];

export class StandardScene extends Scene {
  readonly standard: Standard;
  readonly #predictions: Predictions;

  private constructor({ stack, report }: Scene, standard: Standard, predictions: Predictions) {
    super(stack, report, standard.namespace);
    this.standard = standard;
    this.#predictions = predictions;
  }

  /** @param putAll puts models into the store, and returns what they predict; default: those of the fake server. */
  static async of(scene: Scene, putAll: (standard: Standard) => Predictions = putFakes): Promise<StandardScene> {
    const standard = await scene.stack.standard();
    return new StandardScene(scene, standard, putAll(standard));
  }

  /** What the summary of calls has for an answer of this version to the sample. */
  predictionOf(version: string, call: Call = 'V1', model = 'wisdom'): string {
    const predicted = JSON.stringify([this.#predictions[version]]);
    return call === 'V1' ? predicted : `${model} ${predicted}`;
  }

  /** What of the calls was not answered by one of these versions. */
  findUnpredicted(summary: LoadSummary, versions: readonly string[], call?: Call, model?: string): string[] {
    const { sent, answered, errors } = summary;
    const answers = countAnswers(summary.byModel);
    const right = versions.reduce((sum, version) => sum + (answers[this.predictionOf(version, call, model)] ?? 0), 0);
    return sent > 0 && sent === answered && right === sent
      ? []
      : [`${sent} sent, ${answered} answered: ${JSON.stringify(answers)}; errors: ${JSON.stringify(errors)}`];
  }

  /** Calls with the sample, to the address that a client of the mesh gets from DNS. */
  async call(origin: Origin, { model = 'wisdom', call = 'V1', ...options }: CallOptions): Promise<Traffic> {
    const { namespace } = this;
    const to =
      origin === 'outside' ? {} : { to: `${await this.standard.untilAddressed(model)}:${call === 'gRPC' ? 9000 : 80}` };
    const way = call === 'gRPC' ? { modelName: model } : { path: pathOf(model, call) };
    return new Traffic({ origin, model, namespace, inputs: [sample], ...to, ...way, ...options });
  }

  /** Calls from both sides at once, until they are stopped. */
  callFromBoth(options: CallOptions): Promise<Traffic[]> {
    return Promise.all(origins.map((origin) => this.call(origin, options)));
  }

  /** Calls from each side: all are answered by the version, and the share of them is at the candidate. */
  async expectCalls(step: string, { version, percentage = 0, calls = 300, ...options }: Expected): Promise<void> {
    const { model = 'wisdom', call = 'V1' } = options;
    for (const origin of origins) {
      const [arrived, lost] = [await this.arrivals(`${model}-1`), await this.dropped(origin)];
      const summary = await (await this.call(origin, { rate: 150, ...options, calls })).ended;
      const copies = (await this.arrivals(`${model}-1`)) - arrived;
      const dropped = (await this.dropped(origin)) - lost;
      const answers = countAnswers(summary.byModel)[this.predictionOf(version, call, model)] ?? 0;
      this.row(columns, [step, call, origin, calls, answers, copies, dropped]);
      const [low, high] = binomialBounds(calls, percentage);
      this.check(`${step}: ${call}, ${origin}`, [
        ...this.findUnpredicted(summary, [version], call, model),
        ...(low <= copies + dropped && copies + dropped <= high
          ? []
          : [`of ${copies + dropped} copies the candidate got ${copies}; there should be ${low} to ${high}`]),
        ...(low > 0 && copies === 0 ? ['no copy arrived'] : []),
      ]);
    }
  }

  /** Calls that the predictor's Pods of a version have got, once those under way have had the time to come. */
  async arrivals(inferenceService: string): Promise<number> {
    const pods = () => this.standard.podsOf(inferenceService).filter((pod) => componentOf(pod) === 'predictor');
    const count = () => pods().reduce((sum, pod) => sum + countCalls(pod), 0);
    for (let before = -1; ; ) {
      const calls = count();
      if (calls === before) return calls;
      before = calls;
      await sleep(300);
    }
  }

  /** What an Envoy has in its configuration, its workers may not follow yet. */
  async untilCopiesComeFromBoth(options: CallOptions = {}): Promise<void> {
    const candidate = `${options.model ?? 'wisdom'}-1`;
    for (const origin of origins)
      await until(`copies from ${origin} reach ${candidate}`, async () => {
        const before = await this.arrivals(candidate);
        await (await this.call(origin, { ...options, calls: 5, parallel: 1 })).ended;
        return (await this.arrivals(candidate)) >= before + 5;
      });
  }
}

function pathOf(model: string, call: Call): string {
  return call === 'V1' ? `/v1/models/${model}:predict` : `/v2/models/${model}/infer`;
}

function putFakes({ store }: Standard): Predictions {
  putModels(store);
  return fakePredictions;
}
