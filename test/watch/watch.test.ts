import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { startKubernetes } from '../../src/demo/fakes/kubernetes/api.ts';
import { failed, loaded, loading } from '../core/observe/live-objects.ts';
import type { ApiUnderTest } from '../demo/fakes/kubernetes/api-under-test.ts';
import { toManifests, toModelText, until, WatchScene } from './watch-scene.ts';

/** One model, applied, with a candidate that is loading. */
async function startLoading(scene: WatchScene): Promise<void> {
  await scene.commit({ 'models/wisdom/model.yaml': toModelText('wisdom') }, 'wisdom: try v2');
  for (const manifest of toManifests('wisdom', 'models/wisdom')) await scene.cluster.apply(manifest);
  await scene.cluster.patchStatus('inferenceservices', 'models', 'wisdom-0', loaded);
  await scene.cluster.patchStatus('inferenceservices', 'models', 'wisdom-1', loading);
}

const isRecorded = (scene: WatchScene, state: string) => async () =>
  (await scene.show('models/wisdom/status.yaml')).includes(`wisdom-1, version: v2, digest: d2, state: ${state}`);

const setCandidate = (scene: WatchScene, status: object) =>
  scene.cluster.patchStatus('inferenceservices', 'models', 'wisdom-1', status);

test('from an event in the cluster to a commit, over HTTP on both sides', async (t) => {
  const cluster = await startKubernetes({ token: 'the-api-token' });
  const scene = await WatchScene.start(t, { cluster, password: 'the-git-password' });
  await startLoading(scene);
  const posts: unknown[] = [];
  const receiver = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    posts.push(JSON.parse(body));
    response.end('ok');
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  t.teardown(() => receiver.close());
  const { port } = receiver.address() as AddressInfo;
  const watcher = scene.watch(['--page', '--listen', '127.0.0.1:0', '--message-suffix', '[skip ci]', '--sign-off'], {
    MODEL_MIRROR_GIT_USERNAME: 'bot',
    MODEL_MIRROR_GIT_PASSWORD: 'the-git-password',
    MODEL_MIRROR_NOTIFY_URL: `http://127.0.0.1:${port}/the-secret-path`,
    MODEL_MIRROR_PAGES_URL: 'https://mirrors.example.com/',
  });
  await until('Loading is recorded', isRecorded(scene, 'Loading'));
  await setCandidate(scene, loaded);
  await until('Ready is recorded', isRecorded(scene, 'Ready'));
  t.deepEqual(await scene.log(), [
    'wisdom: try v2',
    'status(wisdom): candidate v2 is loading [skip ci]',
    'status(wisdom): candidate v2 is Ready; its mirror may open [skip ci]',
  ]);
  t.regex(await scene.git('log', '-1', '--format=%B', 'main'), /Signed-off-by: model-mirror watcher </);
  t.regex(watcher.output, /"message":"watching".*"credentials":"a password"/);
  t.regex(await scene.show('STATUS.md'), /wisdom/);
  const [, address] = /"address":"([^"]+)"/.exec(watcher.output) ?? [];
  // Each on a new connection: an old one may be closed just when it is reused.
  const headers = { connection: 'close' };
  const get = async (path: string) => (await fetch(`http://${address}${path}`, { headers })).text();
  t.is(await get('/healthz'), 'alive\n');
  await until('ready', async () => (await get('/readyz')) === 'ready\n');
  // The branch has the second commit a moment before the watcher counts it.
  await until('both commits are counted', async () => /^model_mirror_commits_total 2$/m.test(await get('/metrics')));
  const metrics = await get('/metrics');
  t.regex(metrics, /^model_mirror_models\{role="candidate",state="Ready"\} 1$/m);
  t.regex(metrics, /^model_mirror_event_to_push_seconds_count 2$/m);
  t.regex(metrics, /^model_mirror_ready 1$/m);
  const labels = 'namespace="models",model="wisdom",role="candidate",version="v2"';
  t.true(metrics.includes(`\nmodel_mirror_version_state{${labels},state="Ready"} 1\n`));
  watcher.signal('SIGTERM');
  t.is(await watcher.ended, 0);
  t.like(posts, [
    { code: 'primary-ready' },
    {
      apiVersion: 'model-mirror.dev/v1alpha1',
      kind: 'Change',
      code: 'candidate-ready',
      text: 'models/wisdom: candidate v2 is Ready; its mirror may open',
      commit: (await scene.git('rev-parse', 'main')).trim(),
      namespace: 'models',
      model: 'wisdom',
      primary: 'v1',
      candidate: 'v2',
      link: 'https://mirrors.example.com/models/wisdom',
    },
  ]);
  t.is(posts.length, 2);
  t.is(await scene.fsck(), '');
  t.notRegex(
    watcher.output + (await scene.git('log', '-p', '--format=fuller', 'main')),
    /the-api-token|the-git-password|the-secret-path/,
  );
});

