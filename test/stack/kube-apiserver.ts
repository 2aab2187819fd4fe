/**
 * A real kube-apiserver on a real etcd, on loopback, for tests: with the custom resources that the
 * watcher looks at, and no controllers, no nodes and no namespaces but its own.
 *
 * Invariant: nothing is left behind by `close`, and no process by a test that is killed.
 *
 * The flags: kube-apiserver 1.36 and etcd 3.4, `--help`.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, fetch } from 'undici';
import { parse } from 'yaml';
import { readKServeCrd } from './kserve-crd.ts';

const host = '127.0.0.1';
/** However busy the machine is: it only ends what hangs. */
const startLimitMs = 600_000;
/** A port that was free may be taken by the time it is listened on. */
const attempts = 3;

interface CrdNames {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly hasStatus: boolean;
}

/** Without schemas. Argo CD's Application has no status subresource (argo-cd manifests/crds). */
const otherCrds: readonly CrdNames[] = [
  { group: 'networking.istio.io', version: 'v1', kind: 'VirtualService', plural: 'virtualservices', hasStatus: true },
  { group: 'argoproj.io', version: 'v1alpha1', kind: 'Application', plural: 'applications', hasStatus: false },
];

export interface KubeApiserverOptions {
  /** Custom resources, each a YAML text of one; absent: those that the watcher looks at. */
  readonly crds?: readonly string[];
  /** Every write is written there, a line of JSON each, before it is answered. */
  readonly auditLog?: string;
}

interface Crd {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
}

/** Every write, with what it asks for. */
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', verbs: ['get', 'list', 'watch'] },
    { level: 'None', resources: [{ group: 'coordination.k8s.io' }, { group: '', resources: ['events'] }] },
    { level: 'Request' },
  ],
};

/** Starts both, and waits until the custom resources are served. */
export async function startKubeApiserver(assets: string, options: KubeApiserverOptions = {}): Promise<KubeApiserver> {
  for (const name of ['etcd', 'kube-apiserver'])
    if (!existsSync(join(assets, name)))
      throw new Error(`there is no ${name} in ${assets} (KUBEBUILDER_ASSETS): npm run stack:build makes both`);
  for (let attempt = 1; ; attempt++) {
    const api = new KubeApiserver(assets, await mkdtemp(join(tmpdir(), 'model-mirror-api-')), options);
    try {
      await api.start();
      return api;
    } catch (error) {
      await api.close();
      if (attempt === attempts) throw error;
    }
  }
}

/** A running one; `startKubeApiserver` makes it. */
export class KubeApiserver {
  readonly token: string = randomUUID();
  readonly #assets: string;
  readonly #folder: string;
  readonly #crds: readonly string[];
  readonly #auditLog: string | undefined;
  #served: readonly string[] = [];
  #etcd: Service | undefined;
  #apiserver: Service | undefined;
  #etcdUrl = '';
  #port = 0;
  #ca = '';
  #agent: Agent | undefined;

  constructor(assets: string, folder: string, { crds, auditLog }: KubeApiserverOptions) {
    this.#assets = assets;
    this.#folder = folder;
    this.#crds = crds ?? [readKServeCrd(), ...otherCrds.map((crd) => JSON.stringify(toCrd(crd)))];
    this.#auditLog = auditLog;
  }

  get url(): string {
    return `https://${host}:${this.#port}`;
  }

  /** PEM. */
  get ca(): string {
    return this.#ca;
  }

