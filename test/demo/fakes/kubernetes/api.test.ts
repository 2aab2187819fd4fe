/** The protocol, over HTTP: the same tests check the fake and, by `npm run test:api`, a real kube-apiserver. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import type { Response } from 'undici';
import { startKubernetes } from '../../../../src/demo/fakes/kubernetes/api.ts';
import type { ManagedFields } from '../../../../src/demo/fakes/kubernetes/managed-fields.ts';
import type { KubernetesObject, Written } from '../../../../src/demo/fakes/kubernetes/object.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { startApi, toPath } from './api-under-test.ts';

interface List {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly KubernetesObject[];
}

interface Status {
  readonly kind: string;
  readonly apiVersion: string;
  readonly status: string;
  readonly reason: string;
  readonly code: number;
  readonly message: string;
}

interface WatchEvent {
  readonly type: string;
  readonly object: KubernetesObject & Status;
}

const routes = 'virtualservices';
const services = 'inferenceservices';

let api: ApiUnderTest;
test.before(async (t) => {
  t.timeout(600_000);
  api = await startApi();
});
test.after.always(() => api?.close());

/** A label of its own keeps the objects of a test apart from those of others. */
function toRoute(name: string, test: string, labels: Readonly<Record<string, string>> = {}): Written {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name, namespace: 'models', labels: { test, ...labels } },
    spec: { hosts: [name] },
  };
}

function toService(name: string): Written {
  const predictor = { model: { modelFormat: { name: 'sklearn' }, storageUri: 's3://models/a' } };
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { name, namespace: 'models' },
    spec: { predictor },
  };
}

function toQuery(query: Readonly<Record<string, string>>): string {
  return new URLSearchParams(query).toString();
}

async function list(path: string, query: Readonly<Record<string, string>> = {}): Promise<List> {
  const response = await api.fetch(`${path}?${toQuery(query)}`);
  return (await response.json()) as List;
}

async function send(method: string, path: string, body?: unknown, contentType = 'application/json') {
  const headers = { 'content-type': contentType };
  const response = await api.fetch(path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { code: response.status, body: (await response.json()) as KubernetesObject & Status };
}

const patch = (path: string, body: unknown, type = 'merge') =>
  send('PATCH', path, body, type === 'apply' ? 'application/apply-patch+yaml' : `application/${type}-patch+json`);

function isStatus(t: ExecutionContext, answer: { code: number; body: Status }, code: number, reason: string): void {
  const { kind, apiVersion, status } = answer.body;
  t.like({ answered: answer.code, ...answer.body }, { answered: code, code, reason });
  t.deepEqual({ kind, apiVersion, status }, { kind: 'Status', apiVersion: 'v1', status: 'Failure' });
  t.not(answer.body.message, '');
}

/** An open watch; it ends with the test. */
class Watch {
  readonly #events: AsyncGenerator<WatchEvent>;
  /** It would be cancelled if nobody held it. */
  readonly response: Response;

  constructor(response: Response) {
    this.response = response;
    this.#events = read(response.body as AsyncIterable<Uint8Array>);
  }

  static async open(t: ExecutionContext, path: string, query: Readonly<Record<string, string>>): Promise<Watch> {
    const end = new AbortController();
    t.teardown(() => end.abort());
    const response = await api.fetch(`${path}?${toQuery({ watch: 'true', ...query })}`, { signal: end.signal });
    t.is(response.status, 200);
    return new Watch(response);
  }

  async next(): Promise<WatchEvent> {
    const { value, done } = await this.#events.next();
    if (done) throw new Error('the watch has ended');
    return value as WatchEvent;
  }

  async take(count: number): Promise<WatchEvent[]> {
    const events: WatchEvent[] = [];
    while (events.length < count) events.push(await this.next());
    return events;
  }

  async rest(): Promise<WatchEvent[]> {
    const events: WatchEvent[] = [];
    for await (const event of this.#events) events.push(event);
    return events;
  }
}

async function* read(body: AsyncIterable<Uint8Array>): AsyncGenerator<WatchEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as WatchEvent;
  }
}

