/**
 * A Pod as a kubelet runs it: a network namespace with an address of its own, its containers' programs in it, a sidecar
 * when it is part of the mesh, and its status.
 *
 * Invariant: nothing of it is left once it is gone.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { textAt } from '../../src/core/input/plain-value.ts';
import type { Cluster } from './cluster.ts';
import type { ContainerSpec, Running } from './container.ts';
import { Container } from './container.ts';
import { Envoy } from './envoy.ts';
import type { ModelStore } from './model-store.ts';
import { addresses, makeNetwork, removeNetwork, runIn } from './network.ts';
import type { PodCondition } from './pod-status.ts';
import { toPodStatus, toUnschedulable } from './pod-status.ts';
import { Program } from './program.ts';
import { scratch } from './sandbox.ts';

/** As the API server has it. */
export interface PodObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly deletionGracePeriodSeconds?: number;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly serviceAccountName?: string;
    readonly initContainers?: readonly ContainerSpec[];
    readonly containers: readonly ContainerSpec[];
  };
}

/** A program on this machine that does what an image does. */
export interface Command {
  readonly command: string;
  readonly words: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** The machine that Pods run on. */
export interface PodHost {
  readonly cluster: Cluster;
  /** PEM: of the mesh's certificate authority. */
  readonly root: string;
  readonly node: string;
  readonly store: ModelStore;
  /** Undefined: there is no such image. */
  readonly toCommand: (container: ContainerSpec) => Command | undefined;
}

const modelFolder = '/mnt/models';
/** In a mount namespace of its own, which `ip netns exec` makes. */
const mountModel = `mount -t tmpfs tmpfs /mnt && mkdir ${modelFolder} && mount --bind "$0" ${modelFolder} && exec "$@"`;

const mountHosts = 'mount --bind "$0" /etc/hosts && exec "$@"';

export class PodRun {
  readonly address: string;
  readonly pod: PodObject;
  readonly containers: readonly Container[];
  /** By the container's name: what runs, or ran last. */
  readonly programs = new Map<string, Program>();
  readonly #host: PodHost;
  readonly #initializers: readonly Container[];
  /** Where the model comes from; absent: there is none to download. */
  readonly #uri: string | undefined;
  #envoy: Envoy | undefined;
  #isSidecarReady: boolean;
  #hasNetwork = false;
  #conditions: readonly PodCondition[] = [];
  #isDirty = false;
  #writing: Promise<void> = Promise.resolve();
  #running: Promise<unknown> = Promise.resolve();
  #isEnding = false;

