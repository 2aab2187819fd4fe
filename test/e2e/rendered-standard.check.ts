/**
 * What is rendered in Standard mode, given to the real KServe: all of `fixtures/standard`. One line per case; the exit
 * code is 1 when one of them fails.
 */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { isMap, mapsAt, textAt, valueAt } from '../../src/core/input/plain-value.ts';
import { computeLoaded } from '../../src/core/serving/digest.ts';
import type { InferenceService } from '../../src/core/serving/serving-mode.ts';
import { listCreated, listDeployments } from '../../src/core/serving/standard/names.ts';
import { standard } from '../../src/core/serving/standard/standard.ts';
import { readTemplateWrites } from '../../src/core/serving/standard/template-writes.ts';
import { fixtures } from '../goldens/golden-case.ts';
import { sourcesOf, stackFolder } from '../stack/build.ts';
import { startKubeApiserver } from '../stack/kube-apiserver.ts';
import type { ClusterObject, Resource } from './cluster.ts';
import { Cluster, inferenceServices } from './cluster.ts';
import { startKServe } from './kserve.ts';
import { until } from './program.ts';

const namespace = 'ml';
const waitMs = 60_000;
const services: Resource = { path: '/api/v1', plural: 'services' };
const deployments: Resource = { path: '/apis/apps/v1', plural: 'deployments' };
const autoscalers: Resource = { path: '/apis/autoscaling/v2', plural: 'horizontalpodautoscalers' };
/** There is no such runtime, and a model on several nodes waits for GPUs that nobody asked for. */
const withoutPods = ['declared-ports', 'several-nodes'];

const digestPath = ['metadata', 'annotations', 'model-mirror.dev/digest'];
const templateOf = (deployment: unknown) => valueAt(deployment, ['spec', 'template']);

