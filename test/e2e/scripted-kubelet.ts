/**
 * The node of a cluster in which no program runs: Pods get the statuses of the demo's kubelet, one after the other, so
 * that the real KServe and the fake see the same of them.
 */
import { isDeepStrictEqual } from 'node:util';
import { textAt } from '../../src/core/input/plain-value.ts';
import type { Fate, PodLife } from '../../src/demo/fakes/kserve-standard/kubelet.ts';
import { changeFate, toPodStatus } from '../../src/demo/fakes/kserve-standard/kubelet.ts';
import { ApiClient } from './api-client.ts';
import type { Cluster } from './cluster.ts';
import { addNode, node } from './kubelet.ts';
import { watchObjects } from './object-watch.ts';

export interface ScriptedKubeletOptions {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly loadMs: number;
  readonly toFate: (storageUri: string, inferenceService: string) => Fate;
}

interface Known {
  readonly object: object;
  readonly life: PodLife;
  readonly status?: object;
}

const intervalMs = 25;

export class ScriptedKubelet {
  readonly #options: ScriptedKubeletOptions;
  readonly #client: ApiClient;
  readonly #end = new AbortController();
  /** By name. */
  readonly #pods = new Map<string, Known>();
  #turning: Promise<void> = Promise.resolve();

  private constructor(options: ScriptedKubeletOptions) {
    this.#options = options;
    this.#client = new ApiClient(options.cluster.api);
  }

  static async start(options: ScriptedKubeletOptions): Promise<ScriptedKubelet> {
    await addNode(options.cluster);
    const kubelet = new ScriptedKubelet(options);
    const put = (object: unknown) => kubelet.#put(object as object);
    const handlers = {
      replace: (objects: readonly unknown[]) => objects.forEach(put),
      put,
      drop: (object: unknown) => void kubelet.#pods.delete(toName(object)),
      trouble: () => undefined,
    };
    void watchObjects(kubelet.#client, kubelet.#path, handlers, kubelet.#end.signal);
    const timer = setInterval(() => {
      kubelet.#turning = kubelet.#turning.then(() => kubelet.#turn());
    }, intervalMs);
    kubelet.#end.signal.addEventListener('abort', () => clearInterval(timer));
    return kubelet;
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#turning;
    await this.#client.close();
  }

  get #path(): string {
    return `/api/v1/namespaces/${this.#options.namespace}/pods`;
  }

  #put(object: object): void {
    const name = toName(object);
    const life = this.#pods.get(name)?.life ?? { fate: this.#toFate(object), since: performance.now() };
    this.#pods.set(name, { ...this.#pods.get(name), object, life });
  }

  #toFate(pod: object): Fate {
    const uri = textAt(pod, ['spec', 'initContainers', 0, 'args', 0]) ?? '';
    return this.#options.toFate(uri, textAt(pod, ['metadata', 'labels', 'serving.kserve.io/inferenceservice']) ?? '');
  }

  async #turn(): Promise<void> {
    await Promise.all([...this.#pods].map(([name, known]) => this.#step(name, known).catch(() => {})));
  }

  async #step(name: string, { object, life: before, status: last }: Known): Promise<void> {
    const { loadMs } = this.#options;
    if (textAt(object, ['metadata', 'deletionTimestamp']) !== undefined) {
      await this.#request(`/${name}?gracePeriodSeconds=0`, 'DELETE');
      return;
    }
    const now = performance.now();
    const fate = this.#toFate(object);
    const life = before.fate === fate ? before : changeFate(before, fate, now, loadMs);
    const isBound = textAt(object, ['spec', 'nodeName']) !== undefined;
    if (!isBound && fate !== 'unschedulable') {
      const target = { apiVersion: 'v1', kind: 'Node', name: node };
      await this.#request(`/${name}/binding`, 'POST', {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name },
        target,
      });
    }
    const storageUri = textAt(object, ['spec', 'initContainers', 0, 'args', 0]) ?? '';
    const image = textAt(object, ['spec', 'containers', 0, 'image']) ?? '';
    const status = toPodStatus(life, { storageUri, image }, now, loadMs);
    if (!isDeepStrictEqual(status, last)) await this.#request(`/${name}/status`, 'PATCH', { status });
    if (this.#pods.has(name)) this.#pods.set(name, { object: this.#pods.get(name)?.object ?? object, life, status });
  }

  async #request(path: string, method: 'DELETE' | 'POST' | 'PATCH', body?: object): Promise<void> {
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    await this.#client.request(`${this.#path}${path}`, { method, contentType, body }, this.#end.signal);
  }
}

function toName(object: unknown): string {
  return textAt(object, ['metadata', 'name']) ?? '';
}