const toName = ({ metadata }: KubernetesObject) => metadata.name;
const toSummary = ({ type, object }: WatchEvent) => `${type} ${toName(object)}`;
const selector = (test: string) => ({ labelSelector: `test=${test}` });

function entryOf({ metadata }: KubernetesObject, manager: string, subresource?: string): ManagedFields | undefined {
  return metadata.managedFields?.find((entry) => entry.manager === manager && entry.subresource === subresource);
}

async function nextSecond(): Promise<void> {
  await sleep(1010 - (Date.now() % 1000));
}

test('all pages of a list show the same version, sorted, with the number of remaining items', async (t) => {
  const names = ['p-1', 'p-2', 'p-3', 'p-4', 'p-5', 'p-6', 'p-7'];
  const path = toPath(routes, 'others');
  for (const name of [...names].reverse()) {
    const route = toRoute(name, 'pages');
    await api.apply({ ...route, metadata: { ...route.metadata, namespace: 'others' } });
  }
  const first = await list(path, { limit: '3' });
  await api.remove(routes, 'others', 'p-5');
  await patch(toPath(routes, 'others', 'p-6'), { spec: { hosts: ['later'] } });
  const second = await list(path, { limit: '3', continue: first.metadata.continue ?? '' });
  const third = await list(path, { limit: '3', continue: second.metadata.continue ?? '' });
  t.deepEqual(
    [first, second, third].map(({ items }) => items.map(toName)),
    [names.slice(0, 3), names.slice(3, 6), ['p-7']],
  );
  t.deepEqual(
    [first, second, third].map(({ metadata }) => metadata.remainingItemCount),
    [4, 1, undefined],
  );
  t.is(new Set([first, second, third].map(({ metadata }) => metadata.resourceVersion)).size, 1);
  t.deepEqual(second.items[2]?.spec, { hosts: ['p-6'] });
  t.falsy(third.metadata.continue);
  t.like(first, { kind: 'VirtualServiceList', apiVersion: 'networking.istio.io/v1' });
  const selected = await list(toPath(routes), { limit: '2', ...selector('pages') });
  t.deepEqual(selected.items.map(toName), ['p-1', 'p-2']);
  t.is(selected.metadata.remainingItemCount, undefined);
  t.truthy(selected.metadata.continue);
  isStatus(t, await send('GET', `${path}?limit=2&continue=nonsense`), 400, 'BadRequest');
  isStatus(t, await send('GET', `${path}?limit=two`), 400, 'BadRequest');
  isStatus(t, await send('GET', `${path}?resourceVersion=abc`), 400, 'BadRequest');
  isStatus(t, await send('GET', `${path}?resourceVersion=9999999999`), 504, 'Timeout');
});

test('a label selector matches by equality and by presence', async (t) => {
  await api.apply(toRoute('s-1', 'pick', { tier: 'a' }));
  await api.apply(toRoute('s-2', 'pick', { tier: 'b' }));
  await api.apply(toRoute('s-3', 'pick'));
  const pick = async (more: string) =>
    (await list(toPath(routes, 'models'), { labelSelector: `test=pick,${more}` })).items.map(toName).join(' ');
  t.is(await pick('tier=a'), 's-1');
  t.is(await pick('tier==b'), 's-2');
  t.is(await pick('tier!=a'), 's-2 s-3');
  t.is(await pick('tier'), 's-1 s-2');
  t.is(await pick('!tier'), 's-3');
  t.is(await pick('tier=a,tier!=b'), 's-1');
  t.is(await pick('tier='), '');
  isStatus(t, await send('GET', `${toPath(routes)}?labelSelector=a%3Db%3Dc`), 400, 'BadRequest');
});

test('what does not exist is 404', async (t) => {
  isStatus(t, await send('GET', toPath(routes, 'models', 'nobody')), 404, 'NotFound');
  isStatus(t, await send('DELETE', toPath(routes, 'models', 'nobody')), 404, 'NotFound');
  isStatus(t, await patch(toPath(routes, 'models', 'nobody'), {}), 404, 'NotFound');
  t.is((await api.fetch('/apis/networking.istio.io/v1/nothings')).status, 404);
  t.is((await api.fetch('/apis/nobody.example.com/v1/virtualservices')).status, 404);
});

