/**
 * What the fake writes is what was seen of the real manager 0.20.0: `test:kserve` compares them. Here is what must not get
 * lost of it, above all where the status is not what it seems.
 */
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { mapsAt, textAt, valueAt } from '../../../src/core/input/plain-value.ts';
import type { StandardOptions } from '../../../src/demo/fakes/kserve-standard/fake.ts';
import { FakeKServeStandard } from '../../../src/demo/fakes/kserve-standard/fake.ts';
import type { Fate } from '../../../src/demo/fakes/kserve-standard/kubelet.ts';
import type { FakeKubernetes } from '../../../src/demo/fakes/kubernetes/api.ts';
import { startKubernetes } from '../../../src/demo/fakes/kubernetes/api.ts';
import { fromStatus, toWords } from '../../e2e/kserve-status.ts';

const [namespace, name, loadMs] = ['models', 'wisdom-1', 200];
const good = 's3://models/good';
const better = 's3://models/better';

const pending = 'False InProgress /Pending';
const loading = 'False InProgress /Loading';
const justReady = 'True InProgress /Pending';
const loaded = 'True UpToDate Loaded/Loaded';
const failed = 'False BlockedByFailedLoad /FailedToLoad ModelLoadFailed';

interface Shape {
  readonly storageUri?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly predictor?: object;
  readonly more?: object;
}

class Scene {
  readonly cluster: FakeKubernetes;
  readonly kserve: FakeKServeStandard;
  /** Each status of the InferenceService that differs in words from the one before. */
  readonly #seen: string[] = [];
  #last = '';