test('the cluster’s API fails in every way, and nothing is lost', async (t) => {
  const scene = await WatchScene.start(t);
  const { cluster, proxy } = scene;
  await startLoading(scene);
  scene.watch(['--watch-timeout', '2s']);
  await until('Loading is recorded', isRecorded(scene, 'Loading'));
  let isLoaded = false;
  /** Something changes during the failure; it must be recorded once that is over. */
  const survive = async (title: string, disturb: () => void | Promise<void>, heal: () => void | Promise<void>) => {
    await disturb();
    isLoaded = !isLoaded;
    await setCandidate(scene, isLoaded ? loaded : failed);
    await heal();
    await until(`${title} is overcome`, isRecorded(scene, isLoaded ? 'Ready' : 'Failed'));
    t.pass(title);
  };
  const noHealing = () => {};
  for (const status of [401, 403, 410, 500, 503])
    await survive(
      `HTTP ${status}`,
      () => {
        proxy.disturb({ kind: 'status', status }, { times: 3 });
        proxy.endWatches();
      },
      noHealing,
    );
  await survive(
    '429 with Retry-After',
    () => {
      proxy.disturb({ kind: 'status', status: 429, retryAfterSeconds: 1 }, { times: 2 });
      proxy.breakAll();
    },
    noHealing,
  );
  await survive('a closed stream', () => proxy.endWatches(), noHealing);
  await survive('a broken stream', () => proxy.breakAll(), noHealing);
  await survive('half an event', () => proxy.cutNextEvent(), noHealing);
  await survive('an ERROR event', () => proxy.sendError(410), noHealing);
  await survive(
    'a gap in the history',
    async () => {
      await proxy.refuse();
      await cluster.compact();
    },
    async () => {
      await cluster.compact();
      await proxy.accept();
    },
  );
  await survive(
    'silence',
    () => proxy.stall(),
    () => proxy.heal(),
  );
  t.notRegex((await scene.log()).join('\n'), /missing/, 'no answer does not mean Missing');
});

test('a token of the API that was rotated is read again, and logged nowhere', async (t) => {
  const cluster = await startKubernetes({ token: 'old-token' });
  const scene = await WatchScene.start(t, { cluster });
  await startLoading(scene);
  const watcher = scene.watch(['--watch-timeout', '1s']);
  await until('Loading is recorded', isRecorded(scene, 'Loading'));
  cluster.setToken('new-token');
  await until('the old token is refused', () => watcher.output.includes(' with 401: '));
  scene.writeKubeconfig();
  await setCandidate(scene, loaded);
  await until('Ready is recorded', isRecorded(scene, 'Ready'));
  t.notRegex(watcher.output, /old-token|new-token/);
});

test('an API that cannot be reached is not a cluster without models', async (t) => {
  const scene = await WatchScene.start(t);
  await startLoading(scene);
  const watcher = scene.watch();
  await until('Loading is recorded', isRecorded(scene, 'Loading'));
  await scene.proxy.refuse();
  await until('the failure is logged', () => watcher.output.includes('"level":"error"'));
  t.true(await isRecorded(scene, 'Loading')());
  await watcher.kill();
  // A watcher that starts during the outage knows no more.
  const second = scene.watch();
  await until('the second watcher logs it too', () => second.output.includes('cannot be reached'));
  t.true(await isRecorded(scene, 'Loading')());
  await scene.proxy.accept();
  await setCandidate(scene, loaded);
  await until('Ready is recorded', isRecorded(scene, 'Ready'));
  t.notRegex((await scene.log()).join('\n'), /missing/);
});

test('git fails in every way, and nothing is lost', async (t) => {
  const scene = await WatchScene.start(t);
  const { server } = scene;
  await startLoading(scene);
  const watcher = scene.watch();
  await until('Loading is recorded', isRecorded(scene, 'Loading'));
  let isLoaded = false;
  const survive = async (title: string, disturb: () => void | Promise<void>, heal: () => void | Promise<void>) => {
    await disturb();
    isLoaded = !isLoaded;
    await setCandidate(scene, isLoaded ? loaded : failed);
    const before = watcher.output.length;
    await until(`${title} is noticed`, () => /"level":"(warn|error)"/.test(watcher.output.slice(before)));
    await heal();
    await until(`${title} is overcome`, isRecorded(scene, isLoaded ? 'Ready' : 'Failed'));
    t.pass(title);
  };
  const heal = () => server.heal();
  await survive(
    'a server that is away',
    () => server.refuse(),
    () => server.accept(),
  );
  await survive('HTTP 500', () => server.disturb({ kind: 'status', status: 500 }), heal);
  await survive('HTTP 429', () => server.disturb({ kind: 'status', status: 429, retryAfterSeconds: 1 }), heal);
  await survive(
    'a lost answer',
    () => server.disturb({ kind: 'answer-lost' }, { service: 'git-receive-pack', times: 1 }),
    heal,
  );
  await survive(
    'half an answer',
    () => server.disturb({ kind: 'cut', afterBytes: 20 }, { service: 'git-receive-pack', times: 2 }),
    heal,
  );
  await survive(
    'a branch that was deleted',
    async () => {
      await scene.git('branch', '-m', 'main', 'kept');
    },
    async () => {
      await scene.git('branch', '-m', 'kept', 'main');
    },
  );
  const subjects = await scene.log();
  t.is(subjects.length, new Set(subjects.map((subject, i) => `${subject} ${i}`)).size);
  t.is(await scene.fsck(), '');
});

