import test from 'ava';
import fc from 'fast-check';
import type { ModelStatus } from '../../../src/core/input/schema.ts';
import type { FollowedService } from '../../../src/core/observe/freshness.ts';
import { follow } from '../../../src/core/observe/freshness.ts';
import type { LiveRoute, LiveService } from '../../../src/core/observe/live-object.ts';
import { toKey, toLiveRoute, toLiveService } from '../../../src/core/observe/live-object.ts';
import type { ModelMemory } from '../../../src/core/observe/observed-model.ts';
import { observeModel } from '../../../src/core/observe/observed-model.ts';
import type { LiveWorkload } from '../../../src/core/serving/workload.ts';
import {
  badUpdate,
  failed,
  loaded,
  loading,
  noPods,
  standby,
  toRoute,
  toService,
  toServiceObject,
  toStatus,
  unhealthy,
} from './live-objects.ts';

const settleMs = 5000;
/** After an outage, until the first call. */
const asleep = toStatus({ transition: 'UpToDate', active: 'Standby', failure: unhealthy });
const asleepLater = toStatus({
  transition: 'UpToDate',
  active: 'Standby',
  failure: unhealthy,
  time: '2026-01-01T00:00:04Z',
});
const annotationFields = { 'f:annotations': { 'f:serving.kserve.io/secretKey': {} } };
const model = { name: 'wisdom', namespace: 'models', primary: 'wisdom-0', candidates: ['wisdom-1'] };

/** A watcher's view of one model over time: each status is in git at the next observation. */
class Story {
  recorded: ModelStatus['status'] | undefined;
  memory: ModelMemory = {};
  now = 0;
  due: number | undefined;
  services = new Map<string, FollowedService>([
    ['models/wisdom-0', follow(undefined, toService({ name: 'wisdom-0', digest: 'd0', version: 'v1' }))],
  ]);
  routes = new Map<string, LiveRoute>();
  workloads = new Map<string, readonly LiveWorkload[]>();

  observe(after: number, candidate?: LiveService | 'gone'): string {
    this.now += after;
    if (candidate === 'gone') this.services.delete('models/wisdom-1');
    else if (candidate !== undefined) this.see(candidate);
    const { status, memory, due } = observeModel(model, this, this.recorded, this.memory, { now: this.now, settleMs });
    this.recorded = status;
    this.memory = memory;
    this.due = due;
    return status.candidates[0]?.state ?? 'nothing';
  }

  /** An event so close to the next that nothing is observed in between. */
  see(service: LiveService): void {
    this.services.set(toKey(service), follow(this.services.get(toKey(service)), service));
  }

  /** The watcher is replaced: the new one has only what git records, and what the API serves now. */
  restart(): void {
    this.memory = {};
    for (const [key, service] of this.services) this.services.set(key, follow(undefined, service));
  }
}

/** Deployed, loading, loaded. */
function toReadyStory(): Story {
  const story = new Story();
  story.observe(0, toService());
  story.observe(1000, toService({ status: loading }));
  story.observe(1000, toService({ status: loaded }));
  return story;
}

test('a candidate is Pending, Loading and Ready as KServe reports it', (t) => {
  const story = new Story();
  t.is(story.observe(0, toService()), 'Pending');
  t.is(story.observe(1000, toService({ status: loading })), 'Loading');
  t.is(story.observe(1000, toService({ status: loaded })), 'Ready');
  t.deepEqual(story.recorded?.candidates[0], {
    name: 'wisdom-1',
    state: 'Ready',
    version: 'v2',
    digest: 'd2',
    loaded: toService().loads,
    uid: 'u1',
  });
  t.is(story.due, undefined);
});

for (const [title, status, state] of [
  ['Ready False', toStatus({ ready: 'False', transition: 'UpToDate', active: 'Loaded' }), 'Pending'],
  ['Ready Unknown', toStatus({ ready: 'Unknown', transition: 'UpToDate', active: 'Loaded' }), 'Pending'],
  ['a transition in progress', toStatus({ ready: 'True', transition: 'InProgress', active: 'Loaded' }), 'Loading'],
  ['no transition', toStatus({ ready: 'True', active: 'Loaded' }), 'Pending'],
  ['no model state', toStatus({ ready: 'True', transition: 'UpToDate' }), 'Pending'],
  [
    'a target that is loading',
    toStatus({ ready: 'True', transition: 'UpToDate', active: 'Loaded', target: 'Loading' }),
    'Loading',
  ],
  [
    'a target that is pending',
    toStatus({ ready: 'True', transition: 'UpToDate', active: 'Loaded', target: 'Pending' }),
    'Pending',
  ],
  ['conditions alone', { conditions: [{ type: 'Ready', status: 'True' }] }, 'Pending'],
  ['an empty status', {}, 'Pending'],
] as const)
  test(`not Ready: ${title}`, (t) => {
    const story = new Story();
    story.observe(0, toService());
    t.is(story.observe(1000, toService({ status })), state);
  });

