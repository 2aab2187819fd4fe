/**
 * KServe's Standard mode on real parts: KServe with its webhooks, the controllers of Kubernetes, and a kubelet that runs
 * model servers of this machine, each in the network of its Pod with a sidecar. In a namespace of its own: ModelMesh's
 * models stay with their own controller.
 */
import { join } from 'node:path';
import { textAt, valueAt } from '../../src/core/input/plain-value.ts';
import { toKServeDefaults, toPodDefaults } from './admission.ts';
import type { Cluster, ClusterObject, Resource } from './cluster.ts';
import { inferenceServices } from './cluster.ts';
import type { KServe } from './kserve.ts';
import { startKServe } from './kserve.ts';
import { Kubelet } from './kubelet.ts';
import { toServer } from './model-servers.ts';
import { ModelStore } from './model-store.ts';
import type { PodRun } from './pod-run.ts';
import { modelNamespace } from './pods.ts';
import { until } from './program.ts';
import { scratch } from './sandbox.ts';

/** Where models in Standard mode are. */
export const standardNamespace = 'models';

const services: Resource = { path: '/api/v1', plural: 'services' };
export const deployments: Resource = { path: '/apis/apps/v1', plural: 'deployments' };

interface Parts {
  readonly cluster: Cluster;
  readonly kserve: KServe;
  readonly kubelet: Kubelet;
  readonly store: ModelStore;
}

export class Standard {
  readonly namespace = standardNamespace;
  readonly kserve: KServe;
  /** What `s3://models/` has. */
  readonly store: ModelStore;
  readonly #cluster: Cluster;
  readonly #kubelet: Kubelet;

  private constructor({ cluster, kserve, kubelet, store }: Parts) {
    this.#cluster = cluster;
    this.kserve = kserve;
    this.#kubelet = kubelet;
    this.store = store;
  }

  /** @param root PEM: of the mesh's certificate authority. */
  static async start({ cluster, root }: { readonly cluster: Cluster; readonly root: string }): Promise<Standard> {
    const namespace = standardNamespace;
    await cluster.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } },
      // KServe's own webhook sees the other namespace.
      ...([
        ...toKServeDefaults({ namespace: modelNamespace }),
        ...toPodDefaults(namespace),
      ] as unknown as ClusterObject[]),
    );
    const store = new ModelStore();
    const kserve = await startKServe({ cluster, folder: join(scratch, 'kserve'), namespace });
    const kubelet = await Kubelet.start({ cluster, root, store, namespace, toCommand: toServer });
    return new Standard({ cluster, kserve, kubelet, store });
  }

  /** Of an InferenceService: those that run, the oldest first. */
  podsOf(inferenceService: string): PodRun[] {
    return this.#kubelet.podsOf(inferenceService);
  }

  findService(name: string): Promise<ClusterObject | undefined> {
    return this.#cluster.find(inferenceServices, standardNamespace, name);
  }

  findDeployment(name: string): Promise<ClusterObject | undefined> {
    return this.#cluster.find(deployments, standardNamespace, name);
  }

  /** Until all its Pods are of its newest spec and ready. That KServe has it Ready comes before. */
  async untilRolledOut(inferenceService: string): Promise<void> {
    await until(`${inferenceService} is rolled out`, async () => {
      const deployment = await this.findDeployment(`${inferenceService}-predictor`);
      const count = (name: string) => Number(valueAt(deployment, ['status', name]) ?? 0);
      const isCurrent = count('observedGeneration') === valueAt(deployment, ['metadata', 'generation']);
      return isCurrent && count('availableReplicas') > 0 && count('updatedReplicas') === count('replicas');
    });
    await until(`${inferenceService} is Ready`, async () => (await this.findReady(inferenceService)) === 'True');
  }

  /** What KServe says: True, False or Unknown. */
  async findReady(inferenceService: string): Promise<string | undefined> {
    const service = await this.findService(inferenceService);
    const conditions = (valueAt(service, ['status', 'conditions']) ?? []) as unknown[];
    return textAt(
      conditions.find((one) => textAt(one, ['type']) === 'Ready'),
      ['status'],
    );
  }

  /** The address that a client of the mesh gets from DNS for a Service, once there is one. */
  async untilAddressed(service: string): Promise<string> {
    let address: string | undefined;
    await until(`the Service ${service} has an address`, async () => {
      address = textAt(await this.#cluster.find(services, standardNamespace, service), ['spec', 'clusterIP']);
      return address !== undefined;
    });
    return address ?? '';
  }

  /** Until a Pod of it shows this in a container's state, as CrashLoopBackOff or OOMKilled. */
  async untilPodSays(inferenceService: string, reason: string): Promise<void> {
    await until(`a Pod of ${inferenceService} says ${reason}`, async () => {
      const pods = { path: '/api/v1', plural: 'pods' };
      const selector = `serving.kserve.io/inferenceservice=${inferenceService}`;
      const found = await this.#cluster.list(pods, standardNamespace, selector);
      return found.some(({ status }) => JSON.stringify(status ?? {}).includes(`"reason":"${reason}"`));
    });
  }
}
