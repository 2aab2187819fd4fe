/**
 * A repository of 0.1.0 with an open mirror, and its cluster: whichever of plugin and watcher is upgraded
 * first, nothing is loaded again, and no mirror opens or closes. What 0.1.0 rendered and wrote is kept here
 * as its bytes.
 */
import test from 'ava';
import { parse } from 'yaml';
import { parseStatus } from '../../src/core/input/parse-document.ts';
import type { ModelStatus } from '../../src/core/input/schema.ts';
import { follow } from '../../src/core/observe/freshness.ts';
import { toKey, toLiveService } from '../../src/core/observe/live-object.ts';
import { observeModel } from '../../src/core/observe/observed-model.ts';
import { toStatusText } from '../../src/output/status-text.ts';
import { loaded, noPods, toRoute } from '../core/observe/live-objects.ts';
import { render, renderObjects } from '../core/render/memory-tree.ts';

const settleMs = 5000;
/** What 0.1.0 computed of these two specs. */
const digests = { 'wisdom-0': '4dff1e2479e26d244c754c8761af943b', 'wisdom-1': 'f1cd40b2883ae88c9494d0048f4cd610' };

const toModel = (secretKey: string) => `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata: {name: wisdom, namespace: modelmesh-serving}
spec:
  template:
    metadata: {annotations: {serving.kserve.io/deploymentMode: ModelMesh, serving.kserve.io/secretKey: ${secretKey}}}
    spec: {predictor: {model: {modelFormat: {name: sklearn}}}}
  primary: {version: v1, storageUri: "s3://models/wisdom/v1"}
  candidate: {version: v2, storageUri: "s3://models/wisdom/v2"}
`;

/** Its watcher's file, but for the candidate's state. The mirror is open while the candidate is Ready. */
const toOldStatus = (state: string) => `# Written by the model-mirror watcher. Do not edit.
apiVersion: model-mirror.dev/v1alpha1
kind: ModelStatus
metadata: {name: wisdom, namespace: modelmesh-serving}
status:
  primary: {name: wisdom-0, version: v1, digest: ${digests['wisdom-0']}, state: Ready}
  candidate: {name: wisdom-1, version: v2, digest: ${digests['wisdom-1']}, state: ${state}}
${state === 'Ready' ? '  mirror: {to: wisdom-1, percentage: 100}\n' : ''}`;

/** The routes of both hops, with the mirror open. */
const routes = new Map(
  [toRoute('wisdom', { percentage: 100 }), toRoute('wisdom-mirror', { to: 'wisdom-1' })].map((route) => {
    const live = { ...route, namespace: 'modelmesh-serving' };
    return [toKey(live), live];
  }),
);

/** An InferenceService, as far as KServe and the watcher look at it. */
interface Service {
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: object;
}

/** What 0.1.0 rendered. */
function toOldServices(): Service[] {
  return (['wisdom-0', 'wisdom-1'] as const).map((name, i) => ({
    metadata: {
      name,
      annotations: {
        'model-mirror.dev/digest': digests[name],
        'serving.kserve.io/deploymentMode': 'ModelMesh',
        'serving.kserve.io/secretKey': 'localMinIO',
      },
    },
    spec: { predictor: { model: { modelFormat: { name: 'sklearn' }, storageUri: `s3://models/wisdom/v${i + 1}` } } },
  }));
}

/** The plugin of this release → the InferenceServices, and the percentage that is mirrored. */
function renderNow(status: string, secretKey = 'localMinIO') {
  const files = { 'model.yaml': toModel(secretKey), 'status.yaml': status };
  const services = renderObjects(files)
    .filter(({ kind }) => kind === 'InferenceService')
    .map(
      ({ metadata: { name, annotations = {} }, spec }): Service => ({
        metadata: { name, annotations },
        spec: spec as object,
      }),
    );
  return { services, mirrored: render(files).rollouts[0]?.candidates[0]?.mirror.percentage };
}

/** The plugin of 0.1.0: whether it kept the mirror open. */
function isOpenIn010(status: string): boolean {
  const { candidate } = parse(status).status as { candidate?: { name: string; digest: string; state: string } };
  return candidate?.name === 'wisdom-1' && candidate.digest === digests['wisdom-1'] && candidate.state === 'Ready';
}

/** The watcher of this release, just started: each state of the cluster in turn → the status file. */
class WatcherNow {
  #memory = {};
  #services = new Map<string, ReturnType<typeof follow>>();
  #now = 0;
  status: string;

  constructor(status: string) {
    this.status = status;
  }