test('a hook that refuses: the watcher stays ready, reports it, and does not push again at once', async (t) => {
  const scene = await WatchScene.start(t);
  await startLoading(scene);
  const watcher = scene.watch(['--listen', '127.0.0.1:0']);
  await until('Loading is recorded', isRecorded(scene, 'Loading'));
  const hook = join(scene.bare, 'hooks/pre-receive');
  mkdirSync(join(scene.bare, 'hooks'), { recursive: true });
  writeFileSync(hook, `#!/bin/sh\necho push >> ${join(scene.folder, 'pushes')}\necho ask an owner >&2\nexit 1\n`);
  chmodSync(hook, 0o755);
  await setCandidate(scene, loaded);
  await until('it is reported', () => watcher.output.includes('ask an owner'));
  const [, address] = /"address":"([^"]+)"/.exec(watcher.output) ?? [];
  const get = async (path: string) => fetch(`http://${address}${path}`, { headers: { connection: 'close' } });
  await until('the branch was read since', async () => (await get('/readyz')).status === 200);
  t.regex(await (await get('/readyz')).text(), /^ready\nbut pushes fail, 1 in a row, since .*: .*ask an owner\n$/);
  const metrics = await (await get('/metrics')).text();
  t.regex(metrics, /^model_mirror_push_failures 1$/m);
  t.regex(metrics, /^model_mirror_pushes_failed_total\{cause="refused"\} 1$/m);
  const fetches = scene.server.traffic('info/refs').requests;
  await until('it fetched again and again', () => scene.server.traffic('info/refs').requests > fetches + 2);
  t.is(readFileSync(join(scene.folder, 'pushes'), 'utf8'), 'push\n');
});

test('a person and the watcher push to one branch', async (t) => {
  const scene = await WatchScene.start(t);
  await startLoading(scene);
  scene.watch();
  await until('Loading is recorded', isRecorded(scene, 'Loading'));
  for (let i = 0; i < 10; i++) {
    await setCandidate(scene, i % 2 === 0 ? loaded : loading);
    await scene.commit({ [`notes/${i}.txt`]: `note ${i}` }, `note ${i}`);
  }
  await setCandidate(scene, loaded);
  await until('Ready is recorded', isRecorded(scene, 'Ready'));
  const subjects = await scene.log();
  for (let i = 0; i < 10; i++) t.is(subjects.filter((subject) => subject === `note ${i}`).length, 1);
  t.is(await scene.fsck(), '');
});

test('Argo CD is asked to refresh the Application that owns the model', async (t) => {
  const scene = await WatchScene.start(t);
  const application = (namespace: string, name: string) =>
    scene.cluster.apply({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { namespace, name },
      spec: { project: 'default' },
    });
  await application('argocd', 'app-wisdom');
  await application('argocd', 'another');
  await startLoading(scene);
  scene.watch(['--argocd-refresh']);
  const isAsked = async (name: string) => {
    const object = await scene.cluster.get('applications', 'argocd', name);
    return object?.metadata.annotations?.['argocd.argoproj.io/refresh'] === 'normal';
  };
  await until('the refresh is requested', () => isAsked('app-wisdom'));
  t.false(await isAsked('another'));
  // Argo CD is refreshing; a request of now would be lost when it removes the annotation.
  const version = async () =>
    (await scene.cluster.get('applications', 'argocd', 'app-wisdom'))?.metadata.resourceVersion;
  const before = await version();
  await setCandidate(scene, loaded);
  await until('Ready is recorded', isRecorded(scene, 'Ready'));
  await sleep(1500);
  t.is(await version(), before);
  const done = await (scene.cluster as ApiUnderTest).fetch(
    '/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/app-wisdom',
    {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ metadata: { annotations: null } }),
    },
  );
  t.true(done.ok);
  await until('the refresh is requested again', () => isAsked('app-wisdom'));
});

test('once: it commits the observed state and ends', async (t) => {
  const scene = await WatchScene.start(t);
  await startLoading(scene);
  t.is(await scene.watch(['--once']).ended, 0);
  t.true(await isRecorded(scene, 'Loading')());
  const again = scene.watch(['--once']);
  t.is(await again.ended, 0);
  t.is((await scene.log()).length, 2);
});

test('a process that is stopped in the middle of a push ends in time', async (t) => {
  const scene = await WatchScene.start(t);
  await startLoading(scene);
  const watcher = scene.watch();
  await until('Loading is recorded', isRecorded(scene, 'Loading'));
  scene.server.disturb({ kind: 'hang' }, { service: 'git-receive-pack' });
  const before = scene.server.traffic('git-receive-pack').requests;
  await setCandidate(scene, loaded);
  await until('a push is under way', () => scene.server.traffic('git-receive-pack').requests > before);
  watcher.signal('SIGTERM');
  t.is(await watcher.ended, 0);
  t.true(await isRecorded(scene, 'Loading')());
  t.is(await scene.fsck(), '');
});
