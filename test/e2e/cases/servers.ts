import type { ClusterObject } from '../cluster.ts';
import { inferenceServices } from '../cluster.ts';
import { flowers, putFlowers } from '../model-servers.ts';
import type { PodRun } from '../pod-run.ts';
import { until } from '../program.ts';
import type { Scene } from '../scene.ts';
import { standardNamespace } from '../standard.ts';

/** Calls go past the sidecar: how a server answers for a model name that it does not serve is shown too. */
const port = 8080;
const columns = ['InferenceService', 'server', 'asked by', 'answer'];

/** KServe's and MLServer's programs as containers of Pods: they serve the name that they are given, and no other. */
export async function realServers(scene: Scene): Promise<void> {
  const { stack } = scene;
  const standard = await stack.standard();
  putFlowers(standard.store);
  const named = { args: ['--model_name=flowers'] };
  const variable = { protocolVersion: 'v2', env: [{ name: 'MLSERVER_MODEL_NAME', value: 'flowers' }] };
  const services = [
    toService('flowers-0', 'v1', named),
    toService('flowers-1', 'v2', named),
    toService('flowers-2', 'v1', variable),
    toService('flowers-3', 'v2', variable),
  ];
  const answers: string[] = [];
  // One after the other: they start at the cost of a CPU.
  for (const service of services) {
    const { name } = service.metadata;
    await stack.cluster.apply(service);
    await standard.untilRolledOut(name);
    const [pod] = standard.podsOf(name);
    if (pod === undefined) throw new Error(`${name} has no Pod`);
    const isMlServer = service === services[2] || service === services[3];
    const answer = await infer(pod, 'flowers');
    answers.push(answer);
    scene.row(columns, [name, isMlServer ? 'MLServer' : 'KServe', 'V2', answer]);
    scene.equal(`${name} does not answer by its own name`, await infer(pod, name), 'HTTP 404');
    const instances = await predict(pod);
    scene.row(columns, [name, isMlServer ? 'MLServer' : 'KServe', 'V1', instances]);
    scene.equal(`V1 of ${name}`, instances, isMlServer ? 'HTTP 404' : answer);
  }
  const [first = '', second = '', third, fourth] = answers;
  scene.check(
    'each answers with a number per flower',
    [first, second].filter((answer) => !isNumbers(answer)),
  );
  scene.check('the two versions differ', first !== second);
  scene.equal('both servers say the same of v1', third, first);
  scene.equal('both servers say the same of v2', fourth, second);
  const [pod] = standard.podsOf('flowers-1');
  pod?.signal('SIGKILL');
  await until('its container is not ready', () => pod?.isReady === false);
  await standard.untilRolledOut('flowers-1');
  scene.equal(
    'a server that is killed is started again, in the same Pod',
    standard.podsOf('flowers-1')[0]?.name,
    pod?.name,
  );
  for (const { metadata } of services) await stack.cluster.remove(inferenceServices, standardNamespace, metadata.name);
  await until('no Pod is left', () => services.every(({ metadata }) => standard.podsOf(metadata.name).length === 0));
}

function toService(name: string, version: string, model: object): ClusterObject {
  const storageUri = `s3://models/flowers/${version}`;
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: {
      name,
      namespace: standardNamespace,
      annotations: { 'serving.kserve.io/deploymentMode': 'Standard' },
    },
    spec: { predictor: { model: { modelFormat: { name: 'sklearn' }, storageUri, ...model } } },
  };
}

async function infer(pod: PodRun, model: string): Promise<string> {
  const inputs = [{ name: 'x', shape: [flowers.length, 4], datatype: 'FP32', data: flowers.flat() }];
  return ask(pod, `/v2/models/${model}/infer`, { inputs });
}

async function predict(pod: PodRun): Promise<string> {
  return ask(pod, '/v1/models/flowers:predict', { instances: flowers });
}

async function ask(pod: PodRun, path: string, body: object): Promise<string> {
  const response = await fetch(`http://${pod.address}:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) return `HTTP ${response.status}`;
  const { predictions, outputs } = (await response.json()) as {
    readonly predictions?: readonly number[];
    readonly outputs?: readonly { readonly data: readonly number[] }[];
  };
  // What the fourth digit says differs by how a server reads its floats.
  const numbers = predictions ?? outputs?.flatMap(({ data }) => data) ?? [];
  return numbers.map((number) => number.toFixed(3)).join(' ');
}

function isNumbers(answer: string): boolean {
  const numbers = answer.split(' ').map(Number);
  return numbers.length === flowers.length && numbers.every(Number.isFinite);
}
