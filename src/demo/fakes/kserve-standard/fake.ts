/**
 * A fake of KServe 0.20 in Standard mode, with the Deployment controller and the kubelet that its statuses come from: no
 * program runs, but Deployments, Services, Pods and all statuses appear as the real ones write them, one step after the
 * other. `npm run test:kserve` makes the same changes to both, and compares what they report.
 *
 * Each turn is one look of each controller: KServe's, the Deployment controller's, the kubelet's. A controller that is
 * paused does nothing, so that its part of the truth lags behind.
 *
 * It leaves out: webhooks (so `RawDeployment` stays as it is), runtimes, autoscalers (`scale` does what one does), Ingress,
 * HTTPRoutes, ReplicaSets and EndpointSlices, canaries, explainers, several nodes, Terminating pods.
 */
import { isDeepStrictEqual } from 'node:util';
import { textAt, valueAt } from '../../../core/input/plain-value.ts';
import type { FindServed } from '../data-plane/model-server.ts';
import type { FakeKubernetes } from '../kubernetes/api.ts';
import type { KubernetesObject, Written } from '../kubernetes/object.ts';
import type { MakingOptions } from './components.ts';
import { isStopped, toComponents, toDeployment, toName, toService } from './components.ts';
import { listPods, stepDeployment } from './deployment-controller.ts';
import type { Fate, PodLife } from './kubelet.ts';
import { changeFate, isReadyPod, toPodStatus } from './kubelet.ts';
import { toInferenceStatus, toStoppedStatus } from './model-status.ts';

export interface StandardOptions extends MakingOptions {
  /** How long a pod takes to become ready, in milliseconds: at least 100, or no turn comes upon a part of it. */
  readonly loadMs: number;
  /** What becomes of a pod that loads from here, and belongs to this InferenceService; default: it loads. */
  readonly toFate?: (storageUri: string, inferenceService: string) => Fate | undefined;
  /** Nothing happens but by calls of `turn`. */
  readonly byHand?: boolean;
}

type Controller = 'kserve' | 'deployments' | 'kubelet';

const manager = 'kserve-controller-manager';
/** Each turn is so much later than the last, however late it comes: so a busy machine skips nothing. */
const intervalMs = 25;
const inferenceServiceLabel = 'serving.kserve.io/inferenceservice';

export class FakeKServeStandard {
  readonly #cluster: FakeKubernetes;
  readonly #options: StandardOptions;
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #now = 0;
  readonly #paused = new Set<Controller>();
  /** By InferenceService, `namespace/name`: more important than `toFate`. */
  readonly #fates = new Map<string, Fate>();
  /** By the pod's uid. */
  #lives = new Map<string, PodLife>();
  /** By the Deployment's uid: how far its rollout is, and since when. */
  readonly #progress = new Map<string, { readonly at: string; readonly since: number }>();

