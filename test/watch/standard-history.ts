/**
 * What happens to the candidate of a model in Standard mode, by the fake of KServe: for each kind of object the stream of
 * its changes, as a watch brings it, and what was true meanwhile. The streams of different kinds are not ordered among
 * each other.
 */
import { textAt, valueAt } from '../../src/core/input/plain-value.ts';
import type { Live } from '../../src/core/observe/live-object.ts';
import { FakeKServeStandard } from '../../src/demo/fakes/kserve-standard/fake.ts';
import type { Fate } from '../../src/demo/fakes/kserve-standard/kubelet.ts';
import { isReadyPod } from '../../src/demo/fakes/kserve-standard/kubelet.ts';
import type { FakeKubernetes } from '../../src/demo/fakes/kubernetes/api.ts';
import type { KubernetesObject } from '../../src/demo/fakes/kubernetes/object.ts';
import { toKinds } from '../../src/io/kubernetes/object-lists.ts';

export const namespace = 'models';
export const name = 'wisdom-1';
const digestAnnotation = 'model-mirror.dev/digest';

/** What a candidate can be: its name is what it loads, and what its digest says. */
export type Kind = 'good' | 'better' | Exclude<Fate, 'loads'>;
const sourceAnnotation = 'internal.serving.kserve.io/storage-initializer-sourceuri';
const toUri = (kind: string) => `s3://models/${kind}`;
const toDigest = (kind: string) => `d2-${kind}`;
const toFate = (uri: string): Fate => (/good|better/.test(uri) ? 'loads' : (uri.slice('s3://models/'.length) as Fate));

export const kinds = toKinds(undefined).filter(({ plural }) =>
  ['inferenceservices', 'deployments', 'pods'].includes(plural),
);

export interface StreamEvent {
  /** When it happened. */
  readonly at: number;
  /** Undefined: the object is gone, or nothing of it needs to be kept. */
  readonly live: Live | undefined;
  readonly name: string;
}

export class StandardHistory {
  /** By kind, each in its order. */
  readonly streams: readonly { readonly kind: Live['kind']; readonly events: StreamEvent[] }[];
  readonly kserve: FakeKServeStandard;
  /** When all pods of an InferenceService, by its uid, first were of a digest, and one of them ready. */
  readonly #rolledOut = new Map<string, number>();
  readonly #cluster: FakeKubernetes;
  readonly #seen = new Map<string, string>();
  /** From where a version is loaded, by what is kept of its InferenceService or Deployment. */
  readonly #sources = new WeakMap<Live, string>();
  /** When the spec and the status of an object were written, by its uid. */
  readonly #written = new Map<string, Writes>();
  now = 0;

  constructor(cluster: FakeKubernetes) {
    this.#cluster = cluster;
    for (const plural of ['pods', 'deployments', 'services', 'inferenceservices'])
      for (const { metadata } of cluster.list(plural)) cluster.remove(plural, metadata.namespace, metadata.name);
    this.kserve = new FakeKServeStandard(cluster, { loadMs: 100, toFate, byHand: true });
    this.streams = kinds.map(({ kind }) => ({ kind, events: [] }));
  }

  get service(): ReturnType<FakeKubernetes['get']> {
    return this.#cluster.get('inferenceservices', namespace, name);
  }