test('a watch from the version of a list shows each later change once, in order', async (t) => {
  await api.apply(toRoute('w-1', 'watch'));
  await api.apply(toRoute('w-2', 'watch'));
  const path = toPath(routes, 'models');
  const { metadata, items } = await list(path, selector('watch'));
  t.is(items.length, 2);
  const change = (name: string, host: string) => patch(toPath(routes, 'models', name), { spec: { hosts: [host] } });
  await change('w-1', 'before');
  const watch = await Watch.open(t, path, { resourceVersion: metadata.resourceVersion, ...selector('watch') });
  await change('w-1', 'after');
  await api.apply(toRoute('w-3', 'watch'));
  await api.apply(toRoute('other', 'not-this'));
  await api.remove(routes, 'models', 'w-2');
  await api.patchStatus(routes, 'models', 'w-1', { seen: true });
  const events = await watch.take(5);
  t.deepEqual(events.map(toSummary), ['MODIFIED w-1', 'MODIFIED w-1', 'ADDED w-3', 'DELETED w-2', 'MODIFIED w-1']);
  const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
  t.deepEqual(
    versions,
    [...new Set(versions)].sort((a, b) => a - b),
  );
  t.true((versions[0] ?? 0) > Number(metadata.resourceVersion));
  // From the middle on, the rest comes again.
  const again = await Watch.open(t, path, { resourceVersion: String(versions[2]), ...selector('watch') });
  t.deepEqual(await again.take(2), events.slice(3));
});

test('a watch from version 0, or without one, begins with the existing objects', async (t) => {
  await api.apply(toRoute('z-1', 'zero'));
  await api.apply(toRoute('z-2', 'zero'));
  for (const from of [{}, { resourceVersion: '0' }]) {
    const watch = await Watch.open(t, toPath(routes), { ...from, ...selector('zero') });
    t.deepEqual((await watch.take(2)).map(toSummary).sort(), ['ADDED z-1', 'ADDED z-2']);
    await patch(toPath(routes, 'models', 'z-1'), { spec: { hosts: [`${Math.random()}`] } });
    t.is(toSummary(await watch.next()), 'MODIFIED z-1');
  }
});

test('in a watch with a selector, an object that no longer matches is deleted, and one that starts to match is added', async (t) => {
  await api.apply(toRoute('l-1', 'labels', { on: 'yes' }));
  const path = toPath(routes, 'models');
  const query = { labelSelector: 'test=labels,on=yes' };
  const { metadata } = await list(path, query);
  const watch = await Watch.open(t, path, { resourceVersion: metadata.resourceVersion, ...query });
  const one = toPath(routes, 'models', 'l-1');
  const { body: off } = await patch(one, { metadata: { labels: { on: 'no' } } });
  await patch(one, { spec: { hosts: ['unseen'] } });
  await patch(one, { metadata: { labels: { on: 'yes' } } });
  await patch(one, { spec: { hosts: ['seen'] } });
  await api.remove(routes, 'models', 'l-1');
  const events = await watch.take(4);
  t.deepEqual(
    events.map(({ type }) => type),
    ['DELETED', 'ADDED', 'MODIFIED', 'DELETED'],
  );
  // What is gone is shown as it last matched, at the version of its end.
  t.is(events[0]?.object.metadata.labels?.['on'], 'yes');
  t.is(events[0]?.object.metadata.resourceVersion, off.metadata.resourceVersion);
});

test('a watch with bookmarks ends with one at its timeout', async (t) => {
  await api.apply(toRoute('b-1', 'bookmark'));
  const path = toPath(routes, 'models');
  const { metadata } = await list(path, selector('bookmark'));
  const query = { resourceVersion: metadata.resourceVersion, timeoutSeconds: '3', ...selector('bookmark') };
  const [marked, plain] = await Promise.all([
    Watch.open(t, path, { ...query, allowWatchBookmarks: 'true' }),
    Watch.open(t, path, query),
  ]);
  const events = await marked.rest();
  t.true(events.length > 0);
  for (const { type, object } of events) {
    t.is(type, 'BOOKMARK');
    t.like(object, { kind: 'VirtualService', apiVersion: 'networking.istio.io/v1' });
    t.true(Number(object.metadata.resourceVersion) >= Number(metadata.resourceVersion));
    t.is(object.spec, undefined);
  }
  t.deepEqual(await plain.rest(), []);
});

