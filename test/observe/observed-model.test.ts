import test from 'ava';
import fc from 'fast-check';
import type { ModelStatus } from '../../src/input/schema.ts';
import { patienceMs } from '../../src/observe/freshness.ts';
import type { LiveRoute, LiveService } from '../../src/observe/live-object.ts';
import { toLiveRoute, toLiveService } from '../../src/observe/live-object.ts';
import type { ModelMemory } from '../../src/observe/observed-model.ts';
import { observeModel } from '../../src/observe/observed-model.ts';
import {
  badUpdate,
  failed,
  loaded,
  loading,
  standby,
  toRoute,
  toService,
  toServiceObject,
  toStatus,
} from './live-objects.ts';

const settleMs = 5000;
const model = { name: 'wisdom', namespace: 'models', primary: 'wisdom-0', candidate: 'wisdom-1' };

/** A watcher's view of one model over time: what it tells is what git tells next. */
class Story {
  told: ModelStatus['status'] | undefined;
  memory: ModelMemory = {};
  now = 0;
  due: number | undefined;
  services = new Map<string, LiveService>([['wisdom-0', toService({ name: 'wisdom-0', digest: 'd0', version: 'v1' })]]);
  routes = new Map<string, LiveRoute>();

  look(after: number, candidate?: LiveService | 'gone'): string {
    this.now += after;
    if (candidate === 'gone') this.services.delete('wisdom-1');
    else if (candidate !== undefined) this.services.set('wisdom-1', candidate);
    const view = {
      service: (name: string) => this.services.get(name),
      route: (name: string) => this.routes.get(name),
    };
    const { status, memory, due } = observeModel(model, view, this.told, this.memory, { now: this.now, settleMs });
    this.told = status;
    this.memory = memory;
    this.due = due;
    return status.candidate?.state ?? 'nothing';
  }

  /** The watcher is another one: all it has is what git tells. */
  restart(): void {
    this.memory = {};
  }
}

/** Deployed, loading, loaded. */
function toReadyStory(): Story {
  const story = new Story();
  story.look(0, toService());
  story.look(1000, toService({ status: loading }));
  story.look(1000, toService({ status: loaded }));
  return story;
}

test('a candidate is pending, loading and ready as KServe says it', (t) => {
  const story = new Story();
  t.is(story.look(0, toService()), 'Pending');
  t.is(story.look(1000, toService({ status: loading })), 'Loading');
  t.is(story.look(1000, toService({ status: loaded })), 'Ready');
  t.deepEqual(story.told?.candidate, { name: 'wisdom-1', state: 'Ready', version: 'v2', digest: 'd2' });
  t.is(story.due, undefined);
});

for (const [title, status, state] of [
  ['Ready False', toStatus({ ready: 'False', transition: 'UpToDate', active: 'Loaded' }), 'Pending'],
  ['Ready Unknown', toStatus({ ready: 'Unknown', transition: 'UpToDate', active: 'Loaded' }), 'Pending'],
  ['a transition in progress', toStatus({ ready: 'True', transition: 'InProgress', active: 'Loaded' }), 'Loading'],
  ['no transition', toStatus({ ready: 'True', active: 'Loaded' }), 'Pending'],
  ['no model state', toStatus({ ready: 'True', transition: 'UpToDate' }), 'Pending'],
  [
    'a target that loads',
    toStatus({ ready: 'True', transition: 'UpToDate', active: 'Loaded', target: 'Loading' }),
    'Loading',
  ],
  [
    'a target that waits',
    toStatus({ ready: 'True', transition: 'UpToDate', active: 'Loaded', target: 'Pending' }),
    'Pending',
  ],
  ['conditions alone', { conditions: [{ type: 'Ready', status: 'True' }] }, 'Pending'],
  ['an empty status', {}, 'Pending'],
] as const)
  test(`not ready with ${title}`, (t) => {
    const story = new Story();
    story.look(0, toService());
    t.is(story.look(1000, toService({ status })), state);
  });

for (const [title, status] of [
  ['a first load that fails, though it is UpToDate', failed],
  ['a bad update of a live model, though it is Ready True', badUpdate],
  ['an invalid spec', toStatus({ transition: 'InvalidSpec' })],
] as const)
  test(`failed: ${title}`, (t) => {
    const story = toReadyStory();
    t.is(story.look(0, toService({ status })), 'Ready', 'not yet');
    t.is(story.look(settleMs, toService({ status })), 'Failed');
  });

test('a failure is told with its reason and message', (t) => {
  const story = toReadyStory();
  story.look(0, toService({ status: failed }));
  story.look(settleMs);
  t.like(story.told?.candidate, { state: 'Failed', reason: 'ModelLoadFailed', message: 'no such file' });
});