for (const [title, status] of [
  ['a first load that fails, though it is UpToDate', failed],
  ['a bad update of a live model, though it is Ready True', badUpdate],
  ['an invalid spec', toStatus({ transition: 'InvalidSpec' })],
] as const)
  test(`Failed: ${title}`, (t) => {
    const story = toReadyStory();
    t.is(story.observe(0, toService({ status })), 'Ready', 'not yet');
    t.is(story.observe(settleMs, toService({ status })), 'Failed');
  });

test('a failure is recorded with its reason and message', (t) => {
  const story = toReadyStory();
  story.observe(0, toService({ status: failed }));
  story.observe(settleMs);
  t.like(story.recorded?.candidates[0], { state: 'Failed', reason: 'ModelLoadFailed', message: 'no such file' });
});

test('a change for the worse must hold', (t) => {
  const story = toReadyStory();
  t.is(story.observe(1000, toService({ status: failed })), 'Ready');
  t.is(story.due, story.now + settleMs);
  t.is(story.observe(settleMs - 1), 'Ready');
  t.is(story.observe(0, toService({ status: loaded })), 'Ready');
  t.is(story.observe(10_000, toService({ status: failed })), 'Ready', 'the time starts again');
  t.is(story.observe(settleMs - 1), 'Ready');
  t.is(story.observe(1), 'Failed');
});

test('a bad state that becomes another one must hold from the first on', (t) => {
  const story = toReadyStory();
  t.is(story.observe(0, toService({ status: failed })), 'Ready');
  t.is(story.observe(3000, toService({ status: loading })), 'Ready');
  t.is(story.observe(2000), 'Loading');
});

test('a flash of FailedToLoad or Standby right after Loading neither closes nor opens a mirror', (t) => {
  for (const flash of [failed, standby]) {
    const story = new Story();
    story.observe(0, toService());
    t.is(story.observe(0, toService({ status: loading })), 'Loading');
    t.is(story.observe(1000, toService({ status: flash })), 'Loading');
    t.is(story.observe(400, toService({ status: loading })), 'Loading');
    t.is(story.observe(settleMs), 'Loading');
    t.is(story.observe(0, toService({ status: loaded })), 'Ready');
  }
});

test('Standby that lasts is Ready', (t) => {
  const story = new Story();
  story.observe(0, toService());
  t.is(story.observe(0, toService({ status: standby })), 'Pending');
  t.is(story.observe(settleMs), 'Ready');
});

test('a Ready model that becomes Standby stays Ready', (t) => {
  const story = toReadyStory();
  t.is(story.observe(0, toService({ status: standby })), 'Ready');
  t.is(story.due, undefined);
});

test('a Ready from before the new spec does not open the mirror', (t) => {
  const story = toReadyStory();
  const redeployed = { digest: 'd3', generation: 2 };
  t.is(story.observe(1000, toService({ ...redeployed, status: loaded })), 'Pending');
  t.is(story.recorded?.candidates[0]?.digest, 'd3', 'at once: what is recorded of the old digest does not count');
  t.is(story.observe(10_000), 'Pending');
  t.is(story.observe(0, toService({ ...redeployed, status: loading })), 'Loading');
  t.is(story.observe(1000, toService({ ...redeployed, status: loaded })), 'Ready', 'KServe has reconciled');
});

test('waiting makes nothing Ready, however long KServe writes nothing', (t) => {
  const story = toReadyStory();
  t.is(story.observe(0, toService({ digest: 'd3', generation: 2, status: loaded })), 'Pending');
  t.is(story.due, undefined);
  t.is(story.observe(24 * 3_600_000), 'Pending');
});