test('Deployments and Pods: their paths, their lists and their errors', async (t) => {
  const labels = { app: 'built-in' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'server', image: 'example.com/server' }] } };
  const metadata = { name: 'built-in', namespace: 'models', labels: { test: 'built-in' } };
  const spec = { replicas: 0, selector: { matchLabels: labels }, template };
  await api.apply({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec });
  await api.apply({ apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec });
  for (const [plural, kind, apiVersion, resource] of [
    ['deployments', 'Deployment', 'apps/v1', 'deployments.apps'],
    ['pods', 'Pod', 'v1', 'pods'],
  ] as const) {
    const path = toPath(plural, 'models');
    const found = await list(path, selector('built-in'));
    t.like(found, { kind: `${kind}List`, apiVersion });
    t.deepEqual(found.items.map(toName), ['built-in']);
    const { resourceVersion = '' } = found.items[0]?.metadata ?? {};
    const watch = await Watch.open(t, path, { ...selector('built-in'), resourceVersion });
    await patch(toPath(plural, 'models', 'built-in'), { metadata: { annotations: { note: 'x' } } });
    t.is(toSummary(await watch.next()), 'MODIFIED built-in');
    const missing = await send('GET', toPath(plural, 'models', 'nothing'));
    isStatus(t, missing, 404, 'NotFound');
    t.is(missing.body.message, `${resource} "nothing" not found`);
  }
  await api.patchStatus('deployments', 'models', 'built-in', { observedGeneration: 1 });
  const scaled = await patch(toPath('deployments', 'models', 'built-in'), { spec: { replicas: 1 } });
  t.like(scaled.body, { status: { observedGeneration: 1 }, metadata: { generation: 3 } }, 'an annotation counts too');
});