test('a change for the worse must hold', (t) => {
  const story = toReadyStory();
  t.is(story.look(1000, toService({ status: failed })), 'Ready');
  t.is(story.due, story.now + settleMs);
  t.is(story.look(settleMs - 1), 'Ready');
  t.is(story.look(0, toService({ status: loaded })), 'Ready');
  t.is(story.look(10_000, toService({ status: failed })), 'Ready', 'it counts from anew');
  t.is(story.look(settleMs - 1), 'Ready');
  t.is(story.look(1), 'Failed');
});

test('a worse that turns into another worse counts from the first', (t) => {
  const story = toReadyStory();
  t.is(story.look(0, toService({ status: failed })), 'Ready');
  t.is(story.look(3000, toService({ status: loading })), 'Ready');
  t.is(story.look(2000), 'Loading');
});

test('a flash of FailedToLoad or Standby right after Loading closes and opens nothing', (t) => {
  for (const flash of [failed, standby]) {
    const story = new Story();
    story.look(0, toService());
    t.is(story.look(0, toService({ status: loading })), 'Loading');
    t.is(story.look(1000, toService({ status: flash })), 'Loading');
    t.is(story.look(400, toService({ status: loading })), 'Loading');
    t.is(story.look(settleMs), 'Loading');
    t.is(story.look(0, toService({ status: loaded })), 'Ready');
  }
});

test('Standby that stays is ready', (t) => {
  const story = new Story();
  story.look(0, toService());
  t.is(story.look(0, toService({ status: standby })), 'Pending');
  t.is(story.look(settleMs), 'Ready');
});

test('a ready model that goes to Standby stays ready', (t) => {
  const story = toReadyStory();
  t.is(story.look(0, toService({ status: standby })), 'Ready');
  t.is(story.due, undefined);
});

test('a Ready from before the new spec opens nothing', (t) => {
  const story = toReadyStory();
  const redeployed = { digest: 'd3', generation: 2 };
  t.is(story.look(1000, toService({ ...redeployed, status: loaded })), 'Pending');
  t.is(story.told?.candidate?.digest, 'd3', 'at once: what was told of the old digest is worth nothing');
  t.is(story.look(10_000), 'Pending');
  t.is(story.look(0, toService({ ...redeployed, status: loading })), 'Loading');
  t.is(story.look(1000, toService({ ...redeployed, status: loaded })), 'Ready', 'KServe has looked');
});

test('KServe that has had a minute and said nothing had nothing to say', (t) => {
  const story = toReadyStory();
  t.is(story.look(0, toService({ digest: 'd3', generation: 2, status: loaded })), 'Pending');
  t.is(story.look(patienceMs - 1), 'Pending');
  t.is(story.look(1), 'Ready');
});

test('the record of writes tells whether KServe has looked', (t) => {
  const written = (spec: string, status: string) => [
    { manager: 'argocd-controller', operation: 'Apply', time: spec, fieldsV1: { 'f:spec': {} } },
    { manager: 'someone', operation: 'Update', time: '2030-01-01T00:00:00Z', fieldsV1: { 'f:metadata': {} } },
    { manager: 'manager', operation: 'Update', time: status, subresource: 'status', fieldsV1: { 'f:status': {} } },
  ];
  const first = (spec: string, status: string) =>
    new Story().look(0, toService({ generation: 2, status: loaded, managedFields: written(spec, status) }));
  t.is(first('2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'), 'Ready');
  t.is(first('2026-01-01T00:00:01Z', '2026-01-01T00:00:01Z'), 'Pending', 'the same second proves nothing');
  t.is(first('2026-01-01T00:00:02Z', '2026-01-01T00:00:01Z'), 'Pending');
});

test('a watcher that starts anew believes the Ready that git tells of the same digest', (t) => {
  const story = toReadyStory();
  story.restart();
  t.is(story.look(0), 'Ready');
  story.restart();
  t.is(story.look(0, toService({ digest: 'd3', generation: 2, status: loaded })), 'Pending');
});

test('an object of the first generation has no earlier spec that its status could speak of', (t) => {
  t.is(new Story().look(0, toService({ generation: 1, status: loaded })), 'Ready');
  t.is(new Story().look(0, toService({ generation: 2, status: loaded })), 'Pending');
});

test('an object that was deleted and made anew is another one', (t) => {
  const story = toReadyStory();
  t.is(story.look(0, toService({ uid: 'u2', generation: 3, status: loaded })), 'Ready', 'held');
  t.is(story.look(settleMs), 'Pending');
});

