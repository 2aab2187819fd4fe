import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { valueAt } from '../../src/core/input/plain-value.ts';
import { testThoroughly } from '../thorough.ts';
import { StandardLoop } from './standard-loop.ts';
import { until } from './watch-scene.ts';

/** Long enough for several rounds of the loop: what does not happen within it is not on its way. */
const whileMs = 3000;

test.serial('the mirror opens only when all pods of the candidate are of exactly this spec', async (t) => {
  const loop = await StandardLoop.start(t);
  await loop.declare('v1');
  await loop.untilState('v1 Ready', 'primary');
  await loop.declare('v1', 'v2-hangs');
  await loop.untilState('v2-hangs Loading');
  t.is(loop.share, 0);
  loop.setCandidateFate('loads');
  await loop.untilShare(100);
  await loop.declare('v1', 'v2');
  await loop.untilState('v2 Ready');
  loop.setCandidateFate(undefined);
  // In place: the old pod serves on, and KServe's status is as it was.
  await loop.declare('v1', 'v3-hangs');
  await loop.untilState('v3-hangs Loading');
  await loop.untilSaid('True UpToDate');
  t.is(loop.share, 0);
  loop.setCandidateFate('loads');
  await loop.untilState('v3-hangs Ready');
  await loop.untilShare(100);
  await loop.declare('v1', 'v4');
  await loop.untilState('v4 Ready');
  await loop.declare('v1', 'v4', 0);
  await loop.untilShare(0);
  await loop.declare('v1', 'v4', 20);
  await loop.untilShare(20);
  await loop.declare('v4', undefined, 20);
  await loop.untilState('v4 Ready', 'primary');
  t.is(loop.share, 0);
  t.is(loop.primaryOutages, 0, 'a promotion replaces pods one by one');
  t.deepEqual(loop.wrongOpenings, []);
});

testThoroughly(
  'an update that crash-loops never opens, though KServe reports Ready; the spec before opens again',
  async (t) => {
    const loop = await StandardLoop.start(t);
    await loop.declare('v1', 'v2');
    await loop.untilShare(100);
    await loop.declare('v1', 'v3-crashes');
    await loop.untilState('v3-crashes Failed CrashLoopBackOff');
    await loop.untilSaid('True UpToDate');
    await sleep(whileMs);
    t.is(loop.share, 0);
    t.is(loop.said, 'True UpToDate');
    // A watcher that has seen nothing of this sees the same.
    await loop.stage.watcher.stop();
    const before = await loop.commits();
    loop.stage.watch();
    await sleep(whileMs);
    t.deepEqual(await loop.commits(), before);
    t.is(loop.share, 0);
    await loop.declare('v1', 'v2');
    await loop.untilShare(100);
    t.deepEqual(loop.wrongOpenings, []);
  },
);

testThoroughly('why a candidate cannot start is reported from its pods, and what follows opens', async (t) => {
  const loop = await StandardLoop.start(t);
  const reasons = [
    ['unschedulable', 'Unschedulable'],
    ['has-no-image', 'ImagePullBackOff'],
    ['initializer-fails', 'ModelLoadFailed'],
    ['runs-out-of-memory', 'OOMKilled'],
  ] as const;
  for (const [fate, reason] of reasons) {
    await loop.declare('v1', fate);
    await loop.untilState(`${fate} Failed ${reason}`);
    t.is(loop.share, 0);
  }
  await loop.declare('v1', 'v2');
  await loop.untilShare(100);
  // Its status still has the failure of the one before.
  await loop.untilState('v2 Ready');
  t.deepEqual(loop.wrongOpenings, []);
});