test('an existing object cannot be created', async (t) => {
  const path = toPath(routes, 'models');
  const { code, body } = await send('POST', path, { ...toRoute('c-1', 'create'), status: { ignored: true } });
  t.is(code, 201);
  t.like(body.metadata, { name: 'c-1', namespace: 'models', generation: 1 });
  t.false('status' in body);
  t.regex(body.metadata.uid, /^[0-9a-f-]{36}$/);
  t.regex(body.metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  isStatus(t, await send('POST', path, toRoute('c-1', 'create')), 409, 'AlreadyExists');
  isStatus(t, await send('POST', path, { ...toRoute('c-2', 'create'), kind: 'Gateway' }), 422, 'Invalid');
  const older = { ...toRoute('c-2', 'create'), apiVersion: 'networking.istio.io/v1beta1' };
  isStatus(t, await send('POST', path, older), 400, 'BadRequest');
  const elsewhere = { ...toRoute('c-2', 'create'), metadata: { name: 'c-2', namespace: 'others' } };
  isStatus(t, await send('POST', path, elsewhere), 400, 'BadRequest');
});

test('a write to an outdated version is refused', async (t) => {
  const path = toPath(routes, 'models', 'v-1');
  const { metadata, ...rest } = await api.apply(toRoute('v-1', 'conflict'));
  const { code, body } = await send('PUT', path, { ...rest, metadata, spec: { hosts: ['two'] } });
  t.is(code, 200);
  t.deepEqual(body.spec, { hosts: ['two'] });
  isStatus(t, await send('PUT', path, { ...rest, metadata, spec: { hosts: ['three'] } }), 409, 'Conflict');
  const { resourceVersion, ...unversioned } = metadata;
  isStatus(t, await send('PUT', path, { ...rest, metadata: unversioned }), 422, 'Invalid');
  isStatus(t, await patch(path, { metadata: { resourceVersion }, spec: { hosts: ['three'] } }), 409, 'Conflict');
  isStatus(t, await patch(path, { metadata: { uid: 'of-another' } }), 422, 'Invalid');
  const another = { ...metadata, resourceVersion: body.metadata.resourceVersion, uid: 'of-another' };
  isStatus(t, await send('PUT', path, { ...rest, metadata: another }), 409, 'Conflict');
  isStatus(t, await patch(path, { metadata: { name: 'v-2' } }), 400, 'BadRequest');
  const other = { ...rest, metadata: { ...metadata, name: 'v-2' } };
  isStatus(t, await send('PUT', path, other), 400, 'BadRequest');
  t.deepEqual((await api.get(routes, 'models', 'v-1'))?.spec, { hosts: ['two'] });
});

test('JSON patches and merge patches follow their standards', async (t) => {
  const path = toPath(routes, 'models', 'j-1');
  await api.apply(toRoute('j-1', 'patch', { gone: 'soon' }));
  const operations = [
    { op: 'test', path: '/spec/hosts/0', value: 'j-1' },
    { op: 'add', path: '/spec/hosts/-', value: 'second' },
    { op: 'remove', path: '/metadata/labels/gone' },
  ];
  const { code, body } = await patch(path, operations, 'json');
  t.is(code, 200);
  t.deepEqual(body.spec, { hosts: ['j-1', 'second'] });
  t.deepEqual(body.metadata.labels, { test: 'patch' });
  isStatus(t, await patch(path, [{ op: 'test', path: '/spec/hosts/0', value: 'x' }], 'json'), 422, 'Invalid');
  t.is((await patch(path, [{ op: 'remove', path: '/spec/nothing' }], 'json')).code, 422);
  const merged = await patch(path, {
    metadata: { labels: { a: 'b' }, annotations: { c: 'd' } },
    spec: { hosts: null },
  });
  t.deepEqual(merged.body.metadata.labels, { test: 'patch', a: 'b' });
  t.deepEqual(merged.body.metadata.annotations, { c: 'd' });
  t.deepEqual(merged.body.spec, {});
  t.is((await send('PATCH', path, {}, 'application/strategic-merge-patch+json')).code, 415);
});

test('the status and the rest are written separately, and only the rest increases the generation', async (t) => {
  await api.apply(toService('g-1'));
  const path = toPath(services, 'models', 'g-1');
  const storage = (storageUri: string) => ({ spec: { predictor: { model: { storageUri } } } });
  const first = await patch(path, { ...storage('s3://models/b'), status: { url: 'http://ignored' } });
  t.is(first.body.metadata.generation, 2);
  t.false('status' in first.body);
  const second = await patch(`${path}/status`, { ...storage('s3://models/ignored'), status: { url: 'http://set' } });
  t.is(second.body.metadata.generation, 2);
  t.like(second.body, { status: { url: 'http://set' }, ...storage('s3://models/b') });
  const third = await patch(path, { metadata: { labels: { a: 'b' } } });
  t.is(third.body.metadata.generation, 2);
  t.like(third.body, { status: { url: 'http://set' } });
  const fourth = await patch(`${path}/status`, {
    metadata: { labels: { a: 'ignored' } },
    status: { url: 'http://again' },
  });
  t.is(fourth.body.metadata.labels?.['a'], 'b');
  const { metadata } = fourth.body;
  const fifth = await send('PUT', path, { ...toService('g-1'), metadata, status: { url: 'http://ignored' } });
  t.is(fifth.body.metadata.generation, 3);
  t.like(fifth.body, { status: { url: 'http://again' }, ...storage('s3://models/a') });
});

test('without a status subresource, the status is a field like any other', async (t) => {
  const path = toPath('applications', 'argocd', 'a-1');
  await api.apply({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'a-1', namespace: 'argocd' },
    spec: { project: 'default' },
  });
  t.is((await patch(`${path}/status`, { status: { a: 1 } })).code, 404);
  const { body } = await patch(path, { status: { sync: { status: 'Synced' } } });
  t.like(body, { status: { sync: { status: 'Synced' } } });
  t.is(body.metadata.generation, 2);
  const refresh = { 'argocd.argoproj.io/refresh': 'normal' };
  const asked = await patch(path, { metadata: { annotations: refresh } });
  t.deepEqual(asked.body.metadata.annotations, refresh);
  t.is(asked.body.metadata.generation, 2);
});

