import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { textAt } from '../../../src/core/input/plain-value.ts';
import type { ClusterObject, Resource } from '../cluster.ts';
import { EventSink } from '../event-sink.ts';
import type { ModelFile } from '../model-files.ts';
import { folderOf, toFiles, toModelText } from '../model-files.ts';
import type { PodRun } from '../pod-run.ts';
import { until } from '../program.ts';
import { scratch } from '../sandbox.ts';
import type { Scene } from '../scene.ts';
import { program } from '../scene.ts';
import { componentOf, fakePredictions, putModels, standardModel } from '../standard-models.ts';
import { StandardScene } from '../standard-scene.ts';

const versions = { primary: { version: 'v1' }, candidate: { version: 'v2' } };
const protocols = ['rest', 'grpc'];
const mirrored = { version: 'v1', percentage: 100, calls: 60, rate: 60 };
const services: Resource = { path: '/api/v1', plural: 'services' };
const configMaps: Resource = { path: '/api/v1', plural: 'configmaps' };
/** A name that Istio takes for HTTP/2, and one that it takes for TCP. */
const [http2Name, tcpName] = ['grpc-wisdom', 'tcp-wisdom'];
/** Of the time at which an object was created. */
const resolutionMs = 1000;

const headless = standardModel({ ...versions, protocols });
const declared = standardModel({
  ...{ ...versions, name: http2Name, protocols },
  model: { ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }] },
});
const transformed = standardModel({
  ...{ ...versions, name: tcpName },
  spec: { transformer: { containers: [{ name: 'kserve-container', image: 'local/transformer:1' }] } },
});
const toLogged = (url: string) =>
  standardModel({ ...versions, name: 'logged', protocols, predictor: { logger: { mode: 'all', url } } });

/** What KServe's configuration, names and parts put around a server changes neither answers nor copies. */
export async function standardAround(plain: Scene): Promise<void> {
  const scene = await StandardScene.of(plain, ({ store }) => {
    putModels(store);
    return { ...fakePredictions, 'v1, transformed': 1.5 };
  });
  const sink = await EventSink.start();
  const models = [declared, transformed, toLogged(sink.url)];
  try {
    await runBefore(scene, http2Name);
    await setHeadless(scene, true);
    await deploy(scene, headless);
    await until('KServe has made the Services of both', async () => (await addressesOf(scene)).every(Boolean));
    await setHeadless(scene, false);
    await deploy(scene, ...models);

    await headlessServices(scene);
    await protocolWords(scene);
    await transformers(scene);
    await logger(scene, sink);
    await scene.remove(...[headless, ...models].map(({ name = 'wisdom' }) => name));
  } finally {
    await setHeadless(scene, false);
    sink.close();
  }
}

async function headlessServices(scene: StandardScene): Promise<void> {
  await scene.untilMirrorIsOpen(100);
  scene.equal('KServe’s own Services are headless', await addressesOf(scene), ['None', 'None']);
  await expectBoth(scene, 'headless Services', 'wisdom');
}

/** A model that ran before has Services of KServe's that are older than ours: they decide for its Pods' proxies. */
async function protocolWords(scene: StandardScene): Promise<void> {
  for (const command of ['validate', 'render'])
    scene.check(`${command} refuses REST under the name ${http2Name} without a declared port`, [
      ...findMissing(tryCommand(command), 'is taken for HTTP/2, as the name'),
    ]);
  await scene.untilMirrorIsOpen(100, http2Name);
  const [own, ours] = await Promise.all(
    [`${http2Name}-0-predictor`, `${http2Name}-0-backend`].map((name) => createdAt(scene, name)),
  );
  scene.check('KServe’s Service is older than ours', own !== undefined && ours !== undefined && own < ours);
  await expectBoth(scene, `${http2Name}, taken over`, http2Name);
}

/** KServe's Python SDK, which adds a half to what the predictor says. */
async function transformers(scene: StandardScene): Promise<void> {
  await scene.untilMirrorIsOpen(100, tcpName);
  await scene.untilCopiesComeFromBoth({ model: tcpName });
  const pods = scene.standard.podsOf(`${tcpName}-1`).filter((pod) => componentOf(pod) === 'transformer');
  const [copies, passed] = [await scene.arrivals(`${tcpName}-1`), transformedBy(pods)];
  await scene.expectCalls(`${tcpName}, with a transformer`, {
    ...mirrored,
    model: tcpName,
    version: 'v1, transformed',
  });
  scene.equal(
    'all copies that the candidate’s predictor got have passed its transformer',
    transformedBy(pods) - passed,
    (await scene.arrivals(`${tcpName}-1`)) - copies,
  );
}

