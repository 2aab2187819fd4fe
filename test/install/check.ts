/**
 * Builds all that `plugin/install` can be put together to with the real kustomize, and looks at what would be
 * applied: rights, Pods, names that lead nowhere; and, where there are kube-apiserver and etcd, what a real
 * API server says to it. One line per check; the exit code is 1 when one of them fails.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { valueAt } from '../../src/core/input/plain-value.ts';
import { stackFolder } from '../stack/build.ts';
import { writeInstallations } from './installations.ts';
import type { Built } from './kustomize.ts';
import { build, toLabel } from './kustomize.ts';
import { findPodTroubles } from './pod-security.ts';
import { findExcessRights } from './rbac.ts';
import { RealApi } from './real-api.ts';
import { findLooseEnds } from './references.ts';
import { expectations, findWrongRights } from './rights-in-force.ts';
import { typePage } from './typed.ts';

/** Not ours, but something of ours is in them. */
const others: readonly Built[] = ['argocd', 'modelmesh-serving', 'istio-system'].map((name) => {
  const labels = Object.fromEntries(
    ['enforce', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']),
  );
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
});

let passed = 0;
let failed = 0;

/** @param find what is wrong; nothing, when all is well. */
async function check(name: string, find: () => readonly string[] | Promise<readonly string[]>): Promise<void> {
  let troubles: readonly string[];
  try {
    troubles = await find();
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    troubles = [stderr || message];
  }
  if (troubles.length === 0) passed++;
  else failed++;
  say(`${troubles.length === 0 ? 'passed' : 'FAILED'}: ${name}`);
  for (const trouble of new Set(troubles)) say(`    ${trouble.trim()}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const folder = mkdtempSync(join(tmpdir(), 'model-mirror-install-'));
try {
  const built = new Map<string, readonly Built[]>();
  for (const { name, folder: place, isWhole } of writeInstallations(join(folder, 'install'))) {
    await check(`${name}: is built`, () => {
      built.set(name, build(place));
      return [];
    });
    const objects = built.get(name);
    if (objects === undefined) continue;
    await check(`${name}: rights`, () => findExcessRights(objects));
    await check(`${name}: Pods`, () => findPodTroubles(objects));
    if (isWhole) await check(`${name}: nothing leads nowhere`, () => findLooseEnds(objects));
    if (name.startsWith('sidecar')) await check(`${name}: the repo-server`, () => findSidecarTroubles(objects));
  }
  await check('comparers of two namespaces share no object', () => findShared(built));
  await check('comparers of their own have no object in Istio’s namespace', () => findElsewhere(built));
  await check('EnvoyFilters for clients are in Istio’s root namespace', () =>
    findOtherClients([...(built.get('mirror-gateway') ?? []), ...(built.get('comparer') ?? [])], {
      'istio-system/model-mirror-comparer-clients': 'model-mirror-comparer.model-mirror.svc.cluster.local',
      'istio-system/model-mirror-gateway-clients': 'model-mirror-gateway.model-mirror.svc.cluster.local',
    }),
  );
  await checkPages(built);
  await checkWithApi(built);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
say(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

/** One that is in both belongs to whoever was installed last. */
function findShared(built: ReadonlyMap<string, readonly Built[]>): string[] {
  const [first = [], second = []] = ['models-a', 'models-b'].map((namespace) =>
    (built.get(`a comparer of its own in ${namespace}`) ?? []).map(
      ({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`,
    ),
  );
  return first.length < 10 || second.length < 10 ? ['they are not built'] : first.filter((one) => second.includes(one));
}

/** What is outside of its namespace would need rights there. */
function findElsewhere(built: ReadonlyMap<string, readonly Built[]>): string[] {
  const objects = built.get('comparer-namespaced') ?? [];
  const outside = objects.filter(({ metadata }) => metadata.namespace !== 'model-mirror');
  return objects.length < 8 ? ['it is not built'] : outside.map(toLabel);
}

/** @param expected the hosts that EnvoyFilters for all clients are about, each for gateways and for sidecars. */
function findOtherClients(objects: readonly Built[], expected: Readonly<Record<string, string>>): string[] {
  const filters = objects.filter(
    (object) => object.kind === 'EnvoyFilter' && valueAt(object, ['spec', 'workloadSelector']) === undefined,
  );
  const found = filters.map((filter) => {
    const patches = valueAt(filter, ['spec', 'configPatches']) as readonly { readonly match: unknown }[];
    return [`${filter.metadata.namespace}/${filter.metadata.name}`, patches.map(({ match }) => match)] as const;
  });
  const wanted = Object.entries(expected).map(([name, service]) => [
    name,
    ['GATEWAY', 'SIDECAR_OUTBOUND'].map((context) => ({ cluster: { service }, context })),
  ]);
  const toText = (all: readonly unknown[]) => all.map((one) => JSON.stringify(one)).sort();
  const [is, should] = [toText(found), toText(wanted)];
  return is.join() === should.join() ? [] : [`${is} is not ${should}`];
}