test('an object with finalizers is marked as deleted, and is removed with its last finalizer', async (t) => {
  const path = toPath(routes, 'models', 'f-1');
  const route = toRoute('f-1', 'finalizers');
  await api.apply({ ...route, metadata: { ...route.metadata, finalizers: ['example.com/hold'] } });
  const { metadata } = await list(toPath(routes), selector('finalizers'));
  const watch = await Watch.open(t, toPath(routes), {
    ...selector('finalizers'),
    resourceVersion: metadata.resourceVersion,
  });
  const { code, body } = await send('DELETE', path);
  t.is(code, 200);
  t.truthy(body.metadata.deletionTimestamp);
  t.is(body.metadata.generation, 2);
  const version = body.metadata.resourceVersion;
  await send('DELETE', path);
  t.is((await api.get(routes, 'models', 'f-1'))?.metadata.resourceVersion, version);
  isStatus(
    t,
    await patch(path, { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } }),
    422,
    'Invalid',
  );
  const last = await patch(path, { metadata: { finalizers: null } });
  t.is(last.code, 200);
  t.is(await api.get(routes, 'models', 'f-1'), undefined);
  const [marked, gone] = await watch.take(2);
  t.is(marked?.type, 'MODIFIED');
  t.truthy(marked?.object.metadata.deletionTimestamp);
  t.is(gone?.type, 'DELETED');
  t.deepEqual(gone?.object.metadata.finalizers, ['example.com/hold']);
  t.true(Number(gone?.object.metadata.resourceVersion) > Number(version));
});

test('a deletion answers with a Status, and can require a version', async (t) => {
  const { metadata } = await api.apply(toRoute('d-1', 'delete'));
  const path = toPath(routes, 'models', 'd-1');
  isStatus(t, await send('DELETE', path, { preconditions: { resourceVersion: '1' } }), 409, 'Conflict');
  isStatus(t, await send('DELETE', path, { preconditions: { uid: 'of-another' } }), 409, 'Conflict');
  const { code, body } = await send('DELETE', path, { preconditions: { uid: metadata.uid } });
  t.is(code, 200);
  t.like(body, { kind: 'Status', status: 'Success' });
});

test('server-side apply removes fields that its manager no longer declares, unless another manager has them', async (t) => {
  const path = toPath(routes, 'models', 'o-1');
  const declare = (spec: object, manager: string, more = '') =>
    patch(`${path}?fieldManager=${manager}${more}`, { ...toRoute('o-1', 'apply'), spec }, 'apply');
  t.is((await declare({ hosts: ['a'], both: 1, mine: { deep: 1, kept: 1 }, alone: { deep: 1 } }, 'one')).code, 201);
  t.is((await declare({ both: 1, theirs: [1, 2] }, 'two')).code, 200);
  const less = await declare({ hosts: ['b', 'c'], mine: { kept: 1 } }, 'one');
  t.deepEqual(less.body.spec, { hosts: ['b', 'c'], both: 1, mine: { kept: 1 }, theirs: [1, 2] });
  const refused = await declare({ theirs: [3] }, 'one');
  isStatus(t, refused, 409, 'Conflict');
  t.is(refused.body.message, 'Apply failed with 1 conflict: conflict with "two": .spec.theirs');
  const forced = await declare({ theirs: [3] }, 'one', '&force=true');
  t.deepEqual(forced.body.spec, { both: 1, theirs: [3] });
  const left = await declare({}, 'two');
  t.deepEqual(left.body.spec, { theirs: [3] });
  // Who changes it in another way has it from then on.
  await patch(`${path}?fieldManager=three`, { spec: { theirs: [4] } });
  isStatus(t, await declare({ theirs: [3] }, 'one'), 409, 'Conflict');
  const kept = await declare({}, 'one', '&force=true');
  t.deepEqual(kept.body.spec, { theirs: [4] });
  t.is((await patch(path, toRoute('o-1', 'apply'), 'apply')).code, 422);
});