testThoroughly(
  'stopped, scaled to zero, crashing and deleted by hand: each closes the mirror, and its end opens it',
  async (t) => {
    const loop = await StandardLoop.start(t);
    const { cluster } = loop.stage;
    const namespace = loop.stage.mode.namespace;
    const deployment = 'wisdom-1-predictor';
    await loop.declare('v1', 'v2');
    await loop.untilShare(100);
    const survive = async (title: string, state: string, disturb: () => void, heal: () => void) => {
      disturb();
      await loop.untilState(state);
      await loop.untilShare(0);
      heal();
      await loop.untilState('v2 Ready');
      await loop.untilShare(100);
      t.pass(title);
    };
    await survive(
      'stopped',
      'v2 Stopped',
      () => loop.annotateCandidate({ 'serving.kserve.io/stop': 'true' }),
      () => loop.annotateCandidate({}),
    );
    await survive(
      'scaled to zero',
      'v2 Pending ScaledToZero',
      () => loop.kserve.scale(namespace, deployment, 0),
      () => loop.kserve.scale(namespace, deployment, 1),
    );
    await survive(
      'crashing',
      'v2 Failed CrashLoopBackOff',
      () => loop.setCandidateFate('crashes'),
      () => loop.setCandidateFate(undefined),
    );
    await survive(
      'deleted by hand',
      'v2 Loading',
      () => {
        loop.setCandidateFate('hangs');
        cluster.remove('deployments', namespace, deployment);
      },
      () => loop.setCandidateFate(undefined),
    );
    t.deepEqual(loop.wrongOpenings, []);
  },
);

testThoroughly(
  'while the Deployment controller lags behind, its numbers are of the spec before, and open nothing',
  async (t) => {
    const loop = await StandardLoop.start(t);
    await loop.declare('v1', 'v2');
    await loop.untilShare(100);
    loop.kserve.pause('deployments');
    await loop.declare('v1', 'v3');
    await loop.untilShare(0);
    await sleep(whileMs);
    t.like(valueAt(loop.candidateDeployment, ['status']), {
      observedGeneration: 1,
      updatedReplicas: 1,
      availableReplicas: 1,
    });
    t.is(valueAt(loop.candidateDeployment, ['metadata', 'generation']), 2);
    t.is(loop.share, 0);
    loop.kserve.resume('deployments');
    await loop.untilShare(100);
    t.deepEqual(loop.wrongOpenings, []);
  },
);

testThoroughly(
  'where KServe keeps the digest off its pods nothing ever opens, and the status file says why',
  async (t) => {
    const loop = await StandardLoop.start(t, { disallowedAnnotations: ['model-mirror.dev/digest'] });
    await loop.declare('v1', 'v2');
    await loop.untilState('v2 Pending DigestNotCopied');
    await loop.untilSaid('True UpToDate');
    await sleep(whileMs);
    t.is(loop.share, 0);
    t.deepEqual(loop.wrongOpenings, []);
  },
);

testThoroughly('two watchers report the same, and neither opens what the other does not', async (t) => {
  const loop = await StandardLoop.start(t);
  loop.stage.watch();
  await loop.declare('v1', 'v2');
  await loop.untilShare(100);
  await loop.declare('v1', 'v3-crashes');
  await loop.untilState('v3-crashes Failed CrashLoopBackOff');
  await sleep(whileMs);
  const commits = await loop.commits();
  for (const [i, subject] of commits.entries()) t.not(subject, commits[i - 1], 'each fact is committed once');
  await loop.declare('v1', 'v4');
  await loop.untilShare(100);
  t.deepEqual(loop.wrongOpenings, []);
});

testThoroughly(
  'a watcher that starts after a promotion was reverted closes the mirror until the candidate is loaded again',
  async (t) => {
    const loop = await StandardLoop.start(t);
    await loop.declare('v1', 'v2');
    await loop.untilShare(100);
    await loop.stage.watcher.stop();
    await loop.declare('v2');
    await until('the candidate is removed', () => loop.candidateUid === undefined);
    loop.setCandidateFate('hangs');
    // Every file is as it was when the candidate was Ready.
    await loop.declare('v1', 'v2');
    await until('the candidate is created again', () => loop.candidateUid !== undefined);
    await loop.untilShare(100);
    t.is(loop.wrongOpenings.length, 1, 'which the plugin cannot know');
    loop.stage.watch();
    await loop.untilShare(0);
    await loop.untilState('v2 Loading');
    loop.setCandidateFate('loads');
    await loop.untilShare(100);
    t.is(loop.wrongOpenings.length, 1);
  },
);