  apply(kind: Kind, annotations: Readonly<Record<string, string>> = {}): void {
    this.#cluster.apply({
      apiVersion: 'serving.kserve.io/v1beta1',
      kind: 'InferenceService',
      metadata: {
        namespace,
        name,
        labels: { 'app.kubernetes.io/managed-by': 'model-mirror', 'app.kubernetes.io/name': 'wisdom' },
        annotations: {
          'serving.kserve.io/deploymentMode': 'Standard',
          [digestAnnotation]: toDigest(kind),
          ...annotations,
        },
      },
      spec: { predictor: { model: { modelFormat: { name: 'sklearn' }, storageUri: toUri(kind) } } },
    });
    this.#record();
  }

  /** Somebody edits the live InferenceService: its annotations stay. `apply` heals it, as Argo CD does. */
  edit(kind: Kind): void {
    if (this.service === undefined) return;
    this.#editByHand('serving.kserve.io/v1beta1', 'InferenceService', name, {
      predictor: { model: { storageUri: toUri(kind) } },
    });
  }

  /** Somebody edits the Deployment: its annotation with our digest stays. KServe heals it when it looks. */
  editDeployment(kind: Kind): void {
    if (this.#deployment === undefined) return;
    this.#editByHand('apps/v1', 'Deployment', `${name}-predictor`, {
      template: { metadata: { annotations: { [sourceAnnotation]: toUri(kind) } } },
    });
  }

  #editByHand(apiVersion: string, kind: string, own: string, spec: object): void {
    this.#cluster.apply({ apiVersion, kind, metadata: { namespace, name: own }, spec }, 'kubectl-edit');
    this.#record();
  }

  remove(): void {
    this.#cluster.remove('inferenceservices', namespace, name);
    this.#record();
  }

  /** As an autoscaler does. */
  scale(replicas: number): void {
    if (this.#deployment !== undefined) this.kserve.scale(namespace, `${name}-predictor`, replicas);
    this.#record();
  }

  /** How many are wanted. */
  get replicas(): unknown {
    return valueAt(this.#deployment, ['spec', 'replicas']);
  }

  get #deployment(): ReturnType<FakeKubernetes['get']> {
    return this.#cluster.get('deployments', namespace, `${name}-predictor`);
  }

  turn(times = 1): void {
    for (let i = 0; i < times; i++) {
      this.kserve.turn();
      this.#record();
    }
  }

  /** Whether it was so, at some moment until then. */
  wasRolledOut(uid: string, digest: string | undefined, until: number): boolean {
    return (this.#rolledOut.get(`${uid} ${digest}`) ?? Number.POSITIVE_INFINITY) <= until;
  }

  /** From where an InferenceService, or the pods of a Deployment, are loaded, as they were then. */
  sourceOf(live: Live | undefined): string | undefined {
    return live && this.#sources.get(live);
  }

  /**
   * Whether KServe has written the pod template since somebody last wrote the InferenceService. Otherwise it was edited and
   * healed before KServe looked, and nothing in the cluster tells this from a KServe that has not got to the last write.
   */
  get isProvable(): boolean {
    const [service, deployment] = [this.service, this.#deployment].map((one) =>
      this.#written.get(one?.metadata.uid ?? ''),
    );
    return service === undefined || deployment === undefined || deployment.spec.time >= service.spec.time;
  }

  /** By the pods themselves, whatever any status says: all load what the InferenceService asks for. */
  get isRolledOut(): boolean {
    const source = textAt(this.service, ['spec', 'predictor', 'model', 'storageUri']);
    const pods = this.#cluster.list('pods');
    return this.#hasItsDigest && pods.every(({ metadata }) => metadata.annotations?.[sourceAnnotation] === source);
  }

  /** All pods have its digest, and one of them is ready. */
  get #hasItsDigest(): boolean {
    const pods = this.#cluster.list('pods');
    const digest = this.service?.metadata.annotations?.[digestAnnotation];
    return (
      pods.length > 0 &&
      pods.every(({ metadata }) => metadata.annotations?.[digestAnnotation] === digest) &&
      pods.some(({ status }) => isReadyPod(status))
    );
  }

  #record(): void {
    this.now++;
    kinds.forEach(({ plural, toLive }, i) => {
      const { events = [] } = this.streams[i] ?? {};
      const objects = this.#cluster.list(plural);
      for (const object of objects) {
        const { name: own, uid, resourceVersion } = object.metadata;
        if (this.#seen.get(`${plural} ${own}`) === `${uid} ${resourceVersion}`) continue;
        this.#seen.set(`${plural} ${own}`, `${uid} ${resourceVersion}`);
        const live = toLive(this.#withTimes(object));
        const source =
          textAt(object, ['spec', 'predictor', 'model', 'storageUri']) ??
          textAt(object, ['spec', 'template', 'metadata', 'annotations', sourceAnnotation]);
        if (live !== undefined && source !== undefined) this.#sources.set(live, source);
        events.push({ at: this.now, live, name: own });
      }
      for (const key of this.#seen.keys()) {
        const own = key.slice(plural.length + 1);
        if (!key.startsWith(`${plural} `) || objects.some(({ metadata }) => metadata.name === own)) continue;
        this.#seen.delete(key);
        events.push({ at: this.now, live: undefined, name: own });
      }
    });
    // A Deployment that is made again has the uid of the new InferenceService.
    const owner = this.#deployment?.metadata.ownerReferences?.[0]?.uid;
    const uid = this.service?.metadata.uid;
    if (uid === undefined || owner !== uid || !this.#hasItsDigest) return;
    const key = `${uid} ${this.service?.metadata.annotations?.[digestAnnotation]}`;
    if (!this.#rolledOut.has(key)) this.#rolledOut.set(key, this.now);
  }

  /** With the times of the history: ten seconds for each of its steps, more than clocks may differ. */
  #withTimes(object: KubernetesObject): KubernetesObject {
    const { spec, status, metadata } = object;
    const text = (value: unknown) => JSON.stringify(value) ?? '';
    const own = text([valueAt(spec, ['template']) ?? spec, metadata.labels, metadata.annotations]);
    const before = this.#written.get(metadata.uid);
    const time = toTime(this.now);
    const writes: Writes = {
      created: before?.created ?? time,
      spec: before?.spec.text === own ? before.spec : { text: own, time },
      status: before?.status.text === text(status) ? before.status : { text: text(status), time },
    };
    this.#written.set(metadata.uid, writes);
    return {
      ...object,
      metadata: {
        ...metadata,
        creationTimestamp: writes.created,
        managedFields: (metadata.managedFields ?? []).map((entry) => ({
          ...entry,
          time: entry.subresource === 'status' ? writes.status.time : writes.spec.time,
        })),
      },
    };
  }
}

interface Writes {
  readonly created: string;
  readonly spec: { readonly text: string; readonly time: string };
  readonly status: { readonly text: string; readonly time: string };
}

function toTime(step: number): string {
  return new Date(Date.UTC(2026, 0, 1) + step * 10_000).toISOString().replace('.000', '');
}