test('a change that ModelMesh ignores is Ready at once: it writes no status for that', (t) => {
  const story = toReadyStory();
  const ignored = { digest: 'd3', storageUri: 's3://models/d2', generation: 2 };
  t.is(story.observe(1000, toService({ ...ignored, status: loaded })), 'Ready');
  t.like(story.recorded?.candidates[0], { digest: 'd3', loaded: toService().loads });
});

test('a change that ModelMesh ignores is Ready, also when the watcher starts after it', (t) => {
  const story = toReadyStory();
  story.see(toService({ digest: 'd3', storageUri: 's3://models/d2', generation: 2, status: loaded }));
  story.restart();
  t.is(story.observe(0), 'Ready');
  t.is(story.recorded?.candidates[0]?.digest, 'd3');
});

const secret = (key: string) => ({ annotations: { 'serving.kserve.io/secretKey': key } });

test('an annotation that determines what is loaded makes a new version, although the generation stays 1', (t) => {
  for (const annotations of [
    { 'serving.kserve.io/secretKey': 'other' },
    { 'serving.kserve.io/schemaPath': 'schema.json' },
  ]) {
    const story = toReadyStory();
    const other = { annotations, digest: 'd2-0' };
    t.is(story.observe(1000, toService({ ...other, status: loaded })), 'Pending', 'at once');
    t.is(story.observe(600_000), 'Pending');
    t.is(story.observe(0, toService({ ...other, status: badUpdate })), 'Pending');
    t.is(story.observe(settleMs), 'Failed');
  }
});

test('an annotation that determines what is loaded makes a new version, also when it is edited by hand and the digest stays', (t) => {
  const story = toReadyStory();
  t.is(story.observe(1000, toService({ ...secret('other'), status: loaded })), 'Pending', 'at once');
  t.is(story.observe(600_000), 'Pending');
});

test('an annotation that ModelMesh ignores changes nothing', (t) => {
  const story = toReadyStory();
  t.is(story.observe(0, toService({ status: loaded, annotations: { 'example.com/team': 'red' } })), 'Ready');
});

test('a change that is reverted before KServe reconciles does not count', (t) => {
  const story = toReadyStory();
  t.is(story.observe(0, toService({ ...secret('other'), digest: 'd2-0', status: loaded })), 'Pending');
  t.is(story.observe(10_000, toService({ status: loaded })), 'Ready');
});

test('a change that is reverted after KServe reconciled waits until KServe reconciles again', (t) => {
  const story = toReadyStory();
  story.see(toService({ ...secret('other'), digest: 'd2-0', status: loaded }));
  story.see(toService({ ...secret('other'), digest: 'd2-0', status: badUpdate }));
  t.is(story.observe(0, toService({ status: badUpdate })), 'Pending');
  t.is(story.observe(settleMs), 'Pending');
  t.is(story.observe(0, toService({ status: loaded })), 'Ready');
});

test('events at the same moment are distinguished', (t) => {
  const story = toReadyStory();
  const next = { digest: 'd3', generation: 2 };
  story.see(toService({ ...next, status: loaded }));
  story.see(toService({ ...next, status: loading }));
  t.is(story.observe(0, toService({ ...next, status: loaded })), 'Ready', 'KServe has written since');
});

test('Ready True without a runtime Pod is Pending, with the reason', (t) => {
  const story = toReadyStory();
  const next = { digest: 'd3', generation: 2 };
  story.observe(1000, toService({ ...next, status: loaded }));
  t.is(story.observe(0, toService({ ...next, status: noPods })), 'Pending');
  t.like(story.recorded?.candidates[0], { digest: 'd3', reason: 'RuntimeUnhealthy', message: 'no Pod' });
  t.is(story.observe(600_000), 'Pending');
});

test('Ready True without a runtime Pod is Pending, also for what was loaded before, once that has held', (t) => {
  const story = toReadyStory();
  t.is(story.observe(0, toService({ status: noPods })), 'Ready', 'held back');
  t.is(story.observe(settleMs), 'Pending');
  t.like(story.recorded?.candidates[0], { reason: 'RuntimeUnhealthy', loaded: toService().loads });
});

