/**
 * The watches of InferenceServices, Deployments and Pods are not ordered among each other: the watcher may see a new
 * InferenceService beside the old Deployment, the status of one spec beside the pods of another, or the Deployment of an
 * InferenceService that was deleted. Whatever it sees, Ready is only what was rolled out.
 */
import type { ExecutionContext } from 'ava';
import test from 'ava';
import type { ModelStatus } from '../../src/core/input/schema.ts';
import { follow } from '../../src/core/observe/freshness.ts';
import type { LiveService } from '../../src/core/observe/live-object.ts';
import { toKey } from '../../src/core/observe/live-object.ts';
import type { LiveObjects, ModelMemory } from '../../src/core/observe/observed-model.ts';
import { observeModel } from '../../src/core/observe/observed-model.ts';
import type { LiveWorkload } from '../../src/core/serving/workload.ts';
import type { FakeKubernetes } from '../../src/demo/fakes/kubernetes/api.ts';
import { startKubernetes } from '../../src/demo/fakes/kubernetes/api.ts';
import { LiveCache } from '../../src/watch/live-cache.ts';
import { toRandom } from '../core/observe/simulation.ts';
import { isThorough } from '../thorough.ts';
import type { Kind } from './standard-history.ts';
import { name, namespace, StandardHistory } from './standard-history.ts';

const model = { namespace, name: 'wisdom', primary: 'wisdom-0', candidates: [name] };
const key = toKey({ namespace, name });

async function start(t: ExecutionContext): Promise<FakeKubernetes> {
  const cluster = await startKubernetes();
  t.teardown(() => cluster.close());
  return cluster;
}

/** A watcher that records each state at once. */
class View {
  #recorded: ModelStatus['status'] | undefined;
  #memory: ModelMemory = {};

  restart(): void {
    this.#memory = {};
  }