/** What is typed by a reader is an installation as any other. */
async function checkPages(built: Map<string, readonly Built[]>): Promise<void> {
  const name = 'as docs/install.md says';
  await check(`${name}: each block does what it says, in an empty folder`, () => {
    const { objects, blocks } = typePage('docs/install.md', 'Argo CD in five steps', join(folder, 'typed-readme'));
    built.set(name, objects);
    return JSON.stringify(blocks) === JSON.stringify({ sh: 3, yaml: 3 }) ? [] : [JSON.stringify(blocks)];
  });
  await check('plugin/install/README.md: each block does what it says, in an empty folder', () => {
    const { objects } = typePage('plugin/install/README.md', undefined, join(folder, 'typed-install'));
    const kinds = objects.map(({ kind }) => kind).join();
    return kinds === 'Namespace,Secret' ? [] : [`it sends ${kinds}`];
  });
  await check('plugin/install/README.md: EnvoyFilters for clients can be led elsewhere', () => {
    const work = join(folder, 'typed-install/work');
    const domain = 'svc.example.internal';
    return [
      ...findOtherClients(build(join(work, 'elsewhere')), {
        'mesh-config/model-mirror-comparer-clients': `model-mirror-comparer.model-mirror.${domain}`,
        'mesh-config/model-mirror-gateway-clients': `model-mirror-gateway.model-mirror.${domain}`,
      }),
      ...findOtherClients(build(join(work, 'clients-of-models-a')), {
        'istio-system/model-mirror-comparer-clients-models-a': 'model-mirror-comparer.models-a.svc.cluster.local',
      }),
    ];
  });
  const objects = built.get(name) ?? [];
  const watcher = objects.filter(({ kind, metadata }) => kind !== 'Application' && metadata.namespace !== 'argocd');
  await check(`${name}: rights`, () => findExcessRights(objects));
  await check(`${name}: Pods`, () => findPodTroubles(objects));
  await check(`${name}: nothing leads nowhere`, () => findLooseEnds(watcher));
  await check(`${name}: what docs/security.md calls off by default is off`, () =>
    objects
      .filter(
        ({ kind, metadata, ...rest }) =>
          kind === 'ServiceMonitor' ||
          (/^Role/.test(kind) && metadata.namespace === 'argocd') ||
          JSON.stringify(rest).includes('--argocd-refresh'),
      )
      .map(({ kind, metadata }) => `${kind} ${metadata.name}`),
  );
}

function findSidecarTroubles(objects: readonly Built[]): string[] {
  const containers = valueAt(objects[0], ['spec', 'template', 'spec', 'containers']);
  const [main, sidecar, ...further] = Array.isArray(containers) ? containers : [];
  const name = 'ARGOCD_REPO_SERVER_PLUGIN_TAR_EXCLUSIONS';
  const excluded = (valueAt(main, ['env']) as { name: string }[]).filter((variable) => variable.name === name);
  return [
    ...(JSON.stringify(excluded) === JSON.stringify([{ name, value: '.git/*' }])
      ? []
      : [`what is excluded is said so: ${JSON.stringify(excluded)}`]),
    ...(valueAt(sidecar, ['image']) === 'images.example.com/model-mirror:9.8.7' ? [] : ['the image cannot be set']),
    ...(further.length === 0 ? [] : ['there is a further container']),
  ];
}

async function checkWithApi(built: ReadonlyMap<string, readonly Built[]>): Promise<void> {
  const named = process.env['KUBEBUILDER_ASSETS'];
  const assets = named ?? stackFolder;
  if (named === undefined && !['kube-apiserver', 'etcd'].every((program) => existsSync(join(assets, program)))) {
    say(`LEFT OUT: what an API server says: there is none in ${assets}, and npm run stack:build makes one`);
    return;
  }
  const api = await RealApi.start(assets);
  try {
    const all = [...built.values()].flat();
    await check('a real API server has the namespaces', async () => {
      for (const namespace of [...all.filter(({ kind }) => kind === 'Namespace'), ...others])
        await api.apply(namespace);
      return [];
    });
    for (const [name, objects] of built)
      await check(`${name}: a real API server takes it`, () => findRefusals(api, objects));
    await check('a real API server refuses and warns of a Pod that may be root', async () => {
      const lenient = all
        .filter(({ kind }) => kind === 'Deployment')
        .map(toLenient)
        .slice(0, 1);
      const refusals = await findRefusals(api, lenient);
      return refusals.length === 2 ? [] : ['it does not', ...refusals];
    });
    for (const [name, expectation] of Object.entries(expectations))
      await check(`${name}: rights in force`, () => findWrongRights(api, built.get(name), expectation));
  } finally {
    await api.close();
  }
}

async function findRefusals(api: RealApi, objects: readonly Built[]): Promise<string[]> {
  return (await Promise.all(objects.map((object) => api.findRefusals(object)))).flat();
}

function toLenient(deployment: Built): Built {
  return JSON.parse(JSON.stringify(deployment).replaceAll('"runAsNonRoot":true', '"runAsNonRoot":false')) as Built;
}
