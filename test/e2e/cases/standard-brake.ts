import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { inferenceServices } from '../cluster.ts';
import type { ModelFile } from '../model-files.ts';
import { folderOf } from '../model-files.ts';
import { until } from '../program.ts';
import type { Scene } from '../scene.ts';
import { deployments } from '../standard.ts';
import { standardModel, uriOf } from '../standard-models.ts';
import { StandardScene } from '../standard-scene.ts';
import { seconds } from '../statistics.ts';
import { origins } from '../traffic.ts';

const columns = ['the candidate', 'KServe’s Ready', 'status.yaml', 'mirror', 'after'];
const primary = { version: 'v1' };
/** Longer than the watcher's `--settle` and a batch: by then it would have said what it believes. */
const wouldBeSaidMs = 6000;

/** @param name of its InferenceService; absent: the default one. */
const toModel = (uri: string, predictor?: object, name?: string): ModelFile => ({
  ...standardModel({ primary }),
  candidate: {
    version: 'v2',
    uri,
    ...(name !== undefined && { name }),
    ...(predictor && { overrides: { spec: { predictor } } }),
  },
});
const good = toModel(uriOf('v2'));

interface Sickness {
  readonly what: string;
  readonly reason: string;
  /** Of its InferenceService: each is a new one, so it is the first load. */
  readonly name: string;
  readonly uri?: string;
  readonly predictor?: object;
}

const sicknesses: readonly Sickness[] = [
  {
    what: 'has room on no node',
    reason: 'Unschedulable',
    name: 'no-room',
    predictor: { model: { resources: { limits: { 'nvidia.com/gpu': '1' } } } },
  },
  {
    what: 'has no image',
    reason: 'ImagePullBackOff',
    name: 'no-image',
    predictor: { model: { image: 'none/server:1' } },
  },
  { what: 'has nothing to download', reason: 'ModelLoadFailed', name: 'no-model', uri: 's3://models/nowhere' },
  { what: 'is out of memory', reason: 'OOMKilled', name: 'no-memory', uri: 's3://models/oom' },
  { what: 'crashes', reason: 'CrashLoopBackOff', name: 'wisdom-1', uri: 's3://models/crash' },
];

/** No mirror opens to what is not known to be ready, also while KServe reports it as Ready. */
export async function standardBrake(plain: Scene): Promise<void> {
  const scene = await StandardScene.of(plain);
  await scene.deploy(standardModel({ primary }));
  const traffic = await scene.callFromBoth({ rate: 10 });
  const since = Date.now();
  for (const sickness of sicknesses) await expectFailed(scene, sickness);
  scene.equal('no route ever mirrored to them', openings(scene, since), 0);
  await open(scene, 'is good, in place of the one that crashed');
  await updateThatCrashes(scene);
  await open(scene, 'is good again');
  await scaledToZero(scene);
  await stopped(scene);
  await deletedByHand(scene);
  for (const [i, one] of traffic.entries())
    scene.check(
      `all calls were answered by the primary, ${origins[i]}`,
      scene.findUnpredicted(await one.stop(), ['v1']),
    );
  await scene.remove('wisdom');
}

async function expectFailed(scene: StandardScene, sickness: Sickness): Promise<void> {
  const { what, reason, name, uri = uriOf('v2'), predictor } = sickness;
  const committed = await scene.commit(`wisdom: a candidate that ${what}`, toModel(uri, predictor, name));
  await scene.untilStatus(`it ${what}`, ({ candidate }) => candidate?.name === name && candidate.state === 'Failed');
  const after = seconds(Date.now() - committed);
  await expectClosed(scene, `a candidate that ${what}`, { reason, after, name });
  const shown = await scene.ask('status', 'wisdom');
  scene.check(`a candidate that ${what}: model-mirror status says so`, shown.includes(reason) ? [] : [shown]);
}

interface Expected {
  readonly reason: string;
  readonly after: string;
  readonly name?: string;
}

/** Said in git for as long as one would have changed one's mind, and mirrored by nobody. */
async function expectClosed(scene: StandardScene, what: string, { reason, after, name }: Expected): Promise<void> {
  await sleep(1000);
  const said = await reasonOf(scene);
  const mirrored = await Promise.all(origins.map(async (origin) => (await scene.route(origin))?.mirrored));
  scene.row(columns, [what, await readyOf(scene, name), `Failed ${said}`, 'closed', after]);
  scene.equal(`${what}: the reason in status.yaml, and both routes`, [said, ...mirrored], [reason, null, null]);
}

async function open(scene: StandardScene, what: string): Promise<void> {
  const committed = await scene.commit(`wisdom: a candidate that ${what}`, good);
  await scene.untilMirrorIsOpen(100);
  scene.row(columns, [what, await readyOf(scene), 'Ready', 'opens', seconds(Date.now() - committed)]);
}

