/** One node, and what a scheduler and a kubelet do for the Pods of one namespace. */
import { ApiClient } from './api-client.ts';
import type { Cluster } from './cluster.ts';
import { watchObjects } from './object-watch.ts';
import type { PodHost, PodObject } from './pod-run.ts';
import { PodRun } from './pod-run.ts';

/** Not that of the Pods which are written by hand: the controllers leave those alone. */
export const node = 'worker';
/** The last numbers of addresses, which are used in turn: nobody still takes a new Pod for an old one. */
const firstAddress = 100;
const lastAddress = 250;

export interface KubeletOptions extends Omit<PodHost, 'node'> {
  readonly namespace: string;
}

export class Kubelet {
  readonly #host: PodHost;
  /** By uid. */
  readonly #pods = new Map<string, PodRun>();
  #nextAddress = firstAddress;

  private constructor(host: PodHost) {
    this.#host = host;
  }

  static async start({ namespace, ...options }: KubeletOptions): Promise<Kubelet> {
    await addNode(options.cluster);
    const kubelet = new Kubelet({ ...options, node });
    const { url, ca, token } = options.cluster.api;
    const put = (object: unknown) => kubelet.#put(object as PodObject);
    const handlers = {
      replace: (objects: readonly unknown[]) => objects.forEach(put),
      put,
      drop: (object: unknown) => void kubelet.#end(object as PodObject),
      trouble: () => {},
    };
    const path = `/api/v1/namespaces/${namespace}/pods`;
    void watchObjects(new ApiClient({ url, ca, token }), path, handlers, new AbortController().signal);
    return kubelet;
  }

  /** Those that run and are not ending, of one InferenceService. */
  podsOf(inferenceService: string): PodRun[] {
    return [...this.#pods.values()].filter(
      ({ pod: { metadata } }) => metadata.labels?.['serving.kserve.io/inferenceservice'] === inferenceService,
    );
  }

  #put(pod: PodObject): void {
    const { uid, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined) {
      void this.#end(pod);
      return;
    }
    if (this.#pods.has(uid)) return;
    const run = new PodRun(this.#host, pod, this.#takeAddress());
    this.#pods.set(uid, run);
    run.start();
  }

  async #end({ metadata: { uid } }: PodObject): Promise<void> {
    const run = this.#pods.get(uid);
    this.#pods.delete(uid);
    await run?.end();
  }

  #takeAddress(): string {
    const address = `10.99.0.${this.#nextAddress}`;
    this.#nextAddress = this.#nextAddress === lastAddress ? firstAddress : this.#nextAddress + 1;
    return address;
  }
}

/** There are controllers that leave alone Pods of a node that is not there. */
export async function addNode(cluster: Cluster): Promise<void> {
  await cluster.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: node } });
}