  /** Settled, whatever had to hold. @returns the state of the candidate. */
  look(services: readonly Service[], report = loaded): string {
    for (const { metadata, spec } of services) {
      // Written when the digest was: the API server's record does not help.
      const written = { manager: 'argocd-controller', time: '2026-01-01T00:01:00Z', fieldsV1: { 'f:spec': {} } };
      const stated = { manager: 'manager', time: '2026-01-01T00:00:01Z', subresource: 'status', fieldsV1: {} };
      const about = { ...metadata, namespace: 'modelmesh-serving', uid: metadata.name, generation: 3 };
      const live = toLiveService({ metadata: { ...about, managedFields: [written, stated] }, spec, status: report });
      this.#services.set(toKey(live), follow(this.#services.get(toKey(live)), live));
    }
    for (const wait of [0, settleMs]) {
      this.#now += wait;
      const { status, memory } = observeModel(
        { name: 'wisdom', namespace: 'modelmesh-serving', primary: 'wisdom-0', candidates: ['wisdom-1'] },
        { services: this.#services, routes, workloads: new Map() },
        readStatus(this.status),
        this.#memory,
        { now: this.#now, settleMs },
      );
      this.#memory = memory;
      this.status = toStatusText({ name: 'wisdom', namespace: 'modelmesh-serving', status });
    }
    return readStatus(this.status)?.candidates[0]?.state ?? '';
  }
}

function readStatus(text: string): ModelStatus['status'] | undefined {
  return parseStatus({ path: 'status.yaml', text }).value?.status;
}

/** All that ModelMesh looks at. */
function withoutDigest(services: readonly Service[]): Service[] {
  return services.map(({ metadata: { name, annotations }, spec }) => {
    const { 'model-mirror.dev/digest': _, ...others } = annotations;
    return { metadata: { name, annotations: others }, spec };
  });
}

const newForm = /^ {2}candidates:\n {4}- \{name: wisdom-1, .*, state: Ready, .*mirror: \{percentage: 100\}\}$/m;
const oldForm =
  /^ {2}candidate: \{name: wisdom-1, .*, state: Ready.*\}\n {2}mirror: \{to: wisdom-1, percentage: 100\}$/m;

test('the plugin first: it renders what 0.1.0 rendered, and the mirror stays open', (t) => {
  const { services, mirrored } = renderNow(toOldStatus('Ready'));
  t.deepEqual(services, toOldServices());
  t.is(mirrored, 100);
});

test('then the watcher: nothing is loaded again, and the mirror stays open at every step', (t) => {
  const watcher = new WatcherNow(toOldStatus('Ready'));
  t.is(watcher.look(renderNow(watcher.status).services), 'Ready');
  t.regex(watcher.status, oldForm, 'the live digests are those of 0.1.0');
  const now = renderNow(watcher.status);
  t.is(now.mirrored, 100);
  t.deepEqual(withoutDigest(now.services), withoutDigest(toOldServices()), 'the digest alone takes its new form');
  t.true(now.services.every(({ metadata }) => metadata.annotations['model-mirror.dev/digest']?.startsWith('d2-')));
  t.is(watcher.look(now.services), 'Ready');
  t.regex(watcher.status, newForm);
  t.is(renderNow(watcher.status).mirrored, 100);
  t.deepEqual(renderNow(watcher.status).services, now.services, 'and that is all');
  const { status } = watcher;
  t.is(watcher.look(now.services), 'Ready');
  t.is(watcher.status, status);
});

test('the watcher first: as long as the plugin is that of 0.1.0, it finds the form that it knows', (t) => {
  const watcher = new WatcherNow(toOldStatus('Ready'));
  for (let i = 0; i < 3; i++) {
    t.is(watcher.look(toOldServices()), 'Ready');
    t.true(isOpenIn010(watcher.status));
    t.regex(watcher.status, oldForm);
  }
  // Then the plugin.
  const now = renderNow(watcher.status);
  t.is(now.mirrored, 100);
  t.is(watcher.look(now.services), 'Ready');
  t.regex(watcher.status, newForm);
  t.is(renderNow(watcher.status).mirrored, 100);
});

test('0.1.0 shows that it reads no list: its plugin would close the mirror', (t) => {
  const watcher = new WatcherNow(toOldStatus('Ready'));
  watcher.look(toOldServices());
  watcher.look(renderNow(watcher.status).services);
  t.false(isOpenIn010(watcher.status));
});

test('a closed mirror stays closed, whichever is first', (t) => {
  for (const state of ['Pending', 'Loading', 'Failed', 'Stopped']) {
    const { services, mirrored } = renderNow(toOldStatus(state));
    t.is(mirrored, 0);
    t.deepEqual(services, toOldServices());
    const watcher = new WatcherNow(toOldStatus(state));
    t.is(watcher.look(toOldServices(), noPods), 'Pending');
    t.is(renderNow(watcher.status).mirrored, 0);
  }
});

test('an annotation that is changed with the upgrade: once the watcher has looked, it closes the mirror', (t) => {
  const watcher = new WatcherNow(toOldStatus('Ready'));
  watcher.look(toOldServices());
  t.is(renderNow(watcher.status, 'other').mirrored, 0, 'in the commit itself');
  t.is(watcher.look(renderNow(watcher.status, 'other').services), 'Pending');
});

test('an annotation that is changed before: the watcher that runs by then closes the mirror', (t) => {
  const watcher = new WatcherNow(toOldStatus('Ready'));
  watcher.look(toOldServices());
  t.is(watcher.look(renderNow(toOldStatus('Ready'), 'other').services), 'Pending');
  t.is(renderNow(watcher.status, 'other').mirrored, 0);
});

test('another spec is another spec, and gets a digest of this release at once', (t) => {
  const status = toOldStatus('Ready').replace(digests['wisdom-1'], '00000000000000000000000000000000');
  const { services, mirrored } = renderNow(status);
  t.is(mirrored, 0);
  t.regex(services[1]?.metadata.annotations['model-mirror.dev/digest'] ?? '', /^d2-f1cd40b2883ae88c9494d0048f4cd610-/);
});