  constructor(cluster: FakeKubernetes, options: StandardOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#timer = options.byHand === true ? undefined : setInterval(() => this.turn(), intervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** From now on, this becomes of all pods of an InferenceService; undefined: what `toFate` says. */
  setFate(namespace: string, inferenceService: string, fate: Fate | undefined): void {
    const key = `${namespace}/${inferenceService}`;
    if (fate === undefined) this.#fates.delete(key);
    else this.#fates.set(key, fate);
  }

  /** As an autoscaler does. */
  scale(namespace: string, deployment: string, replicas: number): void {
    const metadata = { namespace, name: deployment };
    this.#cluster.apply({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas } }, 'autoscaler');
  }

  pause(controller: Controller): void {
    this.#paused.add(controller);
  }

  resume(controller: Controller): void {
    this.#paused.delete(controller);
  }

  /** The host of a version's Service leads to its pods; a pod answers with what it has loaded. */
  readonly findServed: FindServed = ({ host, path }) => {
    const [service = '', namespace = ''] = host.split('.');
    const owner = service.replace(/-backend$/, '');
    const pods = this.#cluster.list('pods').filter(({ metadata, status }) => {
      const isOwn = metadata.namespace === namespace && metadata.labels?.[inferenceServiceLabel] === owner;
      return isOwn && isReadyPod(status);
    });
    const name = /^\/v[12]\/models\/([^/:]+)/.exec(path)?.[1] ?? '';
    const last = pods.at(-1);
    return last && { storageUri: toStorageUri(last), name };
  };

  /** One look of each controller. */
  turn(): void {
    this.#now += intervalMs;
    const services = this.#cluster.list('inferenceservices').filter(isStandard);
    if (!this.#paused.has('kserve')) for (const service of services) this.#reconcile(service);
    this.#collectGarbage(services);
    const deployments = this.#cluster.list('deployments').filter(isOurs);
    if (!this.#paused.has('deployments')) for (const deployment of deployments) this.#roll(deployment);
    if (!this.#paused.has('kubelet')) this.#runPods();
  }

  #reconcile(service: KubernetesObject): void {
    const { namespace, name, deletionTimestamp } = service.metadata;
    if (deletionTimestamp !== undefined) return;
    if (isStopped(service)) {
      for (const component of toComponents(service))
        for (const plural of ['deployments', 'services'])
          this.#cluster.remove(plural, namespace, toName(service, component));
      this.#writeStatus(service, toStoppedStatus(service));
      return;
    }
    const deployments: Partial<Record<ReturnType<typeof toComponents>[number], KubernetesObject>> = {};
    for (const component of toComponents(service)) {
      const live = this.#cluster.get('deployments', namespace, toName(service, component));
      // As far as the Deployment controller has come: KServe reads it before it writes.
      if (live !== undefined) deployments[component] = live;
      this.#apply(toDeployment(service, component, live, this.#options));
      this.#apply(toService(service, component, this.#options));
    }
    const { predictor } = deployments;
    const pods = predictor === undefined ? [] : listPods(this.#cluster, predictor).reverse();
    const status = toInferenceStatus({ service, deployments, pods });
    const isThere = this.#cluster.get('inferenceservices', namespace, name) !== undefined;
    if (status !== undefined && isThere) this.#writeStatus(service, status);
  }

  #apply(written: Written): void {
    this.#cluster.apply(written, manager);
  }

  #writeStatus(service: KubernetesObject, status: object): void {
    const { namespace, name } = service.metadata;
    if (!isDeepStrictEqual(JSON.parse(JSON.stringify(status)), service.status))
      this.#cluster.patchStatus('inferenceservices', namespace, name, status, manager);
  }

  /** What has lost its owner goes: first what KServe made, then the pods of Deployments. */
  #collectGarbage(services: readonly KubernetesObject[]): void {
    const owners = new Set(services.map(({ metadata }) => metadata.uid));
    for (const plural of ['deployments', 'services'])
      for (const object of this.#cluster.list(plural).filter(isOurs))
        if (!owners.has(object.metadata.ownerReferences?.[0]?.uid ?? ''))
          this.#cluster.remove(plural, object.metadata.namespace, object.metadata.name);
    const left = this.#cluster.list('deployments').map(({ metadata }) => metadata.uid);
    for (const { metadata } of this.#cluster.list('pods').filter(isOurs))
      if (!left.some((uid) => metadata.ownerReferences?.[0]?.uid.startsWith(uid)))
        this.#cluster.remove('pods', metadata.namespace, metadata.name);
  }

  #roll(deployment: KubernetesObject): void {
    const { uid, generation } = deployment.metadata;
    const pods = listPods(this.#cluster, deployment);
    const ready = pods.filter(({ status }) => isReadyPod(status)).length;
    const at = `${generation} ${valueAt(deployment.status, ['updatedReplicas'])} ${ready}`;
    const before = this.#progress.get(uid);
    const { since } = before?.at === at ? before : { since: this.#now };
    this.#progress.set(uid, { at, since });
    stepDeployment(this.#cluster, deployment, pods, this.#now - since);
  }

  #runPods(): void {
    const { loadMs, toFate } = this.#options;
    const now = this.#now;
    const lives = new Map<string, PodLife>();
    for (const pod of this.#cluster.list('pods').filter(isOurs)) {
      const { namespace, name, uid, labels } = pod.metadata;
      const owner = labels?.[inferenceServiceLabel] ?? '';
      const storageUri = toStorageUri(pod);
      const fate = this.#fates.get(`${namespace}/${owner}`) ?? toFate?.(storageUri, owner) ?? 'loads';
      const before = this.#lives.get(uid) ?? { fate, since: now };
      const life = before.fate === fate ? before : changeFate(before, fate, now, loadMs);
      lives.set(uid, life);
      const image = textAt(pod.spec, ['containers', 0, 'image']) ?? '';
      const status = toPodStatus(life, { storageUri, image }, now, loadMs);
      if (!isDeepStrictEqual(status, pod.status)) this.#cluster.patchStatus('pods', namespace, name, status, 'kubelet');
    }
    this.#lives = lives;
  }
}

function toStorageUri({ spec }: KubernetesObject): string {
  const [initializer] = (valueAt(spec, ['initContainers']) ?? []) as unknown[];
  return textAt(initializer, ['args', 0]) ?? '';
}

function isStandard({ metadata }: KubernetesObject): boolean {
  return ['Standard', 'RawDeployment'].includes(metadata.annotations?.['serving.kserve.io/deploymentMode'] ?? '');
}

function isOurs({ metadata }: KubernetesObject): boolean {
  return metadata.labels?.[inferenceServiceLabel] !== undefined;
}
