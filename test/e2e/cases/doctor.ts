import { execFile } from 'node:child_process';
import type { ClusterObject, Resource } from '../cluster.ts';
import { authorizationPolicies, destinationRules, envoyFilters, kubeconfig, virtualServices } from '../cluster.ts';
import { toMirrorGatewayObjects } from '../mirror-gateway.ts';
import { modelNamespace, systemNamespace } from '../pods.ts';
import { until } from '../program.ts';
import type { Scene } from '../scene.ts';
import { program } from '../scene.ts';
import { Traffic } from '../traffic.ts';

const gateways: Resource = { path: '/apis/networking.istio.io/v1', plural: 'gateways' };
const namespace = 'model-mirror';
const name = 'model-mirror-gateway';

interface Finding {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'note';
  readonly reason: string;
}

/** What doctor finds while calls come from outside; each fault is named, and no longer once it is repaired. */
export async function doctor(scene: Scene): Promise<void> {
  scene.stack.models.loadMs = 300;
  await scene.deploy({ primary: { version: 'v1' }, candidate: { version: 'v2' } });
  await scene.untilMirrorIsOpen(100);
  await scene.stack.holdApplication('wisdom');
  // The stack has one Pod of the mirror gateway.
  const healthy = ['single-pod'];
  scene.equal('a healthy installation', await examine(scene), healthy);
  for (const [what, { break: damage, repair, codes }] of Object.entries(toFaults(scene))) {
    await damage();
    let found: readonly string[] = [];
    await until(`${what}: it is found`, async () => {
      found = await examine(scene);
      return codes.every((code) => found.includes(code));
    }).catch(() => {});
    scene.row(['what is broken', 'findings'], [what, found.join(', ')]);
    // Also what follows of it, as far as the proxies had come by then.
    const effects = ['copies-failed', 'copies-not-routed', 'connections-refused'];
    scene.equal(
      `${what}: it is found, and nothing else`,
      found.filter((code) => !effects.includes(code) || codes.includes(code)),
      [...codes, ...healthy],
    );
    await repair();
    await until(`${what}: it is repaired`, async () => (await examine(scene)).join() === healthy.join(), 90_000);
    scene.check(`${what}: it is no longer found once it is repaired`, true);
  }
  await scene.remove('wisdom');
}

interface Fault {
  readonly break: () => Promise<void>;
  readonly repair: () => Promise<void>;
  /** In doctor's order. */
  readonly codes: readonly string[];
}

function toFaults({ stack: { cluster, models } }: Scene): Readonly<Record<string, Fault>> {
  const installed = toMirrorGatewayObjects();
  const reapply = (kind: string) => async () => {
    await cluster.apply(...installed.filter((object) => object.kind === kind));
  };
  const [gateway, rule] = ['Gateway', 'DestinationRule'].map(
    (kind) => installed.find((object) => object.kind === kind) as ClusterObject,
  );
  const { servers } = gateway?.['spec'] as {
    readonly servers: readonly { readonly port: object; readonly hosts: string[] }[];
  };
  const port = { number: 443, name: 'http2', protocol: 'HTTP2' };
  const { trafficPolicy } = rule?.['spec'] as { readonly trafficPolicy: Record<string, unknown> };
  const other: ClusterObject = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: 'mine', namespace: modelNamespace },
    spec: { selector: { istio: name }, servers },
  };
  const policy: ClusterObject = {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace },
    spec: { action: 'ALLOW', rules: [{ from: [{ source: { namespaces: ['nowhere'] } }] }] },
  };
  let route: ClusterObject | undefined;
  return {
    'the Gateway does not use TLS': {
      break: () => cluster.patch(gateways, namespace, name, { spec: { servers: [{ port, hosts: ['*/*'] }] } }),
      repair: reapply('Gateway'),
      codes: ['tls-one-sided', 'copies-failed'],
    },
    'clients do not use TLS': {
      break: () =>
        cluster.patch(destinationRules, namespace, name, {
          spec: { trafficPolicy: { ...trafficPolicy, portLevelSettings: null } },
        }),
      repair: reapply('DestinationRule'),
      codes: ['tls-one-sided', 'copies-failed'],
    },
    'the port has no limit': {
      break: () =>
        cluster.patch(destinationRules, namespace, name, {
          spec: { trafficPolicy: { portLevelSettings: [{ port: { number: 443 }, tls: { mode: 'ISTIO_MUTUAL' } }] } },
        }),
      repair: reapply('DestinationRule'),
      codes: ['limit-missing'],
    },
    'the window is the default': {
      break: () => cluster.remove(envoyFilters, namespace, name),
      repair: reapply('EnvoyFilter'),
      codes: ['window-missing'],
    },
    'copies of any size are sent': {
      break: () => cluster.remove(envoyFilters, systemNamespace, `${name}-clients`),
      repair: reapply('EnvoyFilter'),
      codes: ['body-limit-missing'],
    },
    'a second Gateway with TLS': {
      break: () => cluster.apply(other),
      repair: () => cluster.remove(gateways, modelNamespace, 'mine'),
      codes: ['gateway-conflict'],
    },
    'an AuthorizationPolicy that admits others': {
      break: () => cluster.apply(policy),
      repair: () => cluster.remove(authorizationPolicies, namespace, name),
      codes: ['copies-refused'],
    },
    'the candidate hangs': {
      break: () => models.disturb('wisdom-1', 'hanging'),
      repair: async () => models.heal('wisdom-1'),
      codes: ['candidate-slow'],
    },
    'no second hop': {
      break: async () => {
        route = await cluster.find(virtualServices, modelNamespace, 'wisdom-mirror');
        await cluster.remove(virtualServices, modelNamespace, 'wisdom-mirror');
      },
      repair: async () => {
        if (route === undefined) throw new Error('there was no second hop');
        const { apiVersion, kind, metadata, spec } = route;
        const { labels = {}, annotations = {} } = metadata;
        await cluster.apply({
          ...{ apiVersion, kind, spec },
          metadata: { name: metadata.name, namespace: modelNamespace, labels, annotations },
        });
      },
      codes: ['route-missing', 'copies-not-routed'],
    },
  };
}

/** The codes of all findings but notes, while calls come from outside. */
async function examine(scene: Scene): Promise<string[]> {
  const traffic = new Traffic({ origin: 'outside', model: 'wisdom', rate: 50 });
  const words = ['doctor', 'wisdom', '--live', '--kubeconfig', kubeconfig, '--for', '2s', '--output', 'json'];
  const { out, err } = await new Promise<{ readonly out: string; readonly err: string }>((resolve) => {
    execFile(
      process.execPath,
      [program, ...words, '--namespace', modelNamespace],
      { cwd: scene.stack.repository.folder },
      (_, stdout, stderr) => resolve({ out: stdout, err: stderr }),
    );
  });
  await traffic.stop();
  if (out === '') throw new Error(err);
  const { findings } = JSON.parse(out) as { readonly findings: readonly Finding[] };
  const unread = findings.find(({ code }) => code.startsWith('statistics-') || code === 'not-listed');
  if (unread !== undefined) throw new Error(unread.reason);
  return findings.flatMap(({ code, severity }) => (severity === 'note' ? [] : [code]));
}
