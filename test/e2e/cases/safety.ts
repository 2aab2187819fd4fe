import { setTimeout as sleep } from 'node:timers/promises';
import { valueAt } from '../../../src/core/input/plain-value.ts';
import { inferenceServices } from '../cluster.ts';
import { fromStatus, toWords } from '../kserve-status.ts';
import { modelNamespace } from '../pods.ts';
import { until } from '../program.ts';
import type { Scene } from '../scene.ts';
import { callsOf, unanswered } from '../scene.ts';
import { seconds } from '../statistics.ts';
import { origins, Traffic } from '../traffic.ts';
import { isThorough } from '../trials.ts';

const columns = ['what happens', 'mirror', 'after'];
const model = { primary: { version: 'v1' }, candidate: { version: 'v2' } };
const broken = { ...model, candidate: { version: 'v3', uri: 's3://models/broken' } };
/** Longer than the watcher's `--settle` and a batch: by then it would have said what it believes. */
const wouldBeSaidMs = 9000;

/** A candidate is changed in place while no Pod of ModelMesh is ready: its Ready True is the old spec's. */
export async function noRuntimePod(scene: Scene): Promise<void> {
  const { controller } = scene.stack.models;
  await begin(scene);
  controller.pods = 'none';
  const since = await scene.commit('wisdom: candidate v3', broken);
  await scene.untilMirrored(undefined);
  await untilWritten(scene, 'True UpToDate Loaded/"" RuntimeUnhealthy');
  await expectClosed(scene, 'Ready True with RuntimeUnhealthy opens nothing', since);
  scene.row(columns, ['another spec while no runtime Pod is ready', 'stays closed', '–']);
  controller.pods = 'ready';
  await scene.untilStatus('v3 failed', ({ candidate }) => candidate?.version === 'v3' && candidate.state === 'Failed');
  scene.equal('nothing opened it until then', await openings(scene, since), []);
  scene.equal('git never had v3 as ready', await findReady(scene, 'v3'), []);
  await end(scene, { ...model, candidate: { version: 'v4' } });
}

/** ModelMesh loads by annotations too: another storage key, and the generation stays 1. */
export async function annotationChanged(scene: Scene): Promise<void> {
  const { controller } = scene.stack.models;
  await begin(scene);
  const withKey = (key: string, uri = 's3://models/wisdom/v2') => ({
    ...model,
    candidate: {
      version: 'v2',
      uri,
      overrides: { metadata: { annotations: { 'serving.kserve.io/secretKey': key } } },
    },
  });
  await controller.stop();
  const since = await scene.commit('wisdom: candidate v2 by another storage key', withKey('otherMinIO'));
  const closed = await scene.untilMirrored(undefined);
  scene.row(columns, [
    'another serving.kserve.io/secretKey while the controller is away',
    'closes',
    seconds(closed - since),
  ]);
  await expectClosed(scene, 'the Ready of before the annotation opens nothing', since);
  controller.start();
  const opened = await scene.untilMirrorIsOpen(100);
  scene.row(columns, ['it is loaded by the new key', 'opens', seconds(opened - since)]);
  scene.equal('the generation is 1 all the time', await generation(scene), 1);

  controller.behave(modelNamespace, 'wisdom-1', { outcome: 'fail' });
  const failing = await scene.commit('wisdom: a storage key that is not there', withKey('nobody'));
  await scene.untilStatus('it failed', ({ candidate }) => candidate?.state === 'Failed');
  await scene.untilMirrored(undefined);
  scene.equal('nothing opened the mirror to it', await openings(scene, failing), []);
  controller.behave(modelNamespace, 'wisdom-1', {});
  await end(scene, withKey('localMinIO'));
}

/** Before what the watcher would have said is looked for. */
const awayMs = isThorough ? 65_000 : 10_000;

/** The controller is away: no waiting makes anything ready. */
export async function controllerAway(scene: Scene): Promise<void> {
  const { controller } = scene.stack.models;
  await begin(scene);
  await controller.stop();
  const since = await scene.commit('wisdom: candidate v3', broken);
  await scene.untilMirrored(undefined);
  await sleep(awayMs);
  await expectClosed(scene, 'without the controller nothing is opened', since);
  const away = seconds(Date.now() - since);
  scene.row(columns, [`another spec while the controller is away for ${away}`, 'stays closed', '–']);
  controller.start();
  await scene.untilStatus('v3 failed', ({ candidate }) => candidate?.version === 'v3' && candidate.state === 'Failed');
  scene.equal('git never had v3 as ready', await findReady(scene, 'v3'), []);
  await scene.commit('wisdom: candidate v4', { ...model, candidate: { version: 'v4' } });
  await scene.untilMirrorIsOpen(100);

  await controller.stop();
  const ignored = { spec: { predictor: { model: { args: ['--verbose'] } } } };
  await scene.commit('wisdom: v4 with another argument', {
    ...model,
    candidate: { version: 'v4', overrides: ignored },
  });
  await until('the argument is in the cluster', async () =>
    JSON.stringify(await findCandidate(scene)).includes('--verbose'),
  );
  await scene.untilMirrorIsOpen(100);
  scene.row(columns, ['a field that ModelMesh ignores, while the controller is away', 'opens', '–']);
  controller.start();
  await scene.remove('wisdom');
}

