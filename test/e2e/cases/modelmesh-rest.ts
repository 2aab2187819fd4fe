import { ofModelMesh } from '../model-files.ts';
import type { CallCount } from '../modelmesh.ts';
import { addresses } from '../network.ts';
import { modelNamespace } from '../pods.ts';
import { until } from '../program.ts';
import { run } from '../sandbox.ts';
import type { Scene } from '../scene.ts';
import { callsOf, unanswered } from '../scene.ts';
import { binomialBounds } from '../statistics.ts';
import type { Origin, TrafficOptions } from '../traffic.ts';
import { hostOf, origins } from '../traffic.ts';

const protocols = ['gRPC', 'REST'] as const;
type Protocol = (typeof protocols)[number];

const model = {
  primary: { version: 'v1' },
  candidate: { version: 'v2' },
  spec: { ...ofModelMesh, protocols: ['grpc', 'rest'] },
};
const pathOf = (name: string) => `/v2/models/${name}/infer`;
const rate = 150;
const rows = [
  { percentage: 100, calls: 150 },
  { percentage: 20, calls: 500 },
];
const columns = ['call', 'mirror', 'from', 'calls', 'at wisdom-0', 'at wisdom-1', 'dropped'];
const notFound = (message: string) => `404 ${JSON.stringify({ code: 5, message, details: [] })}`;

/** Each hop rewrites the path: requests name the model, and ModelMesh gets the names of its versions alone. */
export async function modelMeshRest(scene: Scene): Promise<void> {
  scene.stack.models.loadMs = 300;
  await scene.deploy(model);
  await scene.untilMirrorIsOpen(100);
  await scene.untilCopiesArrive();
  for (const origin of origins)
    await until(`copies of REST from ${origin} arrive`, async () => {
      const { counts } = await scene.send({ ...toTraffic(origin, 'REST'), calls: 5, parallel: 1 });
      return callsOf(counts, 'wisdom-1') === 5;
    });
  for (const { percentage, calls } of rows) {
    if (percentage !== 100) {
      await scene.commit(`wisdom: mirror ${percentage} %`, model, { mirrorPercentage: percentage });
      await scene.untilMirrored(percentage);
    }
    for (const protocol of protocols)
      for (const origin of origins) await expectShare(scene, { protocol, origin, percentage, calls });
  }
  await others(scene);
  await scene.remove('wisdom');
}

interface Row {
  readonly protocol: Protocol;
  readonly origin: Origin;
  readonly percentage: number;
  readonly calls: number;
}

async function expectShare(scene: Scene, { protocol, origin, percentage, calls }: Row): Promise<void> {
  const { summary, counts, dropped } = await scene.send({ ...toTraffic(origin, protocol), calls, rate });
  const [primary, candidate] = [callsOf(counts, 'wisdom-0'), callsOf(counts, 'wisdom-1')];
  scene.row(columns, [protocol, `${percentage} %`, origin, calls, primary, candidate, dropped]);
  const [low, high] = binomialBounds(calls, percentage);
  scene.check(`${protocol} at ${percentage} %, ${origin}`, [
    ...unanswered(summary, 'wisdom-0'),
    ...(primary === calls ? [] : [`wisdom-0 got ${primary} calls`]),
    ...(low <= candidate + dropped && candidate + dropped <= high && candidate > 0
      ? []
      : [`wisdom-1 got ${candidate}, and there should be ${low} to ${high}`]),
    ...findStrays(counts),
  ]);
}

/** What names no version of it is answered as without us, and not mirrored. */
async function others(scene: Scene): Promise<void> {
  const asked: readonly (readonly [string, string, string])[] = [
    ['GET', '/v2/health/ready', notFound('Not Found')],
    ['POST', '/v1/models', notFound('Not Found')],
    ['POST', pathOf('wisdomish'), notFound('vmodel not found')],
    ['POST', pathOf('wisdom-0'), '200 wisdom-0__isvc'],
  ];
  await scene.resetCounts();
  for (const [method, path, expected] of asked)
    for (const origin of origins) {
      const answer = ask(origin, method, path);
      scene.check(`${method} ${path} is answered as it was, ${origin}`, answer.startsWith(expected) ? [] : [answer]);
    }
  const counts = await scene.counts();
  scene.equal('none of them is mirrored', [callsOf(counts, 'wisdom-0'), callsOf(counts, 'wisdom-1')], [2, 0]);
}

/** From inside with the port in the name, as HTTP clients send it. */
function toTraffic(origin: Origin, protocol: Protocol): TrafficOptions {
  const rest = protocol === 'REST' && { path: pathOf('wisdom') };
  const inside = protocol === 'REST' &&
    origin === 'inside' && { to: `${addresses.modelmesh}:8008`, namespace: `${modelNamespace}:8008` };
  return { origin, model: 'wisdom', ...rest, ...inside };
}

function findStrays(counts: readonly CallCount[]): string[] {
  return counts
    .filter(({ model: name, code }) => !/^wisdom-[01]$/.test(name) || code !== 'OK')
    .map((stray) => `a call went astray: ${JSON.stringify(stray)}`);
}

const script = `
const [to, host, method, path] = process.argv.slice(1);
const body = JSON.stringify({ inputs: [{ name: 'x', shape: [1], datatype: 'FP32', data: [1] }] });
const [hostname, port] = to.split(':');
const request = require('node:http').request({ hostname, port, method, path, headers: { host } }, (response) => {
  let text = '';
  response.on('data', (chunk) => { text += chunk; });
  response.on('end', () => {
    const { model_name: name } = text.startsWith('{') ? JSON.parse(text) : {};
    process.stdout.write(response.statusCode + ' ' + (name ?? text));
  });
});
request.end(method === 'POST' ? body : undefined);
`;

/** @returns the status, and the model or else the text that answered. */
function ask(origin: Origin, method: string, path: string): string {
  const to = origin === 'outside' ? `${addresses.ingress}:8080` : `${addresses.modelmesh}:8008`;
  const words = ['-e', script, to, hostOf('wisdom'), method, path];
  return origin === 'outside'
    ? run(process.execPath, words)
    : run('ip', ['netns', 'exec', 'client', process.execPath, ...words]);
}