test('managed fields have the manager of each field, and the time of its last change', async (t) => {
  const path = toPath(services, 'models', 'm-1');
  await api.apply(toService('m-1'), 'argocd-controller');
  await api.patchStatus(services, 'models', 'm-1', { url: 'http://one', address: { url: 'http://two' } });
  const first = await api.get(services, 'models', 'm-1');
  if (first === undefined) return t.fail();
  t.like(entryOf(first, 'argocd-controller'), { operation: 'Apply', apiVersion: 'serving.kserve.io/v1beta1' });
  t.like(entryOf(first, 'manager', 'status'), { operation: 'Update', apiVersion: 'serving.kserve.io/v1beta1' });
  t.like(entryOf(first, 'argocd-controller')?.fieldsV1, {
    'f:spec': { 'f:predictor': { 'f:model': { 'f:storageUri': {} } } },
  });
  t.like(entryOf(first, 'manager', 'status')?.fieldsV1, { 'f:status': { 'f:url': {} } });
  t.is(first.metadata.managedFields?.length, 2);

  await nextSecond();
  // The same again changes no time, and neither does what only takes away.
  const same = await patch(`${path}/status?fieldManager=manager`, { status: { url: 'http://one' } });
  t.deepEqual(same.body, first as typeof same.body);
  const less = await patch(`${path}/status?fieldManager=manager`, { status: { address: null } });
  t.deepEqual((less.body.status as { address?: object }).address, undefined);
  t.is(entryOf(less.body, 'manager', 'status')?.time, entryOf(first, 'manager', 'status')?.time);
  const removed = await patch(`${path}?fieldManager=taker`, { spec: { predictor: { model: { storageUri: null } } } });
  t.is(entryOf(removed.body, 'taker'), undefined);

  const status = await api.patchStatus(services, 'models', 'm-1', { url: 'http://three' });
  t.true(`${entryOf(status, 'manager', 'status')?.time}` > `${entryOf(first, 'manager', 'status')?.time}`);
  t.is(entryOf(status, 'argocd-controller')?.time, entryOf(first, 'argocd-controller')?.time);
  const labelled = await patch(`${path}?fieldManager=person`, { metadata: { labels: { a: 'b' } } });
  t.like(entryOf(labelled.body, 'person'), {
    operation: 'Update',
    fieldsV1: { 'f:metadata': { 'f:labels': { 'f:a': {} } } },
  });
  t.is(entryOf(labelled.body, 'person')?.subresource, undefined);
});

test('a write without a change is not stored', async (t) => {
  const path = toPath(routes, 'models', 'n-1');
  const route = toRoute('n-1', 'nothing');
  await api.apply(route);
  const first = await api.patchStatus(routes, 'models', 'n-1', { seen: [1] });
  const { resourceVersion } = first.metadata;
  const answers = [
    await patch(path, { spec: { hosts: ['n-1'] } }),
    await patch(path, [{ op: 'replace', path: '/spec/hosts', value: ['n-1'] }], 'json'),
    await patch(`${path}/status`, { status: { seen: [1] } }),
    await patch(path, { status: { seen: [2] } }),
    await send('PUT', path, first),
    { body: await api.apply(route) },
  ];
  t.deepEqual(
    answers.map(({ body }) => body.metadata.resourceVersion),
    answers.map(() => resourceVersion),
  );
});

test('a wrong token is refused', async (t) => {
  const response = await api.fetch(toPath(routes), { headers: { authorization: 'Bearer wrong' } });
  isStatus(t, { code: response.status, body: (await response.json()) as Status }, 401, 'Unauthorized');
});