  constructor(host: PodHost, pod: PodObject, address: string) {
    this.#host = host;
    this.pod = pod;
    this.address = address;
    const { initContainers = [], containers } = pod.spec;
    const onChange = () => this.#write();
    this.#uri = initContainers.find(({ name }) => name === 'storage-initializer')?.args?.[0];
    this.#initializers = initContainers.map(
      (spec) => new Container({ spec, address, onChange, isInitializer: true, start: () => this.#download(spec) }),
    );
    this.containers = containers.map(
      (spec) => new Container({ spec, address, onChange, isInitializer: false, start: () => this.#start(spec) }),
    );
    this.#isSidecarReady = pod.metadata.labels?.['security.istio.io/tlsMode'] !== 'istio';
  }

  get name(): string {
    return this.pod.metadata.name;
  }

  get isReady(): boolean {
    return this.#isSidecarReady && this.containers.every(({ status }) => status.ready);
  }

  /** What its container has said over all its starts. */
  log(container = 'kserve-container', lines = 1_000_000): string {
    return this.programs.get(container)?.tail(lines) ?? '';
  }

  /** To the program of a container, as SIGKILL or SIGSTOP. */
  signal(signal: NodeJS.Signals, container = 'kserve-container'): void {
    this.programs.get(container)?.signal(signal);
  }

  start(): void {
    this.#running = this.#run().catch((error: Error) => {
      if (!this.#isEnding) process.stderr.write(`the Pod ${this.name} does not run: ${error.message}\n`);
    });
  }

  /** As when somebody has deleted it: what runs is asked to end, and made to after a while. */
  async end(): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const { deletionGracePeriodSeconds: seconds = 30 } = this.pod.metadata;
    const all = [...this.#initializers, ...this.containers];
    const sidecar = this.#envoy?.program;
    for (const one of all) void one.stop('SIGTERM');
    sidecar?.terminate();
    const ended = Promise.all([this.#running, sidecar?.untilEnded()]);
    await Promise.race([ended, sleep(seconds * 1000, undefined, { ref: false })]);
    for (const one of all) one.signal('SIGKILL');
    sidecar?.signal('SIGKILL');
    await ended;
    if (this.#hasNetwork) removeNetwork(this.name);
    for (const place of [join(scratch, 'pods', this.name), this.#hostsFile])
      rmSync(place, { recursive: true, force: true });
    await this.#writing;
    await this.#request('', 'DELETE', undefined, '?gracePeriodSeconds=0').catch(() => {});
  }

  async #run(): Promise<void> {
    const resource = findMissing([...this.pod.spec.containers, ...(this.pod.spec.initContainers ?? [])]);
    if (resource !== undefined) {
      await this.#request('/status', 'PATCH', { status: toUnschedulable(resource) });
      return;
    }
    const target = { apiVersion: 'v1', kind: 'Node', name: this.#host.node };
    await this.#request('/binding', 'POST', {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: this.name },
      target,
    });
    this.#write();
    await this.#writeHosts();
    for (const initializer of this.#initializers) await initializer.run();
    if (this.#isEnding) return;
    const runs = this.containers.map((container) => container.run());
    await Promise.all(runs);
  }

  /** In place of DNS: the Services of its namespace that are there when it starts. */
  async #writeHosts(): Promise<void> {
    const { namespace } = this.pod.metadata;
    const services = await this.#host.cluster.list({ path: '/api/v1', plural: 'services' }, namespace);
    const lines = services.flatMap(({ metadata: { name }, spec }) => {
      const address = textAt(spec, ['clusterIP']) ?? 'None';
      const names = [
        name,
        `${name}.${namespace}`,
        `${name}.${namespace}.svc`,
        `${name}.${namespace}.svc.cluster.local`,
      ];
      return address === 'None' ? [] : [`${address} ${names.join(' ')}\n`];
    });
    writeFileSync(this.#hostsFile, ['127.0.0.1 localhost\n', ...lines].join(''));
  }

  get #hostsFile(): string {
    return join(scratch, `${this.name}.hosts`);
  }

  #download({ args: [uri = '', target = ''] = [] }: ContainerSpec): Running {
    return { ended: this.#host.store.download(uri, target), kill: () => {} };
  }

  #start(spec: ContainerSpec): Running | undefined {
    const found = this.#host.toCommand(spec);
    if (found === undefined) return undefined;
    this.#join();
    const fault = spec.name === 'kserve-container' ? this.#host.store.findFault(this.#uri ?? '') : undefined;
    const { command, words, environment } = fault === undefined ? found : { ...found, ...faultCommands[fault] };
    const folder = this.#uri === undefined ? undefined : this.#host.store.findFolder(this.#uri);
    const mount = folder === undefined ? [] : ['sh', '-c', mountModel, folder];
    const program = new Program({
      name: `${this.name}-${spec.name}`,
      command: 'ip',
      words: ['netns', 'exec', this.name, 'sh', '-c', mountHosts, this.#hostsFile, ...mount, command, ...words],
      environment: { ...environment, ...toVariables(spec) },
      isGroup: true,
    });
    this.programs.set(spec.name, program);
    const ended = program.untilEnded().then((exitCode) => ({
      exitCode,
      reason: fault === 'oom' ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error',
    }));
    return { ended, kill: (signal) => program.signal(signal) };
  }

  /** Once: the network, and the sidecar. Its containers are started beside it, as Kubernetes does. */
  #join(): void {
    if (this.#hasNetwork) return;
    makeNetwork(this.name, this.address);
    this.#hasNetwork = true;
    this.#write();
    if (this.#isSidecarReady) return;
    void this.#startSidecar().catch((error: Error) => {
      if (!this.#isEnding) process.stderr.write(`the sidecar of ${this.name} does not start: ${error.message}\n`);
    });
  }

  async #startSidecar(): Promise<void> {
    const { cluster, root } = this.#host;
    const { name, namespace, labels = {}, annotations = {} } = this.pod.metadata;
    const account = this.pod.spec.serviceAccountName ?? 'default';
    const pod = { name, namespace, labels, annotations, account, address: this.address, proxy: 'sidecar' } as const;
    const envoy = await Envoy.start({ pod, cluster, root, hasNetwork: true });
    // Istio's injector leads the probes past the proxy, which would ask them for a certificate.
    const node = ['-s', addresses.core, '-j', 'RETURN'];
    runIn(name, 'iptables', ['-t', 'nat', '-I', 'ISTIO_INBOUND', '1', ...node]);
    this.#envoy = envoy;
    await envoy.untilReady();
    this.#isSidecarReady = true;
    this.#write();
  }

  /** Whatever changes while it is written is written next. */
  #write(): void {
    if (this.#isDirty || this.#isEnding) return;
    this.#isDirty = true;
    this.#writing = this.#writing.then(async () => {
      this.#isDirty = false;
      const initializers = this.#initializers.map(({ status }) => status);
      const containers = this.containers.map(({ status }) => status);
      const address = this.#hasNetwork ? this.address : undefined;
      const facts = { address, initializers, containers, isSidecarReady: this.#isSidecarReady };
      const status = toPodStatus(facts, this.#conditions);
      this.#conditions = status.conditions;
      await this.#request('/status', 'PATCH', { status }).catch(() => {});
    });
  }

  async #request(part: string, method: string, body?: object, query = ''): Promise<void> {
    const { namespace, name } = this.pod.metadata;
    await this.#host.cluster.api.request(`/api/v1/namespaces/${namespace}/pods/${name}${part}${query}`, {
      method,
      ...(method === 'PATCH' ? { contentType: 'application/merge-patch+json' } : {}),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}

const faultCommands: Readonly<Record<'crash' | 'oom' | 'hang', Command>> = {
  crash: { command: 'sh', words: ['-c', 'echo "cannot load the model" >&2; exit 1'] },
  oom: { command: 'sh', words: ['-c', 'kill -9 $$'] },
  hang: { command: 'sleep', words: ['infinity'] },
};

function toVariables({ env = [] }: ContainerSpec): Record<string, string> {
  return Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
}

/** What the only node does not have. */
function findMissing(containers: readonly ContainerSpec[]): string | undefined {
  const wanted = containers.flatMap(({ resources }) => Object.keys(resources?.limits ?? {}));
  return wanted.find((resource) => !['cpu', 'memory', 'ephemeral-storage'].includes(resource));
}
