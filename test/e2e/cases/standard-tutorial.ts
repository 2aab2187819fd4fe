import { setTimeout as sleep } from 'node:timers/promises';
import { inferenceServices, virtualServices } from '../cluster.ts';
import { putFlowers } from '../model-servers.ts';
import type { PodRun } from '../pod-run.ts';
import { until } from '../program.ts';
import { expectAnswersDuring } from '../promotion.ts';
import type { Scene } from '../scene.ts';
import type { StandardOptions } from '../standard-models.ts';
import { round, sample, standardModel } from '../standard-models.ts';
import { StandardScene } from '../standard-scene.ts';
import { seconds } from '../statistics.ts';
import { origins } from '../traffic.ts';

const quietMs = 10_000;
/** A Python server has one loop for all. */
const pace = { calls: 60, rate: 50 };

/** Both servers take V2. */
const call = 'V2';
const uriOf = (version: string) => `s3://models/flowers/${version}`;
const toVersion = (version: string) => ({ version, uri: uriOf(version) });
const toModel = (versions: Pick<StandardOptions, 'primary' | 'candidate'>) =>
  standardModel({ ...versions, model: { modelFormat: { name: 'sklearn' } } });
/** Of this protocol KServe's own server is not the one for scikit-learn, but MLServer. */
const onMlServer = { overrides: { spec: { predictor: { model: { protocolVersion: 'v2' } } } } };

/**
 * The tutorial in Standard mode, on KServe itself and with the servers of real models: each step is a commit, made by our
 * own commands. Answers are what scikit-learn says that the primary predicts.
 */
export async function standardTutorial(plain: Scene): Promise<void> {
  const scene = await StandardScene.of(plain, ({ store }) => putFlowers(store));
  const predictions = ['v1', 'v2', 'v3'].map((version) => scene.predictionOf(version, call));
  scene.equal('the three models differ', new Set(predictions).size, predictions.length);
  const set = (version: string, uri: string) =>
    scene.edit('wisdom', 'candidate', 'set', 'wisdom', '--version', version, '--storage-uri', uri);
  const expectCalls = (step: string, version: string, percentage = 0) =>
    scene.expectCalls(step, { call, version, percentage, ...pace });

  await scene.deploy(toModel({ primary: toVersion('v1') }));
  await expectServer(scene, 'wisdom-0', 'KServe’s server', 'v1');
  await expectCalls('the first primary', 'v1');

  await set('v2', 's3://models/hang');
  await scene.untilStatus('the candidate is loading', ({ candidate }) => candidate?.state === 'Loading');
  await until('Argo CD has it as Progressing', async () => (await healthOf(scene)).health === 'Progressing');
  await expectCalls('the candidate is loading', 'v1');
  await scene.edit('wisdom', 'discard', 'wisdom');
  await untilGone(scene, 'wisdom-1');

  const declared = await set('v2', uriOf('v2'));
  await scene.untilMirrorIsOpen(100);
  await scene.untilCopiesComeFromBoth({ call });
  scene.row(['step', 'from the refresh'], ['a candidate is mirrored to', seconds(Date.now() - declared)]);
  await Promise.all([quiet(scene), expectCalls('the candidate is ready', 'v1', 100)]);

  await expectAnswersDuring(scene, {
    ...{ what: 'v2 is promoted', from: 'v1', to: 'v2', call },
    make: () => scene.edit('wisdom', 'promote', 'wisdom'),
    untilOver: () => until('the old Pod is gone', () => scene.standard.podsOf('wisdom-0').length === 1),
  });
  await expectCalls('v2 is promoted', 'v2');

  const v3 = { ...toVersion('v3'), ...onMlServer };
  await scene.commit('wisdom: v3, on MLServer', toModel({ primary: toVersion('v2'), candidate: v3 }));
  await scene.untilMirrorIsOpen(100);
  await scene.untilCopiesComeFromBoth({ call });
  await expectServer(scene, 'wisdom-1', 'MLServer', 'v3');
  await expectCalls('v3 on MLServer is ready', 'v2', 100);

  await scene.edit('wisdom', 'discard', 'wisdom');
  await scene.untilMirrored(undefined);
  await untilGone(scene, 'wisdom-1');
  await expectCalls('the candidate is discarded', 'v2');
  await cleanUp(scene);
}

/** Past the sidecar: what a version answers to whose calls get no copies, by the model's name and by its own. */
async function expectServer(scene: StandardScene, name: string, server: string, version: string): Promise<void> {
  const [pod] = scene.standard.podsOf(name);
  if (pod === undefined) throw new Error(`${name} has no Pod`);
  const answers = await Promise.all(['wisdom', name].map((model) => infer(pod, model)));
  scene.row(['InferenceService', 'server', 'asked for wisdom', 'asked for its own name'], [name, server, ...answers]);
  scene.equal(`${server} serves ${version} as wisdom, and not as ${name}`, answers, [
    scene.predictionOf(version, call),
    'HTTP 404',
  ]);
}

async function infer(pod: PodRun, model: string): Promise<string> {
  const response = await fetch(`http://${pod.address}:8080/v2/models/${model}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: [{ name: 'x', shape: [1, sample.length], datatype: 'FP32', data: sample }] }),
  });
  if (!response.ok) return `HTTP ${response.status}`;
  const { model_name, outputs } = (await response.json()) as {
    readonly model_name: string;
    readonly outputs: readonly { readonly data: readonly number[] }[];
  };
  return `${model_name} ${JSON.stringify(outputs.flatMap(({ data }) => data.map(round)))}`;
}

/** Argo CD is content with what KServe has made of it, and writes nothing. */
async function quiet(scene: StandardScene): Promise<void> {
  await until('Argo CD says Synced and Healthy', async () => {
    const { sync, health } = await healthOf(scene);
    return sync === 'Synced' && health === 'Healthy';
  });
  const since = Date.now();
  await scene.stack.refresh('wisdom');
  await sleep(quietMs);
  const { sync, health } = await healthOf(scene);
  scene.equal('Argo CD stays Synced and Healthy', [sync, health], ['Synced', 'Healthy']);
  const written = scene.stack.cluster
    .writes(since)
    .filter(({ namespace, agent, code }) => namespace === scene.namespace && /argocd/.test(agent) && code < 300)
    .map(({ verb, resource, name }) => `${verb} ${resource} ${name}`);
  scene.check('Argo CD writes nothing to a model that does not change', written);
}

async function cleanUp(scene: StandardScene): Promise<void> {
  await scene.remove('wisdom');
  await until('no status is left in git', async () => (await scene.status()) === undefined);
  await until('no Pod is left', () => scene.standard.podsOf('wisdom-0').length === 0);
  for (const origin of origins)
    await until(`no route is left: ${origin}`, async () => (await scene.route(origin)) === undefined);
  const { cluster } = scene.stack;
  const left = [
    ...(await cluster.list(inferenceServices, scene.namespace)),
    ...(await cluster.list(virtualServices, scene.namespace)),
  ];
  scene.equal(
    'nothing is left in the cluster',
    left.map(({ metadata }) => metadata.name),
    [],
  );
}

async function untilGone(scene: StandardScene, name: string): Promise<void> {
  await until(`${name} is gone`, async () => (await scene.standard.findService(name)) === undefined);
}

async function healthOf(scene: StandardScene): Promise<{ readonly sync?: string; readonly health?: string }> {
  const { sync, health } = ((await scene.application())?.['status'] ?? {}) as {
    readonly sync?: { readonly status?: string };
    readonly health?: { readonly status?: string };
  };
  return { ...(sync?.status && { sync: sync.status }), ...(health?.status && { health: health.status }) };
}