// Others would lose their streams, or their place in a list.
test.serial('after a compaction, old versions and pages are 410, and a new list works', async (t) => {
  await api.apply(toRoute('x-1', 'compaction'));
  await api.apply(toRoute('x-2', 'compaction'));
  const path = toPath(routes, 'models');
  const first = await list(path, { limit: '1', ...selector('compaction') });
  const { resourceVersion } = first.metadata;
  await patch(toPath(routes, 'models', 'x-1'), { spec: { hosts: ['new'] } });
  await api.compact();
  const rest = { limit: '1', continue: first.metadata.continue ?? '', ...selector('compaction') };
  isStatus(t, await send('GET', `${path}?${toQuery(rest)}`), 410, 'Expired');
  // The request for the events is granted, and then there is but one.
  const watch = await Watch.open(t, path, { resourceVersion, ...selector('compaction') });
  const [error, ...more] = await watch.rest();
  t.is(error?.type, 'ERROR');
  isStatus(t, { code: 410, body: error?.object as Status }, 410, 'Expired');
  t.deepEqual(more, []);
  const again = await list(path, selector('compaction'));
  const onward = await Watch.open(t, path, {
    resourceVersion: again.metadata.resourceVersion,
    ...selector('compaction'),
  });
  await patch(toPath(routes, 'models', 'x-2'), { spec: { hosts: ['newer'] } });
  t.is(toSummary(await onward.next()), 'MODIFIED x-2');
});

test('the fake: a new token replaces the old one', async (t) => {
  const fake = await startKubernetes({ token: 'old' });
  t.teardown(() => fake.close());
  const ask = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(fake.url + toPath(routes), { headers })).status;
  };
  t.deepEqual([await ask('old'), await ask('new')], [200, 401]);
  fake.setToken('new');
  t.deepEqual([await ask('old'), await ask('new')], [401, 200]);
  t.regex(fake.kubeconfig(), /"token":"new"/);
});

test('the fake: a watch from before the kept history gets 410', async (t) => {
  const fake = await startKubernetes({ historyLength: 10 });
  t.teardown(() => fake.close());
  const { metadata } = fake.apply(toRoute('h-1', 'history'));
  for (let i = 0; i < 10; i++) fake.patchStatus(routes, 'models', 'h-1', { i });
  const from = async (version: string) => {
    const query = toQuery({ watch: 'true', timeoutSeconds: '1', resourceVersion: version });
    return (await (await fetch(`${fake.url}${toPath(routes)}?${query}`)).text()).trimEnd().split('\n');
  };
  t.is((await from(metadata.resourceVersion)).length, 10);
  for (let i = 0; i < 20; i++) fake.patchStatus(routes, 'models', 'h-1', { i: -i });
  const [error = '', ...more] = await from(metadata.resourceVersion);
  t.like(JSON.parse(error), { type: 'ERROR', object: { code: 410, reason: 'Expired' } });
  t.deepEqual(more, []);
});

test('the fake: forty thousand objects, and ten thousand changes at once during a list and two watches', async (t) => {
  const fake = await startKubernetes({ historyLength: 20_000 });
  t.teardown(() => fake.close());
  const names = Array.from({ length: 40_000 }, (_, i) => `n-${String(i).padStart(5, '0')}`);
  for (const name of names) fake.apply(toRoute(name, name < 'n-20000' ? 'low' : 'high'));
  const path = fake.url + toPath(routes, 'models');
  const get = async (query: Readonly<Record<string, string>>) =>
    (await (await fetch(`${path}?${toQuery({ limit: '5000', ...query })}`)).json()) as List;
  let page = await get({});
  const { resourceVersion } = page.metadata;
  const watch = async (query: Readonly<Record<string, string>>) => {
    const response = await fetch(`${path}?${toQuery({ watch: 'true', resourceVersion, ...query })}`);
    const events: WatchEvent[] = [];
    for await (const event of read(response.body as AsyncIterable<Uint8Array>)) {
      events.push(event);
      if (events.length === 5000) break;
    }
    return events;
  };
  const watches = [watch(selector('low')), watch(selector('high'))];
  for (const name of names.slice(15_000, 25_000)) fake.patchStatus(routes, 'models', name, { state: 'Loaded' });
  const items = [...page.items];
  while (page.metadata.continue) {
    page = await get({ continue: page.metadata.continue });
    items.push(...page.items);
  }
  t.deepEqual(items.map(toName), names);
  t.true(
    items.every(({ status }) => status === undefined),
    'all of the moment of the first page',
  );
  const [low = [], high = []] = await Promise.all(watches);
  const seen = [...low, ...high].map(toSummary);
  t.deepEqual(
    seen,
    names.slice(15_000, 25_000).map((name) => `MODIFIED ${name}`),
  );
});