/** KServe says Ready all the time: the Pod of before still answers. */
async function updateThatCrashes(scene: StandardScene): Promise<void> {
  const committed = await scene.commit(
    'wisdom: another spec of the candidate, which crashes',
    toModel('s3://models/crash'),
  );
  const closed = await scene.untilMirrored(undefined);
  await scene.standard.untilPodSays('wisdom-1', 'CrashLoopBackOff');
  await scene.untilStatus('it failed', ({ candidate }) => candidate?.state === 'Failed');
  await sleep(wouldBeSaidMs);
  scene.equal('an update that crashes: KServe says Ready', await scene.standard.findReady('wisdom-1'), 'True');
  scene.equal('an update that crashes: the mirror was not opened again', openings(scene, closed), 0);
  const after = seconds(closed - committed);
  await expectClosed(scene, 'is updated, and crashes', { reason: 'CrashLoopBackOff', after });
}

/** As an autoscaler does (`minReplicas: 0`): KServe leaves the replicas to it, and says Ready all the time. */
async function scaledToZero(scene: StandardScene): Promise<void> {
  const scale = (replicas: number) =>
    scene.stack.cluster.patch(deployments, scene.namespace, 'wisdom-1-predictor', { spec: { replicas } });
  const since = Date.now();
  await scale(0);
  await scene.untilStatus('it is pending', ({ candidate }) => candidate?.state === 'Pending');
  const closed = await scene.untilMirrored(undefined);
  await until('no Pod of it is left', () => scene.standard.podsOf('wisdom-1').length === 0);
  const ready = await readyOf(scene);
  const what = 'is scaled to zero';
  scene.row(columns, [what, ready, `Pending ${await reasonOf(scene)}`, 'closes', seconds(closed - since)]);
  scene.equal(
    `${what}: KServe says Ready, status.yaml why it is not`,
    [ready, await reasonOf(scene)],
    ['True', 'ScaledToZero'],
  );
  const scaled = Date.now();
  await scale(1);
  const opened = await scene.untilMirrorIsOpen(100);
  scene.row(columns, ['is scaled to one', await readyOf(scene), 'Ready', 'opens', seconds(opened - scaled)]);
  scene.equal('no opening while it has no Pod', openings(scene, since), 1);
}

/** By hand, as an operator would. */
async function stopped(scene: StandardScene): Promise<void> {
  const annotate = (value: string | null) =>
    scene.stack.cluster.patch(inferenceServices, scene.namespace, 'wisdom-1', {
      metadata: { annotations: { 'serving.kserve.io/stop': value } },
    });
  const since = Date.now();
  await annotate('true');
  await scene.untilStatus('it is stopped', ({ candidate }) => candidate?.state === 'Stopped');
  const closed = await scene.untilMirrored(undefined);
  scene.row(columns, ['is stopped', await readyOf(scene), 'Stopped', 'closes', seconds(closed - since)]);
  const freed = Date.now();
  await annotate(null);
  const opened = await scene.untilMirrorIsOpen(100);
  scene.row(columns, ['is not stopped any more', await readyOf(scene), 'Ready', 'opens', seconds(opened - freed)]);
}

/** Argo CD makes it again, and it is another one until it is ready. */
async function deletedByHand(scene: StandardScene): Promise<void> {
  const before = (await scene.standard.findService('wisdom-1'))?.metadata['uid'];
  const deleted = Date.now();
  await scene.stack.cluster.remove(inferenceServices, scene.namespace, 'wisdom-1');
  const closed = await scene.untilMirrored(undefined);
  await scene.untilMirrorIsOpen(100);
  const after = (await scene.standard.findService('wisdom-1'))?.metadata['uid'];
  scene.check('Argo CD has made it again', after !== undefined && after !== before);
  scene.row(columns, ['is deleted by hand', await readyOf(scene), 'Ready', 'closes, opens', seconds(closed - deleted)]);
}

/** Writes that mirror to a route that did not. */
function openings(scene: StandardScene, since: number): number {
  return scene.writesOf('wisdom', since).filter(({ body }) => JSON.stringify(body).includes('"mirrorPercentage"'))
    .length;
}

async function readyOf(scene: StandardScene, name = 'wisdom-1'): Promise<string> {
  return (await scene.standard.findReady(name)) ?? '–';
}

async function reasonOf(scene: StandardScene): Promise<string | undefined> {
  const text = await scene.stack.repository.read(`${folderOf('wisdom')}/status.yaml`);
  const { status } = parse(text ?? '{}') as {
    readonly status?: { readonly candidates?: readonly { readonly reason?: string }[] };
  };
  return status?.candidates?.[0]?.reason;
}