function transformedBy(pods: readonly PodRun[]): number {
  return pods.reduce((sum, pod) => sum + (pod.log().match(/^transformed$/gm)?.length ?? 0), 0);
}

/** KServe's agent takes HTTP in front of the server, and sends what passes to the sink; gRPC goes past it. */
async function logger(scene: StandardScene, sink: EventSink): Promise<void> {
  await scene.untilMirrorIsOpen(100, 'logged');
  await scene.untilCopiesComeFromBoth({ model: 'logged' });
  for (const service of ['logged-0', 'logged-1']) await sink.counts(service);
  sink.reset();
  const before = await scene.arrivals('logged-1');
  await scene.expectCalls('with a logger', { ...mirrored, model: 'logged' });
  const [calls, copies] = [2 * mirrored.calls, (await scene.arrivals('logged-1')) - before];
  scene.equal('requests and responses of the primary are logged', await sink.counts('logged-0'), [calls, calls]);
  scene.equal('copies and the candidate’s responses are logged', await sink.counts('logged-1'), [copies, copies]);
  await scene.untilCopiesComeFromBoth({ model: 'logged', call: 'gRPC' });
  await scene.expectCalls('with a logger', { ...mirrored, model: 'logged', call: 'gRPC' });
  scene.equal('gRPC does not pass the agent', await sink.counts('logged-0'), [calls, calls]);
}

async function expectBoth(scene: StandardScene, step: string, model: string): Promise<void> {
  for (const call of ['V1', 'gRPC'] as const) {
    await scene.untilCopiesComeFromBoth({ model, call });
    await scene.expectCalls(step, { ...mirrored, model, call });
  }
}

/** Of KServe's own Services of both versions of wisdom: their addresses. */
async function addressesOf(scene: StandardScene): Promise<(string | undefined)[]> {
  const found = await Promise.all([0, 1].map((i) => find(scene, `wisdom-${i}-predictor`)));
  return found.map((service) => textAt(service, ['spec', 'clusterIP']));
}

async function createdAt(scene: StandardScene, service: string): Promise<string | undefined> {
  return textAt(await find(scene, service), ['metadata', 'creationTimestamp']);
}

function find(scene: StandardScene, service: string): Promise<ClusterObject | undefined> {
  return scene.stack.cluster.find(services, scene.namespace, service);
}

/** As OpenShift AI has it; Services that are there already stay as they are. */
async function setHeadless(scene: StandardScene, serviceClusterIPNone: boolean): Promise<void> {
  const data = { service: JSON.stringify({ serviceClusterIPNone }) };
  await scene.stack.cluster.patch(configMaps, 'kserve', 'inferenceservice-config', { data });
}

/** The primary's InferenceService, as somebody has applied it who does not know of us. */
async function runBefore(scene: StandardScene, model: string): Promise<void> {
  const { spec } = declared as { readonly spec: { readonly template: { readonly spec: object } } };
  await scene.stack.cluster.apply({
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: {
      name: `${model}-0`,
      namespace: scene.namespace,
      annotations: { 'serving.kserve.io/deploymentMode': 'Standard' },
    },
    spec: spec.template.spec,
  });
  await until('its Service is there', async () => (await find(scene, `${model}-0-predictor`)) !== undefined);
  await sleep(resolutionMs);
}

/** All at once: each waits for others' Pods to start. */
async function deploy(scene: StandardScene, ...models: readonly ModelFile[]): Promise<void> {
  const { stack, namespace } = scene;
  const names = models.map(({ name = 'wisdom' }) => name);
  await stack.repository.commit(Object.assign({}, ...models.map((model) => toFiles(model))), `${names}: deploy`);
  for (const name of names) await stack.addApplication({ name, path: folderOf(name), namespace });
}

/** What one of our commands reports about the model without a declared port, which it must refuse. */
function tryCommand(command: string): string {
  const folder = join(scratch, 'refused');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'model.yaml'), toModelText(standardModel({ ...versions, name: http2Name })));
  try {
    return execFileSync(process.execPath, [program, command, '.', '--namespace', 'models'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    return `exit ${status}\n${stdout}${stderr}`;
  }
}

function findMissing(said: string, expected: string): string[] {
  return said.startsWith('exit 1\n') && said.includes(expected) ? [] : [said];
}