test('a version that was Ready and waits for its first call after an outage is Ready by Standby', (t) => {
  for (const restartsAfter of [[], [1], [2], [3], [1, 2, 3]]) {
    const story = toReadyStory();
    const maybeRestart = (step: number) => restartsAfter.includes(step) && story.restart();
    story.observe(0, toService({ status: noPods }));
    story.observe(settleMs);
    maybeRestart(1);
    t.is(story.observe(20_000, toService({ status: asleep })), 'Pending', 'not yet');
    t.is(story.recorded?.candidates[0]?.reason, 'RuntimeUnhealthy');
    maybeRestart(2);
    story.observe(3000, toService({ status: asleepLater }));
    t.is(story.observe(settleMs), 'Ready');
    t.is(story.recorded?.candidates[0]?.reason, undefined);
    maybeRestart(3);
    t.is(story.observe(60_000, toService({ status: asleep })), 'Ready');
  }
});

test('a version that was never Ready, or has failed, and waits for its first call is Pending', (t) => {
  const story = new Story();
  story.observe(0, toService());
  t.is(story.observe(0, toService({ status: asleep })), 'Pending');
  t.is(story.observe(600_000), 'Pending');
  story.observe(0, toService({ status: loaded }));
  story.observe(0, toService({ status: failed }));
  t.is(story.observe(settleMs), 'Failed');
  t.is(story.observe(0, toService({ status: asleep })), 'Pending');
  t.is(story.observe(600_000), 'Pending');
});

test('a spec that was applied during the outage is not the one that was Ready', (t) => {
  const story = toReadyStory();
  const next = { digest: 'd3', generation: 2 };
  story.observe(0, toService({ ...next, status: noPods }));
  t.is(story.observe(0, toService({ ...next, status: asleep })), 'Pending');
  t.is(story.observe(600_000), 'Pending');
  story.restart();
  t.is(story.observe(600_000), 'Pending');
});

test('the record of writes shows whether KServe has reconciled', (t) => {
  const written = (spec: string, status: string) => [
    { manager: 'argocd-controller', operation: 'Apply', time: spec, fieldsV1: { 'f:spec': {} } },
    { manager: 'someone', operation: 'Update', time: '2030-01-01T00:00:00Z', fieldsV1: { 'f:metadata': {} } },
    { manager: 'manager', operation: 'Update', time: status, subresource: 'status', fieldsV1: { 'f:status': {} } },
  ];
  const first = (spec: string, status: string) =>
    new Story().observe(0, toService({ generation: 2, status: loaded, managedFields: written(spec, status) }));
  t.is(first('2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'), 'Ready');
  t.is(first('2026-01-01T00:00:01Z', '2026-01-01T00:00:01Z'), 'Pending', 'the same second proves nothing');
  t.is(first('2026-01-01T00:00:02Z', '2026-01-01T00:00:01Z'), 'Pending');
});

test('a watcher that starts trusts a recorded Ready of the same digest', (t) => {
  const story = toReadyStory();
  story.restart();
  t.is(story.observe(0), 'Ready');
  story.restart();
  t.is(story.observe(0, toService({ digest: 'd3', generation: 2, status: loaded })), 'Pending');
});

test('an object of the first generation has no earlier spec that its status could be about', (t) => {
  t.is(new Story().observe(0, toService({ generation: 1, status: loaded })), 'Ready');
  t.is(new Story().observe(0, toService({ generation: 2, status: loaded })), 'Pending');
});

test('the first generation is not the first spec when git or the record knows of an earlier one', (t) => {
  const other = { ...secret('other'), digest: 'd2-0', status: loaded };
  const story = toReadyStory();
  story.services.delete('models/wisdom-1');
  story.restart();
  t.is(story.observe(0, toService(other)), 'Pending');
  t.is(story.observe(600_000), 'Pending');

  const at = (time: string) => [
    { manager: 'argocd-controller', time, fieldsV1: { 'f:metadata': annotationFields } },
    { manager: 'manager', time: '2026-01-01T00:00:01Z', subresource: 'status', fieldsV1: { 'f:status': {} } },
  ];
  const createdAt = '2026-01-01T00:00:00Z';
  const look = (time: string) => new Story().observe(0, toService({ ...other, createdAt, managedFields: at(time) }));
  t.is(look('2026-01-01T00:00:00Z'), 'Ready');
  t.is(look('2026-01-01T00:00:01Z'), 'Pending', 'the status may be about an earlier spec');
  t.is(look('2026-01-01T00:00:02Z'), 'Pending');
});

test('an object that was deleted and re-created is another object', (t) => {
  const story = toReadyStory();
  t.is(story.observe(0, toService({ uid: 'u2', generation: 3, status: loaded })), 'Pending');
  t.is(story.observe(0, toService({ uid: 'u2', generation: 3, status: asleep })), 'Pending');
  t.is(story.observe(600_000), 'Pending');
});