  constructor(cluster: FakeKubernetes, kserve: FakeKServeStandard) {
    this.cluster = cluster;
    this.kserve = kserve;
    const patchStatus = cluster.patchStatus.bind(cluster);
    cluster.patchStatus = (plural, ...rest) => {
      const report = plural === 'inferenceservices' ? fromStatus(rest[2]) : undefined;
      const words = report && toWords(report);
      if (words !== undefined && words !== this.#last) this.#seen.push(words);
      this.#last = words ?? this.#last;
      return patchStatus(plural, ...rest);
    };
  }

  apply({ storageUri = good, annotations = {}, predictor = {}, more = {} }: Shape = {}): void {
    this.cluster.apply({
      apiVersion: 'serving.kserve.io/v1beta1',
      kind: 'InferenceService',
      metadata: {
        namespace,
        name,
        annotations: { 'serving.kserve.io/deploymentMode': 'Standard', ...annotations },
      },
      spec: { predictor: { model: { modelFormat: { name: 'sklearn' }, storageUri }, ...predictor }, ...more },
    });
  }

  /** Plays until something is so. */
  until(isSo: () => unknown, what: () => string): void {
    for (let turns = 0; !isSo(); turns++) {
      if (turns > 1000) throw new Error(`never: ${what()}`);
      this.kserve.turn();
    }
  }

  /** Plays until these are the words, and takes all up to them. */
  untilWords(words: string): string[] {
    this.until(
      () => this.#seen.at(-1) === words,
      () => `${words}, after ${this.#seen.slice(-4)}`,
    );
    return this.#seen.splice(0);
  }

  play(turns: number): void {
    for (let i = 0; i < turns; i++) this.kserve.turn();
  }

  take(): string[] {
    return this.#seen.splice(0);
  }

  get service(): unknown {
    return this.cluster.get('inferenceservices', namespace, name);
  }

  deployment(component = 'predictor'): unknown {
    return this.cluster.get('deployments', namespace, `${name}-${component}`);
  }

  get pods(): unknown[] {
    return this.cluster.list('pods');
  }

  condition(type: string, of: unknown = this.service): unknown {
    const found = mapsAt(of, ['status', 'conditions']).find((one) => one['type'] === type);
    return `${found?.['status']} ${found?.['reason'] ?? ''}`.trim();
  }

  get rollout(): unknown {
    const count = (field: string) => valueAt(this.deployment(), ['status', field]) ?? 0;
    return ['replicas', 'updatedReplicas', 'availableReplicas', 'unavailableReplicas'].map(count).join('/');
  }
}

async function start(t: ExecutionContext, options: Partial<StandardOptions> = {}): Promise<Scene> {
  const cluster = await startKubernetes();
  const kserve = new FakeKServeStandard(cluster, { loadMs, byHand: true, ...options });
  t.teardown(async () => {
    kserve.stop();
    await cluster.close();
  });
  return new Scene(cluster, kserve);
}

async function startLoaded(t: ExecutionContext, options: Partial<StandardOptions> = {}): Promise<Scene> {
  const scene = await start(t, options);
  scene.apply();
  scene.untilWords(loaded);
  scene.until(
    () => scene.rollout === '1/1/1/0',
    () => `the rollout is over: ${scene.rollout}`,
  );
  return scene;
}

const ends = (uri: string, fate: Fate) => (storageUri: string) => (storageUri === uri ? fate : undefined);

test('a first version: pending, loading, Ready while its model is still Pending, then Loaded', async (t) => {
  const scene = await start(t);
  scene.apply();
  t.deepEqual(scene.untilWords(loaded), [pending, loading, pending, justReady, loaded]);
  t.is(scene.condition('PredictorReady'), 'True NewReplicaSetAvailable');
  t.is(valueAt(scene.service, ['status', 'modelStatus', 'copies', 'totalCopies']), 1);
});

test('what it makes: names, selectors, owners, and the labels and annotations of the InferenceService', async (t) => {
  const scene = await startLoaded(t);
  scene.apply({ annotations: { 'model-mirror.dev/digest': 'd1' }, predictor: { labels: { team: 'a' } } });
  const template = ['spec', 'template', 'metadata'];
  scene.until(
    () => textAt(scene.deployment(), [...template, 'annotations', 'model-mirror.dev/digest']) === 'd1',
    () => 'the digest is copied',
  );
  t.like(valueAt(scene.deployment(), [...template, 'labels']), {
    app: 'isvc.wisdom-1-predictor',
    component: 'predictor',
    team: 'a',
    'serving.kserve.io/inferenceservice': name,
  });
  t.is(
    valueAt(scene.deployment(), ['metadata', 'ownerReferences', 0, 'uid']),
    valueAt(scene.service, ['metadata', 'uid']),
  );
  t.deepEqual(valueAt(scene.cluster.get('services', namespace, 'wisdom-1-predictor'), ['spec']), {
    selector: { app: 'isvc.wisdom-1-predictor' },
    ports: [{ name: 'wisdom-1-predictor', port: 80, targetPort: 8080, protocol: 'TCP' }],
  });
});

test('the first declared port is port 80, and gRPC is declared by its name', async (t) => {
  const scene = await start(t);
  const ports = [
    { name: 'http', containerPort: 8080 },
    { name: 'h2c', containerPort: 9000 },
  ];
  scene.apply({ predictor: { model: { modelFormat: { name: 'sklearn' }, storageUri: good, ports } } });
  scene.untilWords(loaded);
  t.deepEqual(valueAt(scene.cluster.get('services', namespace, 'wisdom-1-predictor'), ['spec', 'ports']), [
    { name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' },
    { name: 'h2c', port: 9000, targetPort: 9000, protocol: 'TCP', appProtocol: 'kubernetes.io/h2c' },
  ]);
});

test('a storage initializer that fails: while it runs again no status is written, and the failure stays', async (t) => {
  const scene = await start(t);
  scene.kserve.setFate(namespace, name, 'initializer-fails');
  scene.apply();
  t.deepEqual(scene.untilWords(failed), [pending, loading, failed]);
  scene.until(
    () => valueAt(scene.pods[0], ['status', 'initContainerStatuses', 0, 'restartCount']) === 1,
    () => 'it runs again',
  );
  t.deepEqual(scene.take(), []);
  scene.kserve.setFate(namespace, name, undefined);
  const over = `${loaded} ModelLoadFailed`;
  t.is(scene.untilWords(over).at(-1), over, 'lastFailureInfo is never cleared');
});

for (const fate of ['unschedulable', 'has-no-image', 'hangs'] as const)
  test(`a first version that is ${fate} looks like one that loads`, async (t) => {
    const scene = await start(t);
    scene.kserve.setFate(namespace, name, fate);
    scene.apply();
    scene.until(
      () => scene.condition('Available', scene.deployment()) === 'False MinimumReplicasUnavailable',
      () => 'the Deployment has a status',
    );
    scene.play(10);
    t.true(scene.take().every((words) => words === pending || words === loading));
    t.is(scene.condition('Ready'), 'False Predictor ingress not created');
  });

test('a server that crashes at once has failed; one that is killed for memory only when it waits for its restart', async (t) => {
  const scene = await start(t);
  scene.kserve.setFate(namespace, name, 'crashes');
  scene.apply();
  t.is(scene.untilWords(failed).at(-1), failed);
  const other = await start(t);
  other.kserve.setFate(namespace, name, 'runs-out-of-memory');
  other.apply();
  other.until(
    () => valueAt(other.pods[0], ['status', 'containerStatuses', 0, 'state', 'terminated', 'reason']) === 'OOMKilled',
    () => 'it is killed',
  );
  t.false(other.take().includes(failed));
  other.untilWords(failed);
  t.is(valueAt(other.service, ['status', 'modelStatus', 'lastFailureInfo', 'exitCode']), 137);
});

for (const fate of ['crashes', 'has-no-image', 'unschedulable'] as const)
  test(`an update that ${fate} is Ready and UpToDate all along; only the Deployment tells`, async (t) => {
    const scene = await startLoaded(t, { toFate: ends(better, fate) });
    const before = valueAt(scene.service, ['status', 'observedGeneration']) as number;
    scene.apply({ storageUri: better });
    scene.until(
      () => scene.rollout === '2/1/1/1',
      () => `a pod beside the old one: ${scene.rollout}`,
    );
    scene.play(20);
    const downloads = 'True InProgress Loaded/Loading';
    t.deepEqual(scene.take(), fate === 'unschedulable' ? [] : [downloads, loaded]);
    t.is(scene.condition('Ready'), 'True');
    t.is(scene.condition('PredictorReady'), 'True MinimumReplicasAvailable');
    t.is(scene.condition('Progressing', scene.deployment()), 'True ReplicaSetUpdated');
    t.is(valueAt(scene.service, ['status', 'observedGeneration']), before + 1);
    t.is(scene.rollout, '2/1/1/1');
  });

test('an update that makes no progress fails after the deadline, while the old pod serves on', async (t) => {
  const scene = await startLoaded(t, { toFate: ends(better, 'crashes'), progressDeadlineSeconds: 0.5 });
  scene.apply({ storageUri: better });
  scene.untilWords('False BlockedByFailedLoad Loaded/FailedToLoad ModelLoadFailed');
  t.is(scene.condition('PredictorReady'), 'False ProgressDeadlineExceeded');
  t.is(scene.rollout, '2/1/1/1');
});

test('a label rolls the pods, though the generation stays', async (t) => {
  const scene = await startLoaded(t);
  const [before] = scene.pods;
  scene.apply({ annotations: { 'example.com/note': 'x' } });
  scene.until(
    () => scene.pods.length === 2,
    () => 'a second pod comes first',
  );
  scene.until(
    () =>
      scene.rollout === '1/1/1/0' &&
      !scene.pods.some((pod) => textAt(pod, ['metadata', 'name']) === textAt(before, ['metadata', 'name'])),
    () => 'then the first goes',
  );
  t.is(valueAt(scene.service, ['metadata', 'generation']), 1);
  t.is(valueAt(scene.service, ['status', 'observedGeneration']), 2);
});

test('an annotation that pods do not get rolls nothing', async (t) => {
  const scene = await startLoaded(t, { disallowedAnnotations: ['model-mirror.dev/digest'] });
  scene.apply({ annotations: { 'model-mirror.dev/digest': 'd2' } });
  scene.play(5);
  t.is(valueAt(scene.deployment(), ['metadata', 'generation']), 1);
  t.is(
    valueAt(scene.deployment(), ['spec', 'template', 'metadata', 'annotations', 'model-mirror.dev/digest']),
    undefined,
  );
});

test('stopped: the status is emptied, and what served is gone; and back', async (t) => {
  const scene = await startLoaded(t);
  scene.apply({ annotations: { 'serving.kserve.io/stop': 'true' } });
  scene.until(
    () => scene.pods.length === 0,
    () => 'its pods are gone',
  );
  t.is(scene.condition('Stopped'), 'True');
  t.is(scene.condition('Ready'), 'False Stopped');
  t.is(valueAt(scene.service, ['status', 'modelStatus']), undefined);
  t.is(valueAt(scene.service, ['status', 'observedGeneration']), undefined);
  for (const plural of ['deployments', 'services']) t.deepEqual(scene.cluster.list(plural), []);
  scene.apply();
  t.deepEqual(scene.untilWords(loaded).at(-1), loaded);
  t.is(scene.condition('Stopped'), 'False');
});

test('scaled to zero it stays Ready; and back', async (t) => {
  const scene = await startLoaded(t);
  scene.kserve.scale(namespace, `${name}-predictor`, 0);
  t.is(scene.untilWords('True InProgress Loaded/Pending').at(-1), 'True InProgress Loaded/Pending');
  t.is(scene.rollout, '0/0/0/0');
  scene.kserve.scale(namespace, `${name}-predictor`, 1);
  scene.untilWords(loaded);
  scene.until(
    () => scene.rollout === '1/1/1/0',
    () => 'one pod again',
  );
});

test('with a transformer both must be ready, and calls go to it', async (t) => {
  const scene = await start(t);
  const transformer = { containers: [{ name: 'kserve-container', image: 'example.com/transformer' }] };
  scene.apply({ more: { transformer } });
  scene.untilWords(loaded);
  t.is(scene.condition('TransformerReady'), 'True NewReplicaSetAvailable');
  t.is(scene.pods.length, 2);
  t.is(valueAt(scene.service, ['status', 'address', 'url']), 'http://wisdom-1-transformer.models.svc.cluster.local');
});

test('a controller that is paused lags behind: the Deployment has not seen the new spec', async (t) => {
  const scene = await startLoaded(t);
  scene.kserve.pause('deployments');
  scene.apply({ storageUri: better });
  scene.until(
    () => valueAt(scene.deployment(), ['metadata', 'generation']) === 2,
    () => 'KServe has written the Deployment',
  );
  scene.play(5);
  t.is(valueAt(scene.deployment(), ['status', 'observedGeneration']), 1);
  t.is(scene.rollout, '1/1/1/0', 'the numbers are those of the spec before');
  scene.kserve.resume('deployments');
  scene.until(
    () => valueAt(scene.deployment(), ['status', 'observedGeneration']) === 2,
    () => 'it is seen',
  );
});

test('deleted by hand, a Deployment and a pod come back; an InferenceService takes all with it', async (t) => {
  const scene = await startLoaded(t);
  for (const plural of ['pods', 'deployments']) {
    const [first] = scene.cluster.list(plural);
    scene.cluster.remove(plural, namespace, first?.metadata.name ?? '');
    scene.until(
      () => ![undefined, first?.metadata.uid].includes(scene.cluster.list(plural)[0]?.metadata.uid),
      () => `${plural} are back`,
    );
    scene.until(
      () => scene.rollout === '1/1/1/0' && scene.pods.length === 1,
      () => `it is complete again: ${scene.rollout}`,
    );
  }
  scene.cluster.remove('inferenceservices', namespace, name);
  scene.until(
    () => ['deployments', 'services', 'pods'].every((plural) => scene.cluster.list(plural).length === 0),
    () => 'all is gone',
  );
  t.pass();
});

test('a third spec while the second crashes: the oldest broken pod makes room', async (t) => {
  const scene = await startLoaded(t, { toFate: ends(better, 'crashes') });
  scene.apply({ storageUri: better });
  scene.until(
    () => scene.rollout === '2/1/1/1',
    () => 'the second',
  );
  scene.apply({ storageUri: 's3://models/best' });
  scene.until(
    () => scene.rollout === '1/1/1/0',
    () => `the third: ${scene.rollout}`,
  );
  t.is(scene.pods.length, 1);
});

test('what is not in Standard mode is left alone', async (t) => {
  const scene = await start(t);
  scene.apply({ annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh' } });
  scene.play(5);
  t.deepEqual(scene.cluster.list('deployments'), []);
  t.is(valueAt(scene.service, ['status']), undefined);
});
