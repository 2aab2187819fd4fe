/**
 * The fake of ModelMesh's controller, and the admission policies, on a real API server (KUBEBUILDER_ASSETS, or
 * where `npm run stack:build` put one). One line per check; the exit code is 1 when one of them fails.
 */
import { deepStrictEqual, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { valueAt } from '../../src/core/input/plain-value.ts';
import { startFaultyProxy } from '../demo/fakes/faulty-proxy.ts';
import { stackFolder } from '../stack/build.ts';
import type { KubeApiserver } from '../stack/kube-apiserver.ts';
import { startKubeApiserver } from '../stack/kube-apiserver.ts';
import type { PolicyObject } from './admission.ts';
import { toKServeDefaults, toRewrite } from './admission.ts';
import { ApiClient } from './api-client.ts';
import type { Transition } from './kserve-controller.ts';
import { KServeController } from './kserve-controller.ts';
import { fromStatus, toWords as toReportWords } from './kserve-status.ts';
import { watchObjects } from './object-watch.ts';

const group = '/apis/serving.kserve.io/v1beta1';
/** Nothing takes so long: it only keeps a check from hanging. */
const waitMs = 300_000;
const good = 's3://models/good';
const better = 's3://models/better';

const loading = 'True UpToDate Loading/""';
const loaded = 'True UpToDate Loaded/""';
const updating = 'True InProgress Loaded/Loading';
const failed = 'False UpToDate FailedToLoad/"" ModelLoadFailed';
const blocked = 'True BlockedByFailedLoad Loaded/FailedToLoad ModelLoadFailed';
const standby = 'True UpToDate Standby/""';
const unhealthy = 'RuntimeUnhealthy';

/** What a watch of its own has seen: of each name, each status that differs from the one before. */
class Observer {
  readonly #seen = new Map<string, string[]>();
  readonly #last = new Map<string, string>();
  readonly #live = new Map<string, unknown>();
  readonly #end = new AbortController();
  readonly #client: ApiClient;
  readonly #watch: Promise<void>;

  constructor(client: ApiClient) {
    this.#client = client;
    const put = (object: unknown) => {
      this.#live.set(toKey(object), object);
      this.#note(toKey(object), toWords(object));
    };
    const drop = (key: string) => {
      this.#live.delete(key);
      this.#note(key, 'gone');
    };
    const replace = (objects: readonly unknown[]) => {
      const keys = new Set(objects.map(toKey));
      for (const key of this.#live.keys()) if (!keys.has(key)) drop(key);
      for (const object of objects) put(object);
    };
    const handlers = { replace, put, drop: (object: unknown) => drop(toKey(object)), trouble: () => undefined };
    this.#watch = watchObjects(client, `${group}/inferenceservices`, handlers, this.#end.signal);
  }

  /** Since it was last asked. */
  take(key: string): string[] {
    const seen = this.#seen.get(key) ?? [];
    this.#seen.delete(key);
    return seen;
  }

  live(key: string): unknown {
    return this.#live.get(key);
  }

  /** Waits until the last that was seen, since it was last asked, is this. */
  async until(key: string, words: string): Promise<void> {
    await until(
      () => this.#seen.get(key)?.at(-1) === words,
      () => `${key} is ${words}, but it was: ${this.#seen.get(key)?.join(', ')}`,
    );
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#watch;
    await this.#client.close();
  }

  #note(key: string, words: string): void {
    if (this.#last.get(key) !== words) this.#seen.set(key, [...(this.#seen.get(key) ?? []), words]);
    this.#last.set(key, words);
  }
}

interface Wanted {
  readonly storageUri?: string;
  readonly secretKey?: string;
  readonly mode?: string | undefined;
  /** Beside the URI. */
  readonly model?: object;
}

let passed = 0;
let failures = 0;
const api = await startKubeApiserver(process.env['KUBEBUILDER_ASSETS'] ?? stackFolder);
try {
  await runChecks(api);
} finally {
  await api.close();
}
process.stdout.write(`${passed} passed, ${failures} failed\n`);
process.exitCode = failures === 0 && passed > 0 ? 0 : 1;

async function runChecks(api: KubeApiserver): Promise<void> {
  for (const name of ['models', 'others', 'faults', 'policed', 'pods']) await api.addNamespace(name);
  const observer = new Observer(new ApiClient(api));
  const transitions: Transition[] = [];
  const troubles: string[] = [];
  const reported = (key: string) => transitions.filter((one) => toName(one) === key).map(({ state }) => state);
  const controller = new KServeController({
    api,
    namespaces: ['models', 'policed'],
    behaviour: { loadMs: 150 },
    onTransition: (transition) => transitions.push(transition),
    onTrouble: (message) => troubles.push(message),
  });
  controller.start();
  try {
    await checkLoading(observer, controller, reported);
    await checkUpdates(observer, controller, transitions);
    await checkFinalizers(observer, controller, transitions);
    await checkSickness(observer, controller, reported);
    await checkPods(observer);
    await checkRestarts(observer, controller, reported, troubles);
    await checkFaults(observer);
    await checkPolicies(observer);
  } finally {
    await controller.stop();
    await observer.close();
  }
}

async function checkLoading(
  observer: Observer,
  controller: KServeController,
  reported: (key: string) => string[],
): Promise<void> {
  await check('a new model: no status, Loading, Loaded', async () => {
    await apply('models/new');
    await observer.until('models/new', loaded);
    deepStrictEqual(observer.take('models/new'), ['no status', loading, loaded]);
    deepStrictEqual(reported('models/new'), ['Pending', 'Loading', 'Loaded']);
  });
  await check('a loaded model has its URLs, and no more conditions than ModelMesh writes', () => {
    const status = valueAt(observer.live('models/new'), ['status']);
    strictEqual(valueAt(status, ['url']), 'grpc://modelmesh-serving.models:8033');
    const types = (valueAt(status, ['conditions']) as object[]).map((condition) => valueAt(condition, ['type']));
    deepStrictEqual(types, ['PredictorReady', 'Ready']);
  });
  await check('a new model that cannot be loaded, by its URI alone', async () => {
    await apply('models/bad', { storageUri: 's3://models/broken' });
    await observer.until('models/bad', failed);
    deepStrictEqual(observer.take('models/bad'), ['no status', loading, failed]);
    const failure = valueAt(observer.live('models/bad'), ['status', 'modelStatus', 'lastFailureInfo']);
    deepStrictEqual(Object.keys(failure as object).sort(), [
      'location',
      'message',
      'modelRevisionName',
      'reason',
      'time',
    ]);
    deepStrictEqual(reported('models/bad'), ['Pending', 'Loading', 'FailedToLoad']);
  });
  await check('…and is fixed by another URI', async () => {
    await apply('models/bad', { storageUri: good });
    await observer.until('models/bad', loaded);
    deepStrictEqual(observer.take('models/bad'), [loading, loaded]);
  });
  await check('a model that loads for ever, until it is reported otherwise', async () => {
    await apply('models/slow', { storageUri: 's3://models/forever' });
    await sleep(1000);
    deepStrictEqual(observer.take('models/slow'), ['no status', loading]);
    controller.behave('models', 'slow', { outcome: 'load' });
    await observer.until('models/slow', loaded);
  });
  await check('one that failed is tried again, with another text', async () => {
    controller.behave('models', 'retried', { retryMs: 300 });
    await apply('models/retried', { storageUri: 's3://models/broken' });
    await observer.until('models/retried', failed);
    const first = toMessage(observer.live('models/retried'));
    await until(
      () => toMessage(observer.live('models/retried')) !== first && toMessage(observer.live('models/retried')) !== '',
      () => 'another text is written',
    );
    deepStrictEqual(observer.take('models/retried').slice(0, 5), ['no status', loading, failed, loading, failed]);
    controller.behave('models', 'retried', {});
  });
  await check('no runtime for it: a fresh one fails at once, a live one loads for ever', async () => {
    await apply('models/lost', { storageUri: 's3://models/unrecognized' });
    await observer.until('models/lost', 'False UpToDate FailedToLoad/"" RuntimeNotRecognized');
    await apply('models/lost');
    await observer.until('models/lost', loaded);
    observer.take('models/lost');
    await apply('models/lost', { storageUri: 's3://models/unrecognized' });
    await observer.until('models/lost', updating);
    await sleep(1000);
    deepStrictEqual(observer.take('models/lost'), [updating]);
  });
  await check('what ModelMesh makes nothing of has no status', async () => {
    await apply('models/scheme', { storageUri: 'oci://models/x' });
    await apply('models/double', { model: { storage: { path: 'x' } } });
    await apply('models/standard', { mode: 'Standard' });
    await apply('models/modeless', { mode: undefined });
    await apply('others/elsewhere');
    await sleep(1000);
    for (const key of ['models/scheme', 'models/double', 'models/standard', 'models/modeless', 'others/elsewhere']) {
      deepStrictEqual(observer.take(key), ['no status'], key);
      deepStrictEqual(reported(key), [], key);
    }
  });
}

async function checkUpdates(
  observer: Observer,
  controller: KServeController,
  transitions: readonly Transition[],
): Promise<void> {
  await check('a live model goes on being ready while its new spec loads, with new times', async () => {
    controller.behave('models', 'live', { loadMs: 1500 });
    await apply('models/live');
    await observer.until('models/live', loaded);
    observer.take('models/live');
    const before = toTimes(observer.live('models/live'));
    await sleep(1100);
    await apply('models/live', { storageUri: better });
    await observer.until('models/live', updating);
    const during = toTimes(observer.live('models/live'));
    await observer.until('models/live', loaded);
    const after = toTimes(observer.live('models/live'));
    deepStrictEqual(observer.take('models/live').slice(-2), [updating, loaded]);
    strictEqual(new Set([before, during, after]).size, 3);
    const uris = transitions.filter((one) => toName(one) === 'models/live' && one.state === 'Loaded');
    deepStrictEqual([...new Set(uris.map(({ revision }) => revision.storageUri))], [good, better]);
  });
  await check('a bad update of a live model', async () => {
    controller.behave('models', 'live', {});
    await apply('models/live', { storageUri: 's3://models/broken' });
    await observer.until('models/live', blocked);
    deepStrictEqual(observer.take('models/live'), [updating, blocked]);
    strictEqual(transitions.filter((one) => toName(one) === 'models/live').at(-1)?.revision.storageUri, better);
  });
  await check('a failure in two writes', async () => {
    await apply('models/live', { storageUri: better });
    await observer.until('models/live', loaded);
    observer.take('models/live');
    controller.behave('models', 'live', { failsInTwoWrites: true });
    await apply('models/live', { storageUri: 's3://models/broken' });
    await observer.until('models/live', blocked);
    deepStrictEqual(observer.take('models/live'), [updating, `${updating} ModelLoadFailed`, blocked]);
    controller.behave('models', 'live', {});
  });
  await check('…that is taken back loads nothing', async () => {
    await apply('models/live', { storageUri: better });
    await observer.until('models/live', loaded);
    deepStrictEqual(observer.take('models/live'), [loaded]);
  });
  await check('a change that ModelMesh does not honour writes nothing', async () => {
    const before = valueAt(observer.live('models/live'), ['status']);
    await apply('models/live', { storageUri: better, model: { args: ['--verbose'] } });
    await sleep(1200);
    deepStrictEqual(valueAt(observer.live('models/live'), ['status']), before);
    strictEqual(JSON.stringify(valueAt(observer.live('models/live'), ['spec'])).includes('--verbose'), true);
  });
  await check('an annotation that ModelMesh loads by: it loads, and the generation stays', async () => {
    await apply('models/live', { storageUri: better, secretKey: 'other' });
    await observer.until('models/live', loaded);
    await apply('models/annotated');
    await observer.until('models/annotated', loaded);
    observer.take('models/annotated');
    await apply('models/annotated', { secretKey: 'other' });
    await observer.until('models/annotated', loaded);
    deepStrictEqual(observer.take('models/annotated'), [updating, loaded]);
    strictEqual(valueAt(observer.live('models/annotated'), ['metadata', 'generation']), 1);
  });
  await check('the same name with a new spec, removed and created again', async () => {
    await apply('models/again');
    await observer.until('models/again', loaded);
    await remove('models/again');
    await apply('models/again', { storageUri: better });
    await observer.until('models/again', loaded);
    deepStrictEqual(observer.take('models/again'), [
      'no status',
      loading,
      loaded,
      'gone',
      'no status',
      loading,
      loaded,
    ]);
    const reported = transitions.filter((one) => toName(one) === 'models/again');
    deepStrictEqual(
      reported.map(({ state }) => state),
      ['Pending', 'Loading', 'Loaded', 'Gone', 'Pending', 'Loading', 'Loaded'],
    );
    strictEqual(reported[3]?.uid, reported[0]?.uid);
    notStrictEqual(reported[4]?.uid, reported[0]?.uid);
  });
}

async function checkFinalizers(
  observer: Observer,
  controller: KServeController,
  transitions: readonly Transition[],
): Promise<void> {
  const isDeleting = (key: string) => valueAt(observer.live(key), ['metadata', 'deletionTimestamp']) !== undefined;
  const finalizers = (key: string) => valueAt(observer.live(key), ['metadata', 'finalizers']);
  await check('a finalizer that is put on and taken off', async () => {
    controller.behave('models', 'clean', { finalizer: 'clean' });
    await apply('models/clean');
    await observer.until('models/clean', loaded);
    deepStrictEqual(finalizers('models/clean'), ['inferenceservice.finalizers']);
    await remove('models/clean');
    await observer.until('models/clean', 'gone');
    await until(
      () => transitions.some((one) => toName(one) === 'models/clean' && one.state === 'Gone'),
      () => 'it is gone',
    );
  });
  await check('a finalizer that stays, until it is reported otherwise', async () => {
    controller.behave('models', 'stuck', { finalizer: 'stuck' });
    await apply('models/stuck');
    await observer.until('models/stuck', loaded);
    await remove('models/stuck');
    await sleep(1000);
    ok(isDeleting('models/stuck'));
    strictEqual(transitions.filter((one) => toName(one) === 'models/stuck').at(-1)?.state, 'Loaded');
    controller.behave('models', 'stuck', { finalizer: 'clean' });
    await observer.until('models/stuck', 'gone');
  });
}

async function checkSickness(
  observer: Observer,
  controller: KServeController,
  reported: (key: string) => string[],
): Promise<void> {
  await apply('models/sick');
  await observer.until('models/sick', loaded);
  observer.take('models/sick');
  await check('a loaded model whose Pod is killed, and that another Pod loads', async () => {
    controller.fall('models', 'sick');
    await observer.until('models/sick', loading);
    strictEqual(reported('models/sick').at(-1), 'Loading');
    controller.recover('models', 'sick');
    await observer.until('models/sick', loaded);
    deepStrictEqual(observer.take('models/sick'), [loading, loaded]);
    strictEqual(reported('models/sick').at(-1), 'Loaded');
  });
  await check('…in vain, and then not', async () => {
    controller.fall('models', 'sick', 'ModelLoadFailed');
    await observer.until('models/sick', failed);
    controller.recover('models', 'sick');
    await observer.until('models/sick', loaded);
    deepStrictEqual(observer.take('models/sick'), [loading, failed, loading, loaded]);
  });
  await check('one that falls before it is there', async () => {
    controller.fall('models', 'sickly');
    await apply('models/sickly');
    await observer.until('models/sickly', loading);
    controller.recover('models', 'sickly');
    await observer.until('models/sickly', loaded);
    deepStrictEqual(observer.take('models/sickly'), ['no status', loading, loaded]);
  });
}

/** With a controller of its own: Pods are those of all its models. */
async function checkPods(observer: Observer): Promise<void> {
  const controller = new KServeController({
    api,
    namespaces: ['pods'],
    behaviour: { loadMs: 150 },
    repeatMs: 1100,
  });
  controller.start();
  const names = ['pods/wisdom-0', 'pods/wisdom-1'] as const;
  const [primary, candidate] = names;
  const take = () => names.map((name) => observer.take(name));
  try {
    for (const name of names) await apply(name);
    for (const name of names) await observer.until(name, loaded);
    take();
    await check('all Pods die: nothing is written', async () => {
      controller.pods = 'none';
      await sleep(1500);
      deepStrictEqual(take(), [[], []]);
    });
    await check('…until a spec changes: Ready True goes on, with the reason alone', async () => {
      await apply(candidate, { storageUri: better });
      await observer.until(candidate, `${loaded} ${unhealthy}`);
      await sleep(1500);
      deepStrictEqual(take(), [[], [`${loaded} ${unhealthy}`]]);
      strictEqual(valueAt(observer.live(candidate), ['status', 'modelStatus', 'lastFailureInfo', 'time']), undefined);
    });
    await check('…and a Pod comes back', async () => {
      controller.pods = 'ready';
      await observer.until(candidate, loaded);
      deepStrictEqual(take(), [[], [`False InProgress Standby/Loading ${unhealthy}`, loaded]]);
    });
    await check('the controller is restarted later: what nobody has called is Standby', async () => {
      await controller.stop();
      controller.start();
      await observer.until(primary, standby);
      deepStrictEqual(take(), [[standby], []]);
      controller.call('pods', 'wisdom-0');
      await observer.until(primary, loaded);
      deepStrictEqual(take(), [[loading, loaded], []]);
    });
    await check(
      'Pods and controller restart, the controller first: Standby again and again, until a call',
      async () => {
        await controller.stop();
        controller.pods = 'none';
        controller.start();
        for (const name of names) await observer.until(name, `${loaded} ${unhealthy}`);
        controller.pods = 'ready';
        const waiting = `False UpToDate Standby/"" ${unhealthy}`;
        for (const name of names) await observer.until(name, waiting);
        const before = toTimes(observer.live(candidate));
        await until(
          () => toTimes(observer.live(candidate)) !== before,
          () => 'it is written again, with new times',
        );
        controller.call('pods', 'wisdom-1');
        await observer.until(candidate, loaded);
        const first = [`${loaded} ${unhealthy}`, waiting];
        deepStrictEqual(take(), [first, [...first, `False UpToDate Loading/"" ${unhealthy}`, loaded]]);
        controller.call('pods', 'wisdom-0');
        await observer.until(primary, loaded);
        take();
      },
    );
    await check('Pods of another runtime alone', async () => {
      controller.pods = 'other';
      await apply(candidate);
      await apply('pods/fresh');
      await observer.until(candidate, 'True InProgress Standby/Loading');
      await observer.until('pods/fresh', `False UpToDate Loading/"" ${unhealthy}`);
      controller.pods = 'ready';
      await observer.until(candidate, loaded);
      await observer.until('pods/fresh', loaded);
      strictEqual(observer.take(primary).length, 0);
    });
    await check('a fresh one without any Pod', async () => {
      controller.pods = 'none';
      await apply('pods/pending');
      await observer.until('pods/pending', `False "" Pending/"" ${unhealthy}`);
      controller.pods = 'ready';
      await observer.until('pods/pending', loaded);
    });
  } finally {
    await controller.stop();
  }
}

async function checkRestarts(
  observer: Observer,
  controller: KServeController,
  reported: (key: string) => string[],
  troubles: readonly string[],
): Promise<void> {
  const names = (prefix: string) => Array.from({ length: 10 }, (_, index) => `models/${prefix}-${index}`);
  await check('the API server restarts without its history while models load', async () => {
    controller.behave('models', 'during-0', { loadMs: 3000 });
    for (const key of names('before')) await apply(key);
    for (const key of names('during')) await apply(key);
    await api.compact();
    for (const key of names('before').slice(0, 3)) await remove(key);
    for (const key of names('during').slice(0, 3)) await apply(key, { storageUri: better });
    for (const key of names('after')) await apply(key);
    for (const key of names('before').slice(0, 3)) await observer.until(key, 'gone');
    const rest = [...names('before').slice(3), ...names('during'), ...names('after')];
    for (const key of rest) await observer.until(key, loaded);
    for (const key of names('before').slice(0, 3)) strictEqual(reported(key).at(-1), 'Gone');
    for (const key of rest) strictEqual(reported(key).at(-1), 'Loaded');
    for (const trouble of ['fetch failed', 'too old resource version'])
      ok(
        troubles.some((message) => message.includes(trouble)),
        `it had to do with "${trouble}", but only with: ${[...new Set(troubles)].join('; ')}`,
      );
  });
  await check('a controller that was stopped catches up on what it missed', async () => {
    controller.behave('models', 'halfway', { loadMs: 1000 });
    await apply('models/halfway');
    await observer.until('models/halfway', loading);
    await controller.stop();
    await remove('models/after-0');
    await apply('models/after-1', { storageUri: 's3://models/broken' });
    await sleep(1500);
    strictEqual(observer.take('models/halfway').at(-1), loading);
    controller.start();
    await observer.until('models/halfway', loaded);
    await observer.until('models/after-1', blocked);
    strictEqual(reported('models/after-0').at(-1), 'Gone');
  });
  await check('another controller takes what it finds for what it is, and writes nothing', async () => {
    await controller.stop();
    const versions = () => ['new', 'after-2', 'after-1'].map((name) => toVersion(observer.live(`models/${name}`)));
    const before = versions();
    const seen: Transition[] = [];
    const other = new KServeController({ api, namespaces: ['models'], onTransition: (one) => seen.push(one) });
    other.start();
    await until(
      () => seen.some((one) => toName(one) === 'models/after-1' && one.state === 'Loaded'),
      () => 'it has looked around',
    );
    await sleep(500);
    strictEqual(
      seen
        .filter((one) => toName(one) === 'models/new')
        .map(({ state }) => state)
        .join(),
      'Loaded',
    );
    deepStrictEqual(versions().slice(0, 2), before.slice(0, 2));
    await other.stop();
    controller.start();
  });
}

async function checkFaults(observer: Observer): Promise<void> {
  const proxy = await startFaultyProxy({
    url: api.url,
    ca: api.ca,
    headers: { authorization: `Bearer ${api.token}` },
  });
  const troubles: string[] = [];
  const states: string[] = [];
  const controller = new KServeController({
    api: { url: proxy.url },
    namespaces: ['faults'],
    behaviour: { loadMs: 300 },
    onTransition: ({ state }) => states.push(state),
    onTrouble: (message) => troubles.push(message),
  });
  controller.start();
  try {
    await check('an API that cannot be reached for two seconds', async () => {
      await apply('faults/cut');
      await observer.until('faults/cut', loading);
      await proxy.refuse();
      await sleep(2000);
      await apply('faults/meanwhile');
      await proxy.accept();
      await observer.until('faults/cut', loaded);
      await observer.until('faults/meanwhile', loaded);
      ok(troubles.length > 3, `there was trouble: ${troubles.length}`);
      deepStrictEqual(observer.take('faults/cut'), ['no status', loading, loaded]);
    });
    await check('conflicts with somebody who writes to the object all the time', async () => {
      troubles.length = 0;
      let isOver = false;
      await apply('faults/contested');
      const writer = (async () => {
        for (let count = 0; !isOver; count++) await annotate('faults/contested', String(count));
      })();
      await observer.until('faults/contested', loaded);
      for (let count = 0; count < 5; count++) {
        await apply('faults/contested', { storageUri: `s3://models/${count}` });
        await observer.until('faults/contested', updating);
        await observer.until('faults/contested', loaded);
      }
      isOver = true;
      await writer;
      ok(
        troubles.some((message) => message.includes(' 409: ')),
        'there were conflicts',
      );
    });
    await check('answers 409, 429, 500 and 410', async () => {
      proxy.disturb({ kind: 'status', status: 409 }, { kind: 'update', times: 2 });
      proxy.disturb({ kind: 'status', status: 429, retryAfterSeconds: 1 }, { kind: 'update', times: 1 });
      proxy.disturb({ kind: 'status', status: 500 }, { kind: 'update', times: 2 });
      proxy.disturb({ kind: 'status', status: 410 }, { kind: 'watch', times: 2 });
      proxy.endWatches();
      await apply('faults/answered');
      await observer.until('faults/answered', loaded);
      deepStrictEqual(observer.take('faults/answered'), ['no status', loading, loaded]);
    });
    await check('watches that end, break in the middle of a line, and report 410', async () => {
      for (const spoil of [() => proxy.endWatches(), () => proxy.cutNextEvent(), () => proxy.sendError()]) {
        await until(
          () => proxy.openWatches > 0,
          () => 'it watches',
        );
        spoil();
        await remove('faults/answered');
        await observer.until('faults/answered', 'gone');
        await apply('faults/answered');
        await observer.until('faults/answered', loaded);
        observer.take('faults/answered');
      }
    });
    await check('a network that swallows everything', async () => {
      await apply('faults/cut', { storageUri: better });
      await observer.until('faults/cut', updating);
      proxy.stall();
      await sleep(1000);
      proxy.heal();
      await observer.until('faults/cut', loaded);
    });
    await check('each new and each removed model was reported once', () => {
      deepStrictEqual(
        ['Pending', 'Gone'].map((state) => states.filter((one) => one === state).length),
        [7, 3],
      );
    });
  } finally {
    await controller.stop();
    await proxy.close();
  }
}

async function checkPolicies(observer: Observer): Promise<void> {
  const model = (key: string) => valueAt(observer.live(key), ['spec', 'predictor', 'model']);
  await check('admission adds what KServe adds, and takes nothing away', async () => {
    for (const policy of toKServeDefaults({ namespace: 'policed' })) await applyPolicy(policy);
    await untilInForce('policed', (made) => valueAt(made, ['spec', 'predictor', 'model', 'name']) === '');
    await apply('policed/plain');
    await apply('policed/modeless', { mode: undefined });
    await observer.until('policed/plain', loaded);
    await observer.until('policed/modeless', loaded);
    deepStrictEqual(model('policed/plain'), {
      modelFormat: { name: 'sklearn' },
      name: '',
      resources: {},
      storageUri: good,
    });
    const live = observer.live('policed/plain');
    strictEqual(valueAt(live, ['spec', 'predictor', 'automountServiceAccountToken']), false);
    const annotations = valueAt(observer.live('policed/modeless'), ['metadata', 'annotations']);
    deepStrictEqual(annotations, { 'serving.kserve.io/deploymentMode': 'ModelMesh' });
  });
  await check('…and not again: what is applied once more is not written', async () => {
    const before = toVersion(observer.live('policed/plain'));
    await apply('policed/plain');
    await sleep(300);
    strictEqual(toVersion(observer.live('policed/plain')), before);
  });
  await check('…and nothing elsewhere', async () => {
    await apply('others/plain');
    await observer.until('others/plain', 'no status');
    deepStrictEqual(model('others/plain'), { modelFormat: { name: 'sklearn' }, storageUri: good });
  });
  await check('admission rewrites a field that was written, and only then', async () => {
    for (const policy of toRewrite({ namespace: 'others' })) await applyPolicy(policy);
    const protocol = ['spec', 'predictor', 'model', 'protocolVersion'];
    await untilInForce('others', (made) => valueAt(made, protocol) === 'grpc-v2');
    await apply('others/rewritten', { model: { protocolVersion: 'v2' } });
    await apply('others/unwritten');
    await observer.until('others/rewritten', 'no status');
    await observer.until('others/unwritten', 'no status');
    strictEqual(valueAt(observer.live('others/rewritten'), protocol), 'grpc-v2');
    strictEqual(valueAt(observer.live('others/unwritten'), protocol), undefined);
  });
}

async function check(name: string, work: () => void | Promise<void>): Promise<void> {
  let trouble: unknown;
  try {
    await work();
    passed++;
  } catch (error) {
    failures++;
    trouble = error;
  }
  process.stdout.write(`${trouble === undefined ? 'passed' : 'FAILED'}: ${name}\n`);
  if (trouble !== undefined) process.stdout.write(`    ${(trouble as Error).message.replaceAll('\n', '\n    ')}\n`);
}

async function apply(key: string, wanted: Wanted = {}): Promise<void> {
  await applyWith(key, toBody(key, wanted));
}

async function annotate(key: string, value: string): Promise<void> {
  const metadata = { annotations: { 'example.com/count': value } };
  await api.request(toPath(key), {
    method: 'PATCH',
    contentType: 'application/merge-patch+json',
    body: JSON.stringify({ metadata }),
  });
}

async function remove(key: string): Promise<void> {
  await api.request(toPath(key), { method: 'DELETE' });
}

function applyWith(key: string, body: object, query = ''): Promise<unknown> {
  return api.request(`${toPath(key)}?fieldManager=check&force=true${query}`, {
    method: 'PATCH',
    contentType: 'application/apply-patch+yaml',
    body: JSON.stringify(body),
  });
}

async function applyPolicy(policy: PolicyObject): Promise<void> {
  const plural = policy.kind === 'MutatingAdmissionPolicy' ? 'mutatingadmissionpolicies' : `${policy.kind}s`;
  await api.request(
    `/apis/${policy.apiVersion}/${plural.toLowerCase()}/${policy.metadata.name}?fieldManager=check&force=true`,
    { method: 'PATCH', contentType: 'application/apply-patch+yaml', body: JSON.stringify(policy) },
  );
}

/** A policy comes into force a moment after it is written. */
async function untilInForce(namespace: string, isSo: (made: unknown) => boolean): Promise<void> {
  const key = `${namespace}/trial`;
  const body = toBody(key, { model: { protocolVersion: 'v2' } });
  await until(
    async () => isSo(await applyWith(key, body, '&dryRun=All')),
    () => 'the policy is in force',
  );
}

function toBody(key: string, { storageUri = good, model = {}, secretKey, ...rest }: Wanted): object {
  const [namespace, name] = key.split('/');
  const mode = 'mode' in rest ? rest.mode : 'ModelMesh';
  const annotations = {
    ...(mode === undefined ? {} : { 'serving.kserve.io/deploymentMode': mode }),
    ...(secretKey === undefined ? {} : { 'serving.kserve.io/secretKey': secretKey }),
  };
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { namespace, name, annotations },
    spec: { predictor: { model: { modelFormat: { name: 'sklearn' }, storageUri, ...model } } },
  };
}

function toPath(key: string): string {
  const [namespace, name] = key.split('/');
  return `${group}/namespaces/${namespace}/inferenceservices/${name}`;
}

function toWords(object: unknown): string {
  const report = fromStatus(valueAt(object, ['status']));
  return report === undefined ? 'no status' : toReportWords(report);
}

function toMessage(object: unknown): string {
  return String(valueAt(object, ['status', 'modelStatus', 'lastFailureInfo', 'message']) ?? '');
}

function toTimes(object: unknown): string {
  return JSON.stringify(
    (valueAt(object, ['status', 'conditions']) as object[]).map((one) => valueAt(one, ['lastTransitionTime'])),
  );
}

function toVersion(object: unknown): unknown {
  return valueAt(object, ['metadata', 'resourceVersion']);
}

function toKey(object: unknown): string {
  return `${valueAt(object, ['metadata', 'namespace'])}/${valueAt(object, ['metadata', 'name'])}`;
}

function toName({ namespace, name }: Transition): string {
  return `${namespace}/${name}`;
}

async function until(isSo: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  for (const end = performance.now() + waitMs; performance.now() < end; await sleep(20)) if (await isSo()) return;
  throw new Error(`it is not so: ${what()}`);
}