test('what is recorded as Ready is Deleting or Missing at once: an object that is gone shows nothing for a moment only', (t) => {
  const story = toReadyStory();
  t.is(story.observe(0, toService({ deleting: true, status: loaded })), 'Deleting');
  t.is(toReadyStory().observe(0, 'gone'), 'Missing');
});

test('what another object of this name had loaded counts for nothing, whoever wrote that into the status file', (t) => {
  const recorded = toReadyStory().recorded;
  const again = (status: object | undefined) => toService({ uid: 'u2', generation: 3, ...(status && { status }) });
  for (const status of [undefined, loading, standby, asleep]) {
    for (const isKnown of [false, true]) {
      const story = new Story();
      // Since the candidate left git and came back, or since it started, the watcher remembers nothing of it.
      if (isKnown) story.observe(0, again(undefined));
      story.recorded = recorded;
      const state = status === loading ? 'Loading' : 'Pending';
      t.is(story.observe(0, again(status)), state);
      t.is(story.recorded?.candidates[0]?.uid, undefined);
    }
    const same = new Story();
    same.recorded = recorded;
    same.observe(0, toService({ ...(status && { status }) }));
    t.is(same.recorded?.candidates[0]?.state, 'Ready', 'of the same object it counts');
  }
});

test('a deleted object is Missing once that has held, if it was not Ready', (t) => {
  const story = new Story();
  story.observe(0, toService({ status: loading }));
  t.is(story.observe(0, toService({ deleting: true, status: loading })), 'Loading');
  t.is(story.observe(settleMs - 1, 'gone'), 'Loading');
  t.is(story.observe(1), 'Missing');
  t.deepEqual(story.recorded?.candidates[0], { name: 'wisdom-1', state: 'Missing' });
});

test('a change that has held stays, however often the model is observed before git has it', (t) => {
  const story = toReadyStory();
  const inGit = story.recorded;
  story.observe(0, toService({ status: failed }));
  for (const after of [settleMs, 1, 300, 4000]) {
    story.recorded = inGit;
    t.is(story.observe(after, toService({ status: failed })), 'Failed');
  }
});

test('a stopped or deleted model is recorded as Stopped or Deleting', (t) => {
  const story = toReadyStory();
  story.observe(0, toService({ status: toStatus({ ready: 'True', transition: 'UpToDate', stopped: true }) }));
  t.is(story.observe(settleMs), 'Stopped');
  t.is(story.observe(0, toService({ deleting: true })), 'Stopped');
  t.is(story.observe(settleMs), 'Deleting');
});

test('nothing is recorded of a model that is only declared, until its absence has held', (t) => {
  const story = new Story();
  t.is(story.observe(0), 'nothing');
  t.is(story.observe(settleMs), 'Missing');
});

test('the mirror is open when both live hops route to it', (t) => {
  const story = toReadyStory();
  story.observe(0);
  t.is(story.recorded?.candidates[0]?.mirror, undefined);
  story.routes.set('models/wisdom', toRoute('wisdom', { path: 'models/wisdom', percentage: 20 }));
  story.observe(0);
  t.is(story.recorded?.candidates[0]?.mirror, undefined, 'copies without a second hop reach no version');
  story.routes.set('models/wisdom-mirror', toRoute('wisdom-mirror', { to: 'wisdom-1' }));
  story.observe(0);
  t.deepEqual(story.recorded?.candidates[0]?.mirror, { percentage: 20 });
  story.routes.set('models/wisdom-mirror', toRoute('wisdom-mirror', { to: '' }));
  story.observe(0);
  t.deepEqual(
    story.recorded?.candidates.map(({ name, mirror }) => [name, mirror]),
    [['wisdom-1', undefined]],
    'an empty header leads to no version, and a status file cannot name it',
  );
  story.routes.set('models/wisdom-mirror', toRoute('wisdom-mirror', { to: 'wisdom-1' }));
  story.routes.set('models/wisdom', toRoute('wisdom', { path: 'models/wisdom', percentage: 0 }));
  story.observe(0);
  t.is(story.recorded?.candidates[0]?.mirror, undefined);
});

const specDigest = '0123456789abcdef0123456789abcdef';