/** Pods and controller restart, the controller first: nobody calls the candidate, so it loads only with a copy. */
export async function clusterRestarted(scene: Scene): Promise<void> {
  const { controller } = scene.stack.models;
  await begin(scene);
  await controller.stop();
  controller.pods = 'none';
  controller.start();
  await untilWritten(scene, 'True UpToDate Loaded/"" RuntimeUnhealthy');
  await scene.untilStatus('it is not ready', ({ candidate }) => candidate?.state !== 'Ready');
  const closed = await scene.untilMirrored(undefined);
  controller.pods = 'ready';
  const back = Date.now();
  scene.row(columns, ['the cluster restarts, the controller before the Pods', 'closes', '–']);
  scene.check('it was closed before the Pods were back', closed <= back);
  await untilWritten(scene, 'False UpToDate Standby/"" RuntimeUnhealthy');
  const opened = await scene.untilMirrorIsOpen(100);
  scene.row(columns, ['the Pods are back, and nobody has called the candidate', 'opens', seconds(opened - back)]);
  await scene.resetCounts();
  const traffic = origins.map((origin) => new Traffic({ origin, model: 'wisdom', rate: 20 }));
  await untilWritten(scene, 'True UpToDate Loaded/""');
  const summaries = await Promise.all(traffic.map((one) => one.stop()));
  const counts = await scene.counts();
  scene.check('the first copies load it', callsOf(counts, 'wisdom-1') > 0);
  scene.check(
    'every call is answered by the primary',
    summaries.flatMap((summary) => unanswered(summary, 'wisdom-0')),
  );
  await scene.remove('wisdom');
}

async function begin(scene: Scene): Promise<void> {
  scene.stack.models.loadMs = 500;
  await scene.deploy(model);
  await scene.untilMirrorIsOpen(100);
}

/** A good candidate opens it as ever. */
async function end(scene: Scene, good: typeof model): Promise<void> {
  await scene.commit('wisdom: a good candidate', good);
  await scene.untilMirrorIsOpen(100);
  await scene.remove('wisdom');
}

/** The status of the candidate. */
async function untilWritten(scene: Scene, words: string): Promise<void> {
  await until(`the status of wisdom-1 is ${words}`, async () => {
    const report = fromStatus((await findCandidate(scene))?.['status']);
    return report !== undefined && toWords(report) === words;
  });
}

async function expectClosed(scene: Scene, name: string, since: number): Promise<void> {
  await sleep(wouldBeSaidMs);
  const { candidate } = (await scene.status()) ?? {};
  const routes = await Promise.all(origins.map((origin) => scene.route(origin)));
  scene.check(name, [
    ...(candidate?.state === 'Ready' ? [`git has it as ${JSON.stringify(candidate)}`] : []),
    ...routes.flatMap((route) => (route?.mirrored === undefined ? [] : [`${route.mirrored} % are mirrored`])),
    ...(await openings(scene, since)),
  ]);
}

/** Writes to the route since then that mirror, after the first that does not. */
async function openings(scene: Scene, since: number): Promise<string[]> {
  const bodies = scene.writesOf('wisdom', since).map(({ body }) => JSON.stringify(body));
  const closing = bodies.findIndex((body) => !body.includes('"mirrorPercentage"'));
  return bodies
    .slice(closing + 1)
    .flatMap((body) => /"mirrorPercentage":\{"value":[\d.]+\}/.exec(body)?.[0] ?? [])
    .map((opening) => `it was opened: ${opening}`);
}

/** Commits at which the candidate is this version, and Ready. */
async function findReady(scene: Scene, version: string): Promise<string[]> {
  const all = await scene.statusHistory();
  return all
    .filter(({ status }) => status?.candidate?.version === version && status.candidate.state === 'Ready')
    .map(({ subject }) => subject);
}

async function findCandidate(scene: Scene) {
  return scene.stack.cluster.find(inferenceServices, modelNamespace, 'wisdom-1');
}

async function generation(scene: Scene): Promise<unknown> {
  return valueAt(await findCandidate(scene), ['metadata', 'generation']);
}