test('a deleted object is missing when it stays so', (t) => {
  const story = toReadyStory();
  t.is(story.look(0, toService({ deleting: true, status: loaded })), 'Ready');
  t.is(story.look(settleMs - 1, 'gone'), 'Ready');
  t.is(story.look(1), 'Missing');
  t.deepEqual(story.told?.candidate, { name: 'wisdom-1', state: 'Missing' });
});

test('a stopped or deleted model is told', (t) => {
  const story = toReadyStory();
  story.look(0, toService({ status: toStatus({ ready: 'True', transition: 'UpToDate', stopped: true }) }));
  t.is(story.look(settleMs), 'Stopped');
  t.is(story.look(0, toService({ deleting: true })), 'Stopped');
  t.is(story.look(settleMs), 'Deleting');
});

test('nothing is told of what was only declared', (t) => {
  const story = new Story();
  t.is(story.look(0), 'nothing');
  t.is(story.look(settleMs), 'Missing');
});

test('the mirror is what both live hops do', (t) => {
  const story = toReadyStory();
  story.look(0);
  t.is(story.told?.mirror, undefined);
  story.routes.set('wisdom', toRoute('wisdom', { path: 'models/wisdom', percentage: 20 }));
  story.look(0);
  t.is(story.told?.mirror, undefined, 'copies that are led nowhere are nobody’s');
  story.routes.set('wisdom-mirror', toRoute('wisdom-mirror', { to: 'wisdom-1' }));
  story.look(0);
  t.deepEqual(story.told?.mirror, { to: 'wisdom-1', percentage: 20 });
  story.routes.set('wisdom', toRoute('wisdom', { path: 'models/wisdom', percentage: 0 }));
  story.look(0);
  t.is(story.told?.mirror, undefined);
});

test('a mirror without a percentage is 100 %, and any live number becomes one that a file may have', (t) => {
  const at = (mirrorPercentage: unknown) =>
    toLiveRoute({ metadata: {}, spec: { http: [{ mirror: { host: 'm' }, mirrorPercentage }] } }).percentage;
  t.is(at(undefined), 100);
  t.is(at({}), 0);
  t.is(at({ value: 33.333_333 }), 33.3333);
  t.is(at({ value: 250 }), 100);
  t.is(at({ value: -1 }), 0);
  t.is(at({ value: 'all' }), 0);
});

test('a message that changes alone is told rarely', (t) => {
  const say = (message: string) =>
    toService({ status: toStatus({ transition: 'InvalidSpec', failure: { reason: 'R', message } }) });
  const story = toReadyStory();
  story.look(0, say('first'));
  story.look(settleMs);
  t.is(story.told?.candidate?.message, 'first');
  story.look(0, say('second'));
  story.look(settleMs);
  t.is(story.told?.candidate?.message, 'first');
  story.look(60_000);
  t.is(story.told?.candidate?.message, 'second');
});

test('reading a live object fails nowhere', (t) => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (metadata, rest) => {
      for (const object of [metadata, { metadata, spec: rest, status: rest }, { metadata: { managedFields: rest } }]) {
        toLiveService(object);
        toLiveRoute(object);
      }
    }),
  );
  t.pass();
});

const statuses = [undefined, {}, loading, loaded, standby, failed, badUpdate];

test('whatever happens: a Ready is told only of the live digest, and a wrong Ready for no longer than it must hold', (t) => {
  const step = fc.record({
    after: fc.integer({ min: 0, max: 7000 }),
    status: fc.constantFrom(...statuses),
    digest: fc.constantFrom('d1', 'd2'),
    there: fc.boolean(),
    restarts: fc.boolean(),
    isLater: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const story = new Story();
      let generation = 0;
      let digest = '';
      let badSince: number | undefined;
      for (const next of steps) {
        if (next.digest !== digest) generation++;
        digest = next.digest;
        if (next.restarts) story.restart();
        const status = next.status === undefined ? {} : { status: next.status };
        const live = next.there
          ? { ...toLiveService(toServiceObject({ digest, generation, ...status })), statusIsLater: next.isLater }
          : 'gone';
        story.look(next.after, live);
        const isGood = next.there && (next.status === loaded || next.status === standby);
        badSince = isGood ? undefined : next.restarts ? story.now : (badSince ?? story.now);
        // Time passes until nothing waits, as it does for the watcher.
        const told = story.told?.candidate;
        if (told?.state === 'Ready' && next.there && told.digest !== digest) t.fail('an old digest is told as ready');
        if (told?.state === 'Ready' && badSince !== undefined && story.now - badSince >= settleMs)
          t.fail('a bad model is told as ready for too long');
      }
    }),
  );
  t.pass();
});