test('what a watcher of 0.1.0 recorded of the same spec still counts, with either form of the live digest', (t) => {
  for (const digest of [specDigest, `d2-${specDigest}`, `d2-${specDigest}-0123456789abcdef`]) {
    for (const status of [loaded, standby]) {
      const story = new Story();
      story.recorded = { candidates: [{ name: 'wisdom-1', version: 'v2', digest: specDigest, state: 'Ready' }] };
      t.is(story.observe(0, toService({ digest, generation: 2, status })), 'Ready', digest);
      t.like(story.recorded?.candidates[0], { digest, loaded: toService({ digest }).loads });
    }
  }
});

test('the new form of the live digest changes nothing else', (t) => {
  const story = new Story();
  const at = (digest: string) => ({ digest, storageUri: 's3://models/one', generation: 2 });
  story.recorded = { candidates: [{ name: 'wisdom-1', version: 'v2', digest: specDigest, state: 'Ready' }] };
  story.observe(0, toService({ ...at(specDigest), status: standby }));
  t.is(story.observe(1000, toService({ ...at(`d2-${specDigest}`), status: standby })), 'Ready');
  t.is(story.recorded?.candidates[0]?.digest, `d2-${specDigest}`);
});

test('what a watcher of 0.1.0 recorded of another spec does not count', (t) => {
  const story = new Story();
  story.recorded = { candidates: [{ name: 'wisdom-1', version: 'v2', digest: specDigest, state: 'Ready' }] };
  const digest = `d2-${specDigest.replace('0', 'f')}`;
  t.is(story.observe(0, toService({ digest, generation: 2, status: loaded })), 'Pending');
});

test('a mirror without a percentage is 100 %, and any live number becomes a valid percentage', (t) => {
  const at = (mirrorPercentage: unknown) =>
    toLiveRoute({ metadata: {}, spec: { http: [{ mirror: { host: 'm' }, mirrorPercentage }] } }).percentage;
  t.is(at(undefined), 100);
  t.is(at({}), 0);
  t.is(at({ value: 33.333_333 }), 33.3333);
  t.is(at({ value: 250 }), 100);
  t.is(at({ value: -1 }), 0);
  t.is(at({ value: 'all' }), 0);
});

test('a change of the message alone is recorded rarely', (t) => {
  const say = (message: string) =>
    toService({ status: toStatus({ transition: 'InvalidSpec', failure: { reason: 'R', message } }) });
  const story = toReadyStory();
  story.observe(0, say('first'));
  story.observe(settleMs);
  t.is(story.recorded?.candidates[0]?.message, 'first');
  story.observe(0, say('second'));
  story.observe(settleMs);
  t.is(story.recorded?.candidates[0]?.message, 'first');
  story.observe(60_000);
  t.is(story.recorded?.candidates[0]?.message, 'second');
});

test('reading a live object never fails', (t) => {
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

test('whatever happens, a Ready is recorded only for the live digest, and a wrong Ready no longer than a change must hold', (t) => {
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
        story.observe(next.after, live);
        const isGood = next.there && (next.status === loaded || next.status === standby);
        badSince = isGood ? undefined : next.restarts ? story.now : (badSince ?? story.now);
        // As long as the watcher would wait.
        const recorded = story.recorded?.candidates[0];
        if (recorded?.state === 'Ready' && next.there && recorded.digest !== digest)
          t.fail('an old digest is recorded as Ready');
        if (recorded?.state === 'Ready' && badSince !== undefined && story.now - badSince >= settleMs)
          t.fail('a bad model is recorded as Ready for too long');
      }
    }),
  );
  t.pass();
});

test('the Application is named by Argo CD’s annotation, otherwise by the configured label', (t) => {
  const annotations = { 'argocd.argoproj.io/tracking-id': 'by-annotation:networking.istio.io/VirtualService:n/x' };
  const labels = { 'app.kubernetes.io/instance': 'by-default', 'argocd.argoproj.io/instance': 'by-own-label' };
  const tracking = (metadata: object, label?: string) => toLiveRoute({ metadata }, undefined, label).tracking;
  t.is(tracking({ annotations, labels }), annotations['argocd.argoproj.io/tracking-id']);
  t.is(tracking({ labels }), 'by-default');
  t.is(tracking({ labels }, 'argocd.argoproj.io/instance'), 'by-own-label');
  t.is(tracking({ labels: {} }, 'argocd.argoproj.io/instance'), undefined);
});