  look(live: LiveObjects) {
    const { status, memory } = observeModel(model, live, this.#recorded, this.#memory, { now: 0, settleMs: 0 });
    this.#recorded = status;
    this.#memory = memory;
    return status.candidates[0];
  }
}

/** Each is short enough for all views of it: every state of one stream beside every state of the others. */
const scripts: Readonly<Record<string, (history: StandardHistory) => void>> = {
  created: (history) => {
    history.apply('good');
    history.turn(8);
  },
  'an update in place that loads': (history) => {
    history.apply('good');
    history.turn(8);
    history.apply('better');
    history.turn(10);
  },
  'an update in place that crash-loops': (history) => {
    history.apply('good');
    history.turn(8);
    history.apply('crashes');
    history.turn(12);
  },
  'an update that is taken back': (history) => {
    history.apply('good');
    history.turn(8);
    history.apply('hangs');
    history.turn(3);
    history.apply('good');
    history.turn(6);
  },
  'deleted, and created again with the same spec': (history) => {
    history.apply('good');
    history.turn(8);
    history.remove();
    history.apply('good');
    history.turn(8);
  },
  'deleted, created with another spec, and changed to the first one': (history) => {
    history.apply('good');
    history.turn(8);
    history.remove();
    history.apply('better');
    history.turn(8);
    history.apply('good');
    history.turn(3);
  },
  'edited by hand under the same digest, and healed while KServe is away': (history) => {
    history.apply('good');
    history.turn(8);
    history.edit('better');
    history.turn(8);
    history.kserve.pause('kserve');
    history.apply('good');
    history.turn(3);
    history.kserve.resume('kserve');
    history.turn(8);
  },
  'a Deployment edited by hand while KServe is away': (history) => {
    history.apply('good');
    history.turn(8);
    history.kserve.pause('kserve');
    history.editDeployment('better');
    history.turn(8);
    history.kserve.resume('kserve');
    history.turn(8);
  },
  'an update while the Deployment controller is away': (history) => {
    history.apply('good');
    history.turn(8);
    history.kserve.pause('deployments');
    history.apply('crashes');
    history.turn(3);
    history.kserve.resume('deployments');
    history.turn(6);
  },
};

for (const [title, play] of Object.entries(scripts))
  test(`in all views of a history, Ready is only what was rolled out: ${title}`, async (t) => {
    const history = new StandardHistory(await start(t));
    play(history);
    const [services = [], deployments = [], pods = []] = history.streams.map(({ events }) => toStates(events));
    let ready = 0;
    for (const service of services)
      for (const deployment of deployments)
        for (const pod of pods) {
          const digest = findReady([service, deployment, pod]);
          if (digest === undefined) continue;
          const until = Math.max(service.at, deployment.at, pod.at);
          const [{ uid }] = service.objects as [LiveService];
          if (!history.wasRolledOut(uid, digest, until)) return t.fail(`${digest} is Ready at ${until}`);
          const fault = findOtherSource(history, [service, deployment]);
          if (fault !== undefined) return t.fail(`${fault} at ${until}`);
          ready++;
        }
    t.log(`${services.length * deployments.length * pods.length} views, ${ready} Ready`);
    return t.true(ready > 0);
  });

interface StreamState {
  readonly at: number;
  readonly objects: readonly NonNullable<StandardHistory['streams'][number]['events'][number]['live']>[];
}

/** What a stream shows after each of its events, and before the first. */
function toStates(events: StandardHistory['streams'][number]['events']): StreamState[] {
  const objects = new Map<string, StreamState['objects'][number]>();
  return [
    { at: 0, objects: [] },
    ...events.map(({ at, name: own, live }) => {
      if (live === undefined) objects.delete(own);
      else objects.set(own, live);
      return { at, objects: [...objects.values()] };
    }),
  ];
}

function findReady(states: readonly StreamState[]): string | undefined {
  const all = states.flatMap(({ objects }) => objects);
  const service = all.find((live) => live.is === 'version');
  const status = new View().look({
    services: new Map(service && [[key, follow(undefined, service)]]),
    workloads: new Map([[key, all.filter((live): live is LiveWorkload => live.is === 'workload')]]),
    routes: new Map(),
  });
  return status?.state === 'Ready' ? status.digest : undefined;
}

/** Whether the pods that are seen load something else than the InferenceService that is seen. */
function findOtherSource(history: StandardHistory, states: readonly (StreamState | undefined)[]): string | undefined {
  const find = (is: 'version' | 'workload') =>
    states.flatMap((state) => state?.objects ?? []).find((live) => live.is === is && live.kind !== 'Pod');
  const [wanted, loaded] = [history.sourceOf(find('version')), history.sourceOf(find('workload'))];
  return wanted === loaded ? undefined : `Ready is ${wanted}, but the pods load ${loaded}`;
}

const histories = isThorough ? 500 : 60;
const orders = 20;
const controllers = ['kserve', 'deployments', 'kubelet'] as const;
const bad: readonly Kind[] = [
  'hangs',
  'initializer-fails',
  'crashes',
  'runs-out-of-memory',
  'has-no-image',
  'unschedulable',
];

test('in any order of the streams, Ready is only what was rolled out, and the last state is right', async (t) => {
  const cluster = await start(t);
  const ends = new Map<string, number>();
  for (let seed = 1; seed <= histories; seed++) {
    const random = toRandom(seed);
    const history = new StandardHistory(cluster);
    const end = live(history, random);
    ends.set(end, (ends.get(end) ?? 0) + 1);
    for (let order = 0; order < orders; order++) {
      const fault = watch(history, random, end);
      if (fault !== undefined) return t.fail(`history ${seed}, order ${order}: ${fault}`);
    }
  }
  // It proves little unless each end is reached.
  for (const end of ['Ready', 'Failed', 'Loading', 'Missing', 'Stopped', 'Pending'])
    t.true((ends.get(end) ?? 0) >= (isThorough ? 10 : 1), `${end}: ${ends.get(end) ?? 0}`);
  return t.pass();
});

/** @returns the state in which it ends, by what was done and what the pods are. */
function live(history: StandardHistory, random: () => number): string {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const any = (): Kind => (random() < 0.5 ? pick(['good', 'better']) : pick(bad));
  let last: Kind = any();
  const apply = (kind: Kind, stop = 'false') => {
    last = kind;
    history.apply(kind, { 'serving.kserve.io/stop': stop });
  };
  const events: readonly (() => void)[] = [
    () => apply(any()),
    () => apply(any()),
    () => apply(pick(['good', 'better'])),
    () => history.remove(),
    () => {
      history.remove();
      apply(last);
    },
    () => apply(last, 'true'),
    () => history.scale(pick([0, 1, 3])),
    () => history.edit(pick(['good', 'better'])),
    () => history.editDeployment(pick(['good', 'better'])),
    () => {
      history.edit(pick(['good', 'better']));
      history.turn(Math.floor(random() * 12));
      if (random() < 0.7) history.kserve.pause('kserve');
      apply(last);
    },
    ...controllers.flatMap((controller) => [
      () => history.kserve.pause(controller),
      () => history.kserve.resume(controller),
    ]),
  ];
  apply(last);
  for (let left = 3 + Math.floor(random() * 8); left > 0; left--) {
    history.turn(Math.floor(random() * pick([2, 6, 30])));
    pick(events)();
  }
  for (const controller of controllers) history.kserve.resume(controller);
  if (history.service !== undefined) apply(last, history.service.metadata.annotations?.['serving.kserve.io/stop']);
  history.turn(80);
  if (history.service === undefined) return 'Missing';
  if (history.service.metadata.annotations?.['serving.kserve.io/stop'] === 'true') return 'Stopped';
  if (history.replicas === 0) return 'Pending';
  if (history.isRolledOut) return 'Ready';
  return last === 'hangs' ? 'Loading' : 'Failed';
}

/**
 * Watches the streams in a random order; now and then one is listed again, or the watcher is another one.
 *
 * @returns what is wrong.
 */
function watch(history: StandardHistory, random: () => number, end: string): string | undefined {
  const streams = history.streams.map(({ kind, events }) => ({ kind, events, states: toStates(events), at: 0 }));
  const view = new View();
  let cache = new LiveCache(undefined);
  let until = 0;
  /** Whether the watcher has not seen every write. */
  let hasGap = false;
  for (;;) {
    const open = streams.filter(({ events, at }) => at < events.length);
    const stream = open[Math.floor(random() * open.length)];
    if (stream === undefined) break;
    const { kind, events, states } = stream;
    const to = Math.min(events.length, stream.at + 1 + Math.floor(random() * random() * 6));
    if (random() < 0.1) {
      hasGap = true;
      cache.replace(kind, undefined, states[to]?.objects ?? []);
    } else
      for (const { name: own, live: object } of events.slice(stream.at, to))
        if (object === undefined) cache.drop(kind, namespace, own);
        else cache.put(object);
    stream.at = to;
    until = Math.max(until, states[to]?.at ?? 0);
    if (random() < 0.05) {
      hasGap = true;
      view.restart();
      cache = new LiveCache(undefined);
      for (const one of streams) cache.replace(one.kind, undefined, one.states[one.at]?.objects ?? []);
    }
    const { state, digest } = view.look(cache) ?? {};
    const uid = cache.services.get(key)?.uid ?? '';
    if (state !== 'Ready') continue;
    if (!history.wasRolledOut(uid, digest, until)) return `${digest} is Ready at ${until}`;
    const fault = findOtherSource(
      history,
      streams.map((one) => one.states[one.at]),
    );
    if (fault !== undefined) return `${fault} at ${until}`;
  }
  const { state } = view.look(cache) ?? {};
  if (state === end || (state === 'Pending' && end === 'Ready' && hasGap && !history.isProvable)) return undefined;
  return `it ends with ${state}, not with ${end}`;
}