  /** Files: its own serving certificate, which is good for loopback. */
  get certificate(): { readonly crt: string; readonly key: string } {
    return { crt: this.#file('apiserver.crt'), key: this.#file('apiserver.key') };
  }

  async start(): Promise<void> {
    const [port, client, peer] = (await findFreePorts(3)) as [number, number, number];
    this.#port = port;
    this.#etcdUrl = `http://${host}:${client}`;
    const peerUrl = `http://${host}:${peer}`;
    this.#etcd = new Service(join(this.#assets, 'etcd'), [
      ...['--data-dir', join(this.#folder, 'etcd'), '--unsafe-no-fsync', '--log-level', 'error', '--logger', 'zap'],
      ...['--listen-client-urls', this.#etcdUrl, '--advertise-client-urls', this.#etcdUrl],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ...['--initial-cluster', `default=${peerUrl}`],
    ]);
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    await Promise.all([
      writeFile(this.#file('sa.pub'), publicKey),
      writeFile(this.#file('sa.key'), privateKey, { mode: 0o600 }),
      writeFile(this.#file('tokens.csv'), `${this.token},admin,admin,"system:masters"\n`, { mode: 0o600 }),
      ...(this.#auditLog === undefined ? [] : [writeFile(this.#file('audit.yaml'), JSON.stringify(auditPolicy))]),
      this.#etcd.until('etcd is healthy', async () => (await fetch(`${this.#etcdUrl}/health`)).ok),
    ]);
    await this.#startApiserver();
    await this.#install();
  }

  /** A kubeconfig that leads here. */
  kubeconfig(): string {
    const data = Buffer.from(this.#ca).toString('base64');
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'real', cluster: { server: this.url, 'certificate-authority-data': data } }],
      users: [{ name: 'admin', user: { token: this.token } }],
      contexts: [{ name: 'real', context: { cluster: 'real', user: 'admin' } }],
      'current-context': 'real',
    });
  }

  async addNamespace(name: string): Promise<void> {
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await this.request('/api/v1/namespaces', { method: 'POST', body });
  }

  /** One request, as administrator. */
  async request(path: string, { method = 'GET', contentType = 'application/json', body = '' } = {}): Promise<unknown> {
    const response = await this.#fetch(path, method, contentType, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} is answered with ${response.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text);
  }

  /**
   * Forgets all changes so far. etcd can do so at once; the API server keeps a window of its own in
   * memory, which nothing but a new start empties: open streams end.
   */
  async compact(): Promise<void> {
    const { header } = (await this.#askEtcd('range', { key: Buffer.from('/').toString('base64') })) as {
      readonly header: { readonly revision: string };
    };
    await this.#askEtcd('compaction', { revision: header.revision, physical: true });
    await this.restart();
  }

  /** Ends the API server and starts it again, on the same port and the same etcd. */
  async restart(downMs = 0): Promise<void> {
    await this.#apiserver?.stop();
    await sleep(downMs);
    await this.#startApiserver();
    await this.#untilServed();
  }

  /** Ends both, and removes what they wrote. */
  async close(): Promise<void> {
    await this.#apiserver?.stop();
    await this.#etcd?.stop();
    await this.#agent?.destroy();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }

  async #startApiserver(): Promise<void> {
    const issuer = 'https://kubernetes.default.svc';
    const service = new Service(join(this.#assets, 'kube-apiserver'), [
      ...[`--etcd-servers=${this.#etcdUrl}`, `--secure-port=${this.#port}`, `--cert-dir=${this.#folder}`],
      ...[`--bind-address=${host}`, `--advertise-address=${host}`, '--endpoint-reconciler-type=none'],
      ...['--service-cluster-ip-range=10.98.0.0/16', '--authorization-mode=RBAC'],
      ...[`--token-auth-file=${this.#file('tokens.csv')}`, '--disable-admission-plugins=ServiceAccount'],
      ...[`--service-account-issuer=${issuer}`, `--api-audiences=${issuer},istio-ca`],
      ...[`--service-account-key-file=${this.#file('sa.pub')}`],
      ...[`--service-account-signing-key-file=${this.#file('sa.key')}`],
      ...(this.#auditLog === undefined
        ? []
        : [`--audit-policy-file=${this.#file('audit.yaml')}`, `--audit-log-path=${this.#auditLog}`]),
      ...(this.#auditLog === undefined ? [] : ['--audit-log-mode=blocking']),
    ]);
    this.#apiserver = service;
    await service.until('kube-apiserver is ready', async () => {
      // It makes the certificate at its first start: what is read meanwhile may not be whole.
      const ca = await readFile(this.#file('apiserver.crt'), 'utf8');
      if (ca !== this.#ca) {
        await this.#agent?.destroy();
        this.#agent = new Agent({ connect: { ca }, allowH2: false });
        this.#ca = ca;
      }
      return (await this.#fetch('/readyz', 'GET', 'application/json', '')).ok;
    });
  }

  async #install(): Promise<void> {
    const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const made = await Promise.all(
      this.#crds.map(async (body) => {
        const { metadata, spec } = parse(body) as Crd;
        await this.request(`${crds}/${metadata.name}?fieldManager=test`, {
          method: 'PATCH',
          contentType: 'application/apply-patch+yaml',
          body,
        });
        const { name = '' } = spec.versions.find(({ served }) => served) ?? {};
        return `/apis/${spec.group}/${name}/${spec.names.plural}`;
      }),
    );
    this.#served = made;
    await this.#untilServed();
  }

  async #untilServed(): Promise<void> {
    for (const path of this.#served)
      await this.#apiserver?.until(`${path} is served`, async () => (await this.#fetch(path, 'GET', '', '')).ok);
  }

  #fetch(path: string, method: string, contentType: string, body: string) {
    return fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': contentType },
      signal: AbortSignal.timeout(startLimitMs),
      ...(body === '' ? {} : { body }),
      ...(this.#agent === undefined ? {} : { dispatcher: this.#agent }),
    });
  }

  /** Its gRPC gateway: there may be no etcdctl. */
  async #askEtcd(call: string, body: object): Promise<unknown> {
    const response = await fetch(`${this.#etcdUrl}/v3/kv/${call}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd answers ${call} with ${response.status}: ${await response.text()}`);
    return response.json();
  }
}

/** A process that ends with this one, however this one ends. */
class Service {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #complaint = '';
  #hasEnded = false;

  constructor(program: string, words: readonly string[]) {
    this.#name = program;
    // The third pipe is never written to: it breaks when this process is gone.
    const script =
      '"$0" "$@" 3<&- & child=$!; { read -r _ <&3; kill -9 $child; } 2>/dev/null & guard=$!; wait $child; kill $guard';
    this.#child = spawn('sh', ['-c', script, program, ...words], { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
    this.#ended = once(this.#child, 'exit').finally(() => {
      this.#hasEnded = true;
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#complaint = (this.#complaint + chunk.toString('utf8')).slice(-2000);
    });
  }

  /** Waits for something to be so; trouble on the way there is part of starting. */
  async until(what: string, look: () => Promise<boolean>): Promise<void> {
    let trouble: unknown;
    for (const end = performance.now() + startLimitMs; performance.now() < end; await sleep(50)) {
      if (this.#hasEnded) throw new Error(`${this.#name} has ended: ${this.#complaint}`);
      try {
        if (await look()) return;
      } catch (error) {
        trouble = error;
      }
    }
    throw new Error(`it is not so: ${what}: ${this.#complaint}`, { cause: trouble });
  }

  /** At once: there is nothing in it to keep. */
  async stop(): Promise<void> {
    this.#child.stdio[3]?.destroy();
    await this.#ended;
  }
}

function toCrd({ group, version, kind, plural, hasStatus }: CrdNames): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          ...(hasStatus ? { subresources: { status: {} } } : {}),
        },
      ],
    },
  };
}

/** All at the same time, so that they differ. */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, host));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
