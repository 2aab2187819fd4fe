/** That the proxy does what tests of others take for granted. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import type { Response } from 'undici';
import { Agent, fetch } from 'undici';
import type { Written } from '../../../src/demo/fakes/kubernetes/object.ts';
import type { FaultyProxy } from './faulty-proxy.ts';
import { startFaultyProxy } from './faulty-proxy.ts';
import type { ApiUnderTest } from './kubernetes/api-under-test.ts';
import { startApi, toPath } from './kubernetes/api-under-test.ts';

const routes = 'virtualservices';
const path = toPath(routes, 'models');

let api: ApiUnderTest;
test.before(async (t) => {
  t.timeout(600_000);
  api = await startApi();
});
test.after.always(() => api?.close());

function toRoute(name: string, host = name): Written {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name, namespace: 'models', labels: { test: name } },
    spec: { hosts: [host] },
  };
}

class Scene {
  readonly proxy: FaultyProxy;
  readonly #agent = new Agent();

  constructor(proxy: FaultyProxy) {
    this.proxy = proxy;
  }

  static async start(t: ExecutionContext): Promise<Scene> {
    const scene = new Scene(await startFaultyProxy(api.upstream));
    t.teardown(async () => {
      await scene.#agent.destroy();
      await scene.proxy.close();
    });
    return scene;
  }

  get(query = '', signal?: AbortSignal) {
    const end = signal === undefined ? {} : { signal };
    return fetch(`${this.proxy.url}${path}${query}`, { dispatcher: this.#agent, ...end });
  }

  /** The text of a watch from now on as it grows; `ended` says how it ended. */
  async watch(name: string): Promise<{ text: string; ended: string | undefined }> {
    const { metadata } = await api.apply(toRoute(name));
    const query = `?watch=true&labelSelector=test%3D${name}&resourceVersion=${metadata.resourceVersion}`;
    const response = await this.get(query);
    const watch: { text: string; ended: string | undefined } = { text: '', ended: undefined };
    const read = async () => {
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? [])
        watch.text += decoder.decode(chunk as Uint8Array, { stream: true });
    };
    read().then(
      () => {
        watch.ended = 'well';
      },
      () => {
        watch.ended = 'broken';
      },
    );
    return watch;
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5);
}

/** What has passed by then would have passed. */
async function passedThrough(scene: Scene, name: string): Promise<void> {
  const watch = await scene.watch(`${name}-after`);
  await api.apply(toRoute(`${name}-after`, 'sign'));
  await until(() => watch.text.includes('sign'));
}

test('lists, watches and patches pass unchanged, and are counted', async (t) => {
  const scene = await Scene.start(t);
  const watch = await scene.watch('plain');
  await api.apply(toRoute('plain', 'other'));
  await until(() => watch.text.endsWith('\n'));
  t.like(JSON.parse(watch.text), { type: 'MODIFIED', object: { spec: { hosts: ['other'] } } });
  const query = '?labelSelector=test%3Dplain';
  const toItems = async (response: Response) => ((await response.json()) as { readonly items: unknown[] }).items;
  const passed = await toItems(await scene.get(query));
  t.is(passed.length, 1);
  t.deepEqual(passed, await toItems(await api.fetch(path + query)));
  const body = JSON.stringify({ spec: { hosts: ['patched'] } });
  const headers = { 'content-type': 'application/merge-patch+json' };
  const patched = await fetch(`${scene.proxy.url}${path}/plain`, { method: 'PATCH', headers, body });
  t.like(await patched.json(), { spec: { hosts: ['patched'] } });
  const { proxy } = scene;
  t.deepEqual([proxy.count('watch'), proxy.count('list'), proxy.count('patch'), proxy.openWatches], [1, 1, 1, 1]);
  t.regex(proxy.kubeconfig('abc'), /"token":"abc"/);
});

test('a given number of matching requests is answered with a status', async (t) => {
  const scene = await Scene.start(t);
  scene.proxy.disturb({ kind: 'status', status: 429, retryAfterSeconds: 7 }, { kind: 'list', times: 1 });
  scene.proxy.disturb({ kind: 'status', status: 403 }, { kind: 'watch' });
  const first = await scene.get();
  t.is(first.status, 429);
  t.is(first.headers.get('retry-after'), '7');
  t.like(await first.json(), { kind: 'Status', code: 429, reason: 'TooManyRequests' });
  t.is((await scene.get()).status, 200);
  t.is((await scene.get('?watch=true')).status, 403);
  t.is((await scene.get('?watch=true')).status, 403);
  scene.proxy.heal();
  t.is((await scene.get('?watch=true&timeoutSeconds=1')).status, 200);
});

test('requests that hang or are reset get no response, and the next one does', async (t) => {
  const scene = await Scene.start(t);
  scene.proxy.disturb({ kind: 'hang' }, { times: 1 });
  const abort = new AbortController();
  const hanging = t.throwsAsync(scene.get('', abort.signal), { name: 'AbortError' });
  await until(() => scene.proxy.count('list') === 1);
  await sleep(100);
  abort.abort();
  await hanging;
  scene.proxy.disturb({ kind: 'reset' }, { times: 1 });
  await t.throwsAsync(scene.get());
  scene.proxy.disturb({ kind: 'delay', ms: 10 }, { times: 1 });
  t.is((await scene.get()).status, 200);
});

test('requests in a black hole stay unanswered, and later ones are answered', async (t) => {
  const scene = await Scene.start(t);
  const watch = await scene.watch('hole');
  scene.proxy.stall();
  await api.apply(toRoute('hole', 'unseen'));
  await t.throwsAsync(scene.get('', AbortSignal.timeout(100)), { name: 'TimeoutError' });
  scene.proxy.heal();
  await api.apply(toRoute('hole', 'unseen-too'));
  await passedThrough(scene, 'hole');
  t.deepEqual(watch, { text: '', ended: undefined });
});

test('watches end, break off, also within an event, or get an error', async (t) => {
  const scene = await Scene.start(t);
  const ended = await scene.watch('ended');
  scene.proxy.endWatches();
  await until(() => ended.ended !== undefined);
  t.deepEqual(ended, { text: '', ended: 'well' });

  const broken = await scene.watch('broken');
  scene.proxy.breakAll();
  await until(() => broken.ended !== undefined);
  t.deepEqual(broken, { text: '', ended: 'broken' });

  const cut = await scene.watch('cut');
  scene.proxy.cutNextEvent();
  await api.apply(toRoute('cut', 'later'));
  await until(() => cut.ended !== undefined);
  t.is(cut.ended, 'broken');
  t.true(cut.text.startsWith('{"type":"MODIFIED"'));
  t.throws(() => JSON.parse(cut.text));

  const refused = await scene.watch('refused');
  scene.proxy.sendError(410);
  await until(() => refused.ended !== undefined);
  t.is(refused.ended, 'well');
  t.like(JSON.parse(refused.text), { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
});

test('it refuses all connections for a while, then accepts them on the same port', async (t) => {
  const scene = await Scene.start(t);
  const watch = await scene.watch('closed');
  const { url } = scene.proxy;
  await scene.proxy.refuse();
  await until(() => watch.ended !== undefined);
  t.is(watch.ended, 'broken');
  await t.throwsAsync(scene.get());
  await scene.proxy.accept();
  t.is(scene.proxy.url, url);
  t.is((await scene.get()).status, 200);
});
