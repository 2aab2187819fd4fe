/**
 * Renders the chart by the real Helm as it can be installed, and builds the sidecar's component by the real kustomize; looks at what
 * would be applied: which objects, rights, Pods, names that lead nowhere; types the pages; and, where there are kube-apiserver and
 * etcd, what a real API server says to all of it, and Helm's own installation and removal. One line per check; the exit code is 1
 * when one of them fails.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { valueAt } from '../../src/core/input/plain-value.ts';
import { checkThat, endChecks } from '../checks.ts';
import { stackFolder } from '../stack/build.ts';
import { findClosedPorts } from './egress-ports.ts';
import { lintChart, renderChart } from './helm.ts';
import { buildSidecars, listInstallations } from './installations.ts';
import type { Built } from './kustomize.ts';
import { toLabel } from './kustomize.ts';
import { findLostCopies } from './notes.ts';
import { findPodTroubles } from './pod-security.ts';
import { findExcessRights } from './rbac.ts';
import { RealApi } from './real-api.ts';
import { findLooseEnds } from './references.ts';
import { findAccepted } from './refusals.ts';
import { findOpenMirrors, findRemains } from './removal.ts';
import { findStaleRenderings } from './rendered.ts';
import { expectations, findWrongRights } from './rights-in-force.ts';
import { findOtherSidecars, typePage } from './typed.ts';

/** Not ours, but something of ours is in them. */
const others: readonly Built[] = [
  'argocd',
  'argocd-ml',
  'modelmesh-serving',
  'istio-system',
  'mesh-config',
  'models',
].map((name) => {
  const labels = Object.fromEntries(
    ['enforce', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']),
  );
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
});

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const folder = mkdtempSync(join(tmpdir(), 'model-mirror-install-'));
try {
  const built = new Map<string, readonly Built[]>();
  for (const { name, values, namespace, expected, besides = [] } of listInstallations())
    await checkThat(`${name}: is linted, and has its objects, no right too many, safe Pods, and no loose end`, () => {
      lintChart(values);
      const objects = renderChart(values, namespace);
      built.set(name, objects);
      return [
        ...(expected === undefined ? [] : compare(objects.map(toLabel).sort(), expected)),
        ...findExcessRights(objects),
        ...findPodTroubles(objects),
        ...findLooseEnds(objects, besides),
        ...objects.flatMap(findUnquoted),
        ...objects
          .filter((object) => !hasChartLabel(object))
          .map((object) => `${toLabel(object)}: the label with its chart`),
      ];
    });
  await checkThat('values that cannot be are refused, by their names', () => findAccepted());
  await checkThat('the watcher may reach the ports of its addresses', () => findClosedPorts());
  await checkThat('test/install/rendered is what the chart renders', () => findStaleRenderings());
  await checkThat('two installations share no object', () => [
    ...['model-mirror', 'ml-others', '2026'].flatMap((other) =>
      findShared(built, 'with all that reaches out of ml-tools', `with all that reaches out of ${other}`),
    ),
    ...findShared(built, 'in ml-tools', 'comparer'),
  ]);
  await checkThat('comparers of two namespaces share no object', () =>
    findShared(built, 'a comparer of its own in models-a', 'a comparer of its own in models-b'),
  );
  await checkThat('a comparer without limits for samples has no object elsewhere', () =>
    (built.get('a comparer of its own in models-c') ?? [])
      .filter(({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== 'models-c')
      .map(toLabel),
  );
  await checkThat('EnvoyFilters for clients are in Istio’s root namespace, and name the Services', () =>
    Object.entries({
      comparer: ['istio-system', 'model-mirror.svc.cluster.local', ''],
      'in ml-tools': ['istio-system', 'ml-tools.svc.cluster.local', '-ml-tools'],
      'all values': ['mesh-config', 'model-mirror.svc.example.internal', ''],
    }).flatMap(([name, [root, domain, suffix]]) =>
      findOtherClients(built.get(name) ?? [], {
        [`${root}/model-mirror-comparer-clients${suffix}`]: `model-mirror-comparer.${domain}`,
        [`${root}/model-mirror-gateway-clients${suffix}`]: `model-mirror-gateway.${domain}`,
      }),
    ),
  );
  await checkThat('as many requests may wait for a connection as may be in flight', () =>
    ['comparer', 'limits of the egress gateway', 'all values'].flatMap((name) =>
      (built.get(name) ?? [])
        .filter(({ kind }) => kind === 'DestinationRule')
        .filter((rule) => {
          const http = valueAt(rule, ['spec', 'trafficPolicy', 'connectionPool', 'http']);
          return valueAt(http, ['http1MaxPendingRequests']) !== valueAt(http, ['http2MaxRequests']);
        })
        .map((rule) => `${name}: ${toLabel(rule)}`),
    ),
  );
  for (const [name, objects] of buildSidecars(folder)) {
    built.set(name, objects);
    await checkThat(`${name}: Pods`, () => findPodTroubles(objects));
    await checkThat(`${name}: the repo-server`, () => findSidecarTroubles(objects));
  }
  await checkThat('the first step of a removal closes all mirrors, and changes no version', () => findOpenMirrors());
  await checkPages(built);
  await checkWithApi(built);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
endChecks();

function compare(found: readonly string[], expected: readonly string[]): string[] {
  return [
    ...found.filter((one) => !expected.includes(one)).map((one) => `${one} should not be there`),
    ...expected.filter((one) => !found.includes(one)).map((one) => `${one} is missing`),
    ...(found.length === expected.length ? [] : ['an object is there twice']),
  ];
}

/** Namespaces that YAML reads as something else than text, wherever an object names one. */
function findUnquoted(object: Built): string[] {
  const values: unknown[] = [];
  JSON.stringify(object, (key, value: unknown) => {
    if (key === 'namespace') values.push(value);
    return value;
  });
  return values
    .filter((value) => typeof value !== 'string')
    .map((value) => `${toLabel(object)}: ${JSON.stringify(value)} is no text`);
}

/** Whether an object names its chart, and its Pods do not: an upgrade that changes nothing of them must not replace them. */
function hasChartLabel(object: Built): boolean {
  const ofPods = valueAt(object, ['spec', 'template', 'metadata', 'labels', 'helm.sh/chart']);
  return object.metadata.labels?.['helm.sh/chart']?.startsWith('model-mirror-') === true && ofPods === undefined;
}

/** One that is in both belongs to whoever was installed last; and a Gateway that selects the other's Pods takes their port. */
function findShared(built: ReadonlyMap<string, readonly Built[]>, ...names: readonly [string, string]): string[] {
  const [first = [], second = []] = names
    .map((name) => built.get(name) ?? [])
    .map((objects) => [
      ...objects.map(toLabel),
      ...objects
        .filter(({ kind }) => kind === 'Gateway')
        .map((gateway) => `Pods ${JSON.stringify(valueAt(gateway, ['spec', 'selector']))}`),
    ]);
  return first.length < 10 || second.length < 10 ? ['they are not built'] : first.filter((one) => second.includes(one));
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
    ['GATEWAY', 'SIDECAR_OUTBOUND'].map((context) => ({ context, cluster: { service } })),
  ]);
  const toText = (all: readonly unknown[]) => all.map((one) => JSON.stringify(one)).sort();
  const [is, should] = [toText(found), toText(wanted)];
  return is.join() === should.join() ? [] : [`${is} is not ${should}`];
}

/** What is typed by a reader is an installation as any other. */
async function checkPages(built: Map<string, readonly Built[]>): Promise<void> {
  const page = 'docs/install.md';
  const [withHelm, withFile] = ['Helm', 'a file'].map((how) => `as ${page} says, with ${how}`) as [string, string];
  await checkThat(`${withHelm}: each block does what it says, in an empty folder`, () => {
    const { objects, blocks } = typePage(page, 'In five steps', join(folder, 'with-helm'));
    built.set(withHelm, objects);
    return JSON.stringify(blocks) === JSON.stringify({ sh: 3, yaml: 2 }) ? [] : [JSON.stringify(blocks)];
  });
  await checkThat(`${withFile}: each block does what it says, in an empty folder`, () => {
    const { objects } = typePage(page, 'Without Helm', join(folder, 'with-file'));
    built.set(withFile, objects);
    const images = objects.filter(({ kind }) => kind === 'Deployment').map((one) => JSON.stringify(one));
    return images.some((one) => one.includes('"registry.example.org/team/model-mirror:'))
      ? []
      : ['the image is not set'];
  });
  await checkThat('README.md, Install: it installs the same', () => {
    const { objects } = typePage('README.md', 'Install', join(folder, 'readme'), 'model-mirror');
    const labels = objects.map(toLabel);
    return (built.get(withHelm) ?? [])
      .map(toLabel)
      .filter((label) => / model-mirror\/|^Cluster|-clients$/.test(label) && !label.startsWith('Secret'))
      .filter((label) => !labels.includes(label))
      .map((label) => `${label} is missing`);
  });
  await checkThat(`${page}: the sidecar is the same from Argo CD’s Helm chart and its operator`, () => {
    const repoServer = (built.get(withHelm) ?? []).filter(({ metadata }) => metadata.name === 'argocd-repo-server');
    return findOtherSidecars(page, 'The plugin in an Argo CD from Helm or an operator', repoServer);
  });
  for (const name of [withHelm, withFile]) {
    const objects = built.get(name) ?? [];
    const ours = objects.filter(({ kind, metadata }) => kind !== 'Application' && metadata.namespace !== 'argocd');
    await checkThat(`${name}: rights`, () => findExcessRights(objects));
    await checkThat(`${name}: Pods`, () => findPodTroubles(objects));
    await checkThat(`${name}: nothing leads nowhere`, () => findLooseEnds(ours));
    await checkThat(
      `${name}: the namespace is restricted, and what docs/security.md calls off by default is off`,
      () => [
        ...(objects.some(({ kind, metadata }) => kind === 'Namespace' && isRestricted(metadata.labels))
          ? []
          : ['the namespace is not restricted']),
        ...objects.filter(isOffByDefault).map(toLabel),
      ],
    );
  }
  await checkThat('docs/upgrading.md, The commands: the same objects are there afterwards', () => {
    const before = (built.get(withHelm) ?? []).map(toLabel).filter((label) => !/argocd/.test(label));
    const { objects, blocks } = typePage('docs/upgrading.md', 'The commands', join(folder, 'with-helm'));
    const after = objects.map(toLabel);
    return [
      ...(blocks['sh'] === 1 ? [] : [`${blocks['sh']} blocks`]),
      ...before.filter((label) => !after.includes(label)),
    ];
  });
  await checkThat(`${page}, Uninstalling: each block does what it says, and leaves nothing`, () => {
    const { objects, blocks } = typePage(page, 'Uninstalling', join(folder, 'with-helm'));
    return [...objects.map(toLabel), ...(blocks['sh'] === 2 ? [] : [`${blocks['sh']} blocks`])];
  });
}

function isRestricted(labels: Built['metadata']['labels']): boolean {
  return labels?.['pod-security.kubernetes.io/enforce'] === 'restricted';
}

function isOffByDefault({ kind, metadata, ...rest }: Built): boolean {
  return (
    /Monitor$|^PrometheusRule$/.test(kind) ||
    /comparer/.test(metadata.name) ||
    (/^Role/.test(kind) && metadata.namespace === 'argocd') ||
    JSON.stringify(rest).includes('--argocd-refresh')
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
    await checkThat('a real API server has the namespaces', async () => {
      for (const namespace of [...all.filter(({ kind }) => kind === 'Namespace'), ...others])
        await api.apply(namespace);
      return [];
    });
    const known = new Set<string>();
    for (const [name, objects] of built) {
      // Most of them are the same in many installations.
      const others = objects.filter((object) => !known.has(JSON.stringify(object)));
      for (const object of others) known.add(JSON.stringify(object));
      if (others.length > 0) await checkThat(`${name}: a real API server takes it`, () => findRefusals(api, others));
    }
    await checkThat('a real API server refuses and warns of a Pod that may be root', async () => {
      const lenient = all
        .filter(({ kind }) => kind === 'Deployment')
        .map(toLenient)
        .slice(0, 1);
      const refusals = await findRefusals(api, lenient);
      return refusals.length === 2 ? [] : ['it does not', ...refusals];
    });
    await checkThat('Helm and a file install all of it, and remove it again; models are not touched', () =>
      findRemains(api, folder),
    );
    await checkThat('the policy that Helm prints for another namespace leads copies and samples there', () =>
      findLostCopies(api, folder),
    );
    for (const [name, expectation] of Object.entries(expectations))
      await checkThat(`${name}: rights in force`, () => findWrongRights(api, built.get(name), expectation));
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
