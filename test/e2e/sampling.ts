/** Samples of a model that calls go on to, turned on and off at its first hop, and what became of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterObject } from './cluster.ts';
import { virtualServices } from './cluster.ts';
import type { Comparer } from './comparer.ts';
import { limit, megabyte, toText } from './harm.ts';
import type { Fault } from './interleaved.ts';
import { until } from './program.ts';
import type { SampleCounts } from './sample-counts.ts';
import { comparerCluster, comparerHost, readCounts, readInFlight, sumOf, toMore } from './sample-counts.ts';
import type { StandardScene } from './standard-scene.ts';
import { origins } from './traffic.ts';

/** What the comparer's process may hold. */
const mostBytes = 200 * megabyte;
const lookMs = 200;

interface FirstHop extends ClusterObject {
  readonly spec: { readonly http: readonly Rule[] };
}

interface Rule {
  readonly mirrors?: readonly { readonly destination: { readonly host: string } }[];
}

export interface DuringOptions {
  /** What of the counts of a fault is not as it should be. */
  readonly judge?: (counts: SampleCounts) => readonly string[];
  /** Whether Envoys keep to the limit of samples in flight; default: they do. */
  readonly isLimited?: boolean;
  /** Whether Envoys end samples that the comparer would not compare; default: they do not. */
  readonly areEnded?: boolean;
}

const columns = [
  ...['body', 'what happens', 'samples', 'not sent: 50 in flight', 'in flight at most', 'arrived', 'compared'],
  ...['unknown', 'dropped by the comparer', 'its memory'],
];

export class Sampling {
  readonly #scene: StandardScene;
  readonly #comparer: Comparer;
  readonly #model: string;
  readonly #with: ClusterObject;
  readonly #without: ClusterObject;
  /** Of the calls, in bytes. */
  body = 0;

  private constructor(scene: StandardScene, comparer: Comparer, model: string, rendered: FirstHop) {
    this.#scene = scene;
    this.#comparer = comparer;
    this.#model = model;
    const { apiVersion, kind, spec, metadata } = rendered;
    const { name, namespace = '', labels = {}, annotations = {} } = metadata;
    const object = { apiVersion, kind, metadata: { name, namespace, labels, annotations } };
    const http = spec.http.map(({ mirrors = [], ...rule }) => ({
      ...rule,
      mirrors: mirrors.filter(({ destination }) => destination.host !== comparerHost),
    }));
    this.#with = { ...object, spec };
    this.#without = { ...object, spec: { ...spec, http } };
  }

  /** Of a model that Argo CD leaves alone. */
  static async of(scene: StandardScene, comparer: Comparer, model = 'wisdom'): Promise<Sampling> {
    const found = await scene.stack.cluster.find(virtualServices, scene.namespace, model);
    if (found === undefined) throw new Error('there is no first hop');
    return new Sampling(scene, comparer, model, found as unknown as FirstHop);
  }

  async turn(isOn: boolean): Promise<void> {
    await this.#scene.stack.cluster.apply(isOn ? this.#with : this.#without);
    await this.#scene.untilRoutes(
      `samples are ${isOn ? '' : 'not '}taken`,
      this.#model,
      ({ copiesTo }) => copiesTo.includes(comparerCluster) === isOn,
    );
  }

  count(): Promise<SampleCounts> {
    return readCounts(this.#comparer, this.#envoys);
  }

  /** Until nothing is under way to the comparer, nor there. */
  async untilIdle(): Promise<void> {
    await until(
      'no sample is under way',
      async () => (await readInFlight(this.#envoys)) === 0 && (await this.count()).held === 0,
    );
  }

  /**
   * Samples are taken only while the fault lasts: calm is without any. They come first, so that the fault meets
   * connections and comparisons that are under way.
   * @param fault leaves the comparer as it was.
   */
  during(fault: Fault, { judge = () => [], isLimited = true, areEnded = false }: DuringOptions = {}): Fault {
    const { what, begin, end } = fault;
    const { program } = this.#comparer;
    let before: SampleCounts | undefined;
    let watch = new AbortController();
    let watching = Promise.resolve(0);
    return {
      what,
      begin: async () => {
        const calm = await this.count();
        before = calm;
        await this.turn(true);
        await until('samples are taken up', async () => {
          const now = await this.count();
          return areEnded ? now.sent > calm.sent + 4 : findTakenUp(now) > findTakenUp(calm);
        });
        watch = new AbortController();
        watching = this.#findMostInFlight(watch.signal);
        await begin();
      },
      end: async () => {
        const peak = program.peakBytes;
        await end();
        await this.turn(false);
        await this.untilIdle();
        watch.abort();
        const bytes = Math.max(peak, program.peakBytes);
        const inFlight = await watching;
        const now = await this.count();
        this.#show(what, before ?? now, now, inFlight, bytes);
        this.#scene.check(`${toText(this.body)}: ${what}: samples are bounded, and each is counted`, [
          ...(inFlight <= limit || !isLimited ? [] : [`${inFlight} were in flight`]),
          ...(bytes <= mostBytes ? [] : [`the comparer held ${toText(bytes)}`]),
          ...findUncounted(now),
          ...judge(toMore(before ?? now, now)),
        ]);
      },
    };
  }

  get #envoys() {
    return origins.map((origin) => this.#scene.envoyOf(origin));
  }

  async #findMostInFlight(signal: AbortSignal): Promise<number> {
    let most = 0;
    for (; !signal.aborted; await sleep(lookMs)) most = Math.max(most, await readInFlight(this.#envoys));
    return most;
  }

  #show(what: string, before: SampleCounts, now: SampleCounts, inFlight: number, bytes: number): void {
    const { sent, overflow, received, compared, unknown, dropped } = toMore(before, now);
    const drops = Object.entries(dropped).map(([reason, count]) => `${count} ${reason}`);
    // One that was started again has counted only since.
    const counts = before.run === now.run ? [received, compared, unknown, drops.join(', ') || 0] : ['–', '–', '–', '–'];
    this.#scene.row(columns, [toText(this.body), what, sent + overflow, overflow, inFlight, ...counts, toText(bytes)]);
  }
}

/** It compares them, unless they are too large for it. */
function findTakenUp({ compared, dropped }: SampleCounts): number {
  return compared + (dropped['too-large'] ?? 0);
}

/** Every sample that arrived, since the comparer was started, is one of these. */
function findUncounted({ received, compared, unknown, dropped, held }: SampleCounts): string[] {
  const counted = compared + unknown + sumOf(dropped) + held;
  return counted === received ? [] : [`${received} arrived, ${counted} were counted`];
}