const cluster = new Cluster(await startKubeApiserver(stackFolder));
const folder = mkdtempSync(join(tmpdir(), 'model-mirror-kserve-'));
let failed = 0;
try {
  const kserve = await startKServe({ cluster, folder, namespace });
  // KServe's chart has it, its kustomization does not.
  const openVino = join(sourcesOf('kserve-manager'), 'config/runtimes/kserve-openvino.yaml');
  await cluster.apply(parse(readFileSync(openVino, 'utf8')) as ClusterObject);
  for (const name of readdirSync(join(fixtures, 'standard')).sort()) {
    const trouble = await tryCase(name);
    if (trouble !== undefined) failed++;
    process.stdout.write(trouble === undefined ? `ok      ${name}\n` : `FAILED  ${name}: ${trouble}\n`);
  }
  await kserve.manager.stop();
  await kserve.controllers.stop();
} finally {
  await cluster.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;

/** @returns what is wrong; undefined: nothing. */
async function tryCase(name: string): Promise<string | undefined> {
  try {
    const text = readFileSync(join(fixtures, 'standard', name, 'expected/stdout.txt'), 'utf8');
    const objects = parseAllDocuments(text).map((document) => document.toJS() as ClusterObject);
    await check(objects, !withoutPods.includes(name));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function check(objects: readonly ClusterObject[], hasPods: boolean): Promise<void> {
  const isOfMode = (object: unknown) =>
    textAt(object, ['metadata', 'annotations', 'serving.kserve.io/deploymentMode']) !== 'ModelMesh';
  const versions = objects.filter((object) => object.kind === 'InferenceService' && isOfMode(object));
  const own = objects.filter(({ kind }) => kind === 'Service');
  ok(versions.length > 0 && own.length > versions.length, 'there is something to check');
  await cluster.apply(...own, ...versions);
  for (const version of versions) await checkVersion(version as InferenceService & ClusterObject, own, hasPods);
  const left = await cluster.list(services, namespace, 'app.kubernetes.io/managed-by=model-mirror');
  const names = left.filter(({ metadata }) => valueAt(metadata, ['ownerReferences']) === undefined);
  deepStrictEqual(names.map(({ metadata }) => metadata.name).sort(), own.map(({ metadata }) => metadata.name).sort());
  for (const { metadata } of versions) await cluster.remove(inferenceServices, namespace, metadata.name);
  for (const { metadata } of own) await cluster.remove(services, namespace, metadata.name);
  await until(
    'what KServe made is gone',
    async () => (await cluster.list(deployments, namespace)).length === 0,
    waitMs,
  );
}

async function checkVersion(
  version: InferenceService & ClusterObject,
  own: readonly ClusterObject[],
  hasPods: boolean,
): Promise<void> {
  const { name } = version.metadata;
  const live = await cluster.find(inferenceServices, namespace, name);
  strictEqual(computeLoaded(live, standard), computeLoaded(version, standard), 'the second digest of the live object');
  strictEqual(textAt(live, digestPath), textAt(version, digestPath), 'the digest of the live object');
  if (!hasPods) return;
  const expected = listDeployments(version);
  const findOwned = async (resource: Resource) =>
    (await cluster.list(resource, namespace)).filter((object) =>
      mapsAt(object, ['metadata', 'ownerReferences']).some(({ name: owner }) => owner === name),
    );
  await until(
    `KServe has made what runs ${name}`,
    async () => (await findOwned(services)).length >= 1 && (await findOwned(deployments)).length >= expected.length,
    waitMs,
  );
  const made = await findOwned(deployments);
  deepStrictEqual(made.map(({ metadata }) => metadata.name).sort(), expected.sort(), 'Deployments');
  for (const deployment of made) {
    strictEqual(textAt(templateOf(deployment), digestPath), textAt(version, digestPath), 'the digest of the pods');
    const writes = readTemplateWrites(deployment);
    deepStrictEqual([typeof writes?.at, writes?.editor], ['string', undefined], 'who wrote the pod template');
  }
  const taken = listCreated(version);
  for (const resource of [services, autoscalers])
    for (const { metadata } of await findOwned(resource)) ok(taken.includes(metadata.name), metadata.name);
  const backend = own.find(({ metadata }) => metadata.name === `${name}-backend`);
  checkFront(backend, made, await findOwned(services));
  for (const deployment of made) checkName(deployment);
}

/** The Service selects the pods of one Deployment, and leads where KServe's own does. */
function checkFront(backend: unknown, made: readonly ClusterObject[], ofKServe: readonly ClusterObject[]): void {
  const app = textAt(backend, ['spec', 'selector', 'app']);
  const front = made.filter((deployment) => textAt(templateOf(deployment), ['metadata', 'labels', 'app']) === app);
  strictEqual(front.length, 1, `one Deployment has pods with the label app: ${app}`);
  const [port] = mapsAt(
    ofKServe.find(({ metadata }) => metadata.name === front[0]?.metadata.name),
    ['spec', 'ports'],
  );
  const http = mapsAt(backend, ['spec', 'ports']).find((one) => one['name'] === 'http');
  if (http !== undefined && port?.['appProtocol'] === undefined)
    strictEqual(http['targetPort'], port?.['targetPort'], 'the port of HTTP');
}

/** No pod may be called by the InferenceService's name: whatever is given last counts. */
function checkName(deployment: ClusterObject): void {
  for (const container of mapsAt(templateOf(deployment), ['spec', 'containers'])) {
    const args = valueAt(container, ['args']);
    const flags = ['--model_name', '--served-model-name'];
    const texts = (Array.isArray(args) ? args : []).map(String);
    const at = texts.findLastIndex((text) => flags.some((flag) => text === flag || text.startsWith(`${flag}=`)));
    const given = texts[at]?.includes('=') ? texts[at]?.split('=')[1] : texts[at + 1];
    if (at >= 0) ok(given === 'wisdom' || given === 'iris', `${deployment.metadata.name} serves ${given}`);
    const variable = mapsAt(container, ['env']).find((one) => one['name'] === 'MLSERVER_MODEL_NAME');
    if (isMap(variable)) strictEqual(variable['value'], 'wisdom');
  }
}
