/**
 * A container of a Pod, as a kubelet runs it: started again whenever it ends, after longer and longer pauses, and probed
 * until it is ready and from then on. kubernetes pkg/kubelet (kuberuntime, prober): the first start again is at once,
 * the next after 10 s, then twice as long each time.
 *
 * Unlike a kubelet's, its probes come every quarter of a second until the container is ready.
 */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerStatus, Terminated } from './pod-status.ts';

/** As the Pod has it. */
export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly readinessProbe?: Probe;
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
  readonly resources?: { readonly limits?: Readonly<Record<string, string>> };
}

interface Probe {
  readonly tcpSocket?: { readonly port: number | string };
  readonly httpGet?: {
    readonly port: number | string;
    readonly path?: string;
    readonly httpHeaders?: readonly { readonly name: string; readonly value: string }[];
  };
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly failureThreshold?: number;
}

/** One start of it. */
export interface Running {
  readonly ended: Promise<Pick<Terminated, 'exitCode' | 'reason' | 'message'>>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

export interface ContainerOptions {
  readonly spec: ContainerSpec;
  /** Where its ports are probed. */
  readonly address: string;
  /** Undefined: there is no such image. */
  readonly start: () => Running | undefined;
  readonly onChange: () => void;
  /** It is done when it has ended well. */
  readonly isInitializer: boolean;
}

const firstPauseMs = 10_000;
const longestPauseMs = 300_000;
const unreadyProbeMs = 250;
/** As the kubelet shows the two of a pull that fails. */
const pullMs = 1000;

export class Container {
  readonly spec: ContainerSpec;
  readonly #options: ContainerOptions;
  readonly #end = new AbortController();
  #running: Running | undefined;
  #state: ContainerStatus['state'] = { waiting: { reason: 'PodInitializing' } };
  #last: Terminated | undefined;
  #restarts = 0;
  #isReady = false;

  constructor(options: ContainerOptions) {
    this.spec = options.spec;
    this.#options = options;
  }

  get status(): ContainerStatus {
    const { name, image } = this.spec;
    return {
      ...{ name, image, state: this.#state, restartCount: this.#restarts, ready: this.#isReady },
      ...(this.#last === undefined ? {} : { lastState: { terminated: this.#last } }),
    };
  }

  /** Until it is stopped; an initializer: until it has ended well. */
  async run(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      const running = this.#options.start();
      if (running === undefined) {
        await this.#waitForImage();
        continue;
      }
      this.#running = running;
      const startedAt = new Date().toISOString();
      this.#change({ running: { startedAt } });
      const probing = new AbortController();
      if (!this.#options.isInitializer) void this.#probe(AbortSignal.any([signal, probing.signal]));
      const end = await running.ended;
      probing.abort();
      this.#running = undefined;
      const terminated = { ...end, startedAt, finishedAt: new Date().toISOString() };
      const isDone = this.#options.isInitializer && end.exitCode === 0;
      this.#change({ terminated }, isDone);
      if (isDone || signal.aborted) return;
      await this.#pause(terminated);
    }
  }

  /** Ends what runs, after what it is to wait for; it is not started again. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    await sleep((this.spec.lifecycle?.preStop?.sleep?.seconds ?? 0) * 1000);
    this.#end.abort();
    this.signal(signal);
  }

  /** To what runs, if anything does. */
  signal(signal: NodeJS.Signals): void {
    this.#running?.kill(signal);
  }

  async #waitForImage(): Promise<void> {
    const { image } = this.spec;
    const message = `failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found`;
    this.#change({ waiting: { reason: 'ErrImagePull', message } });
    await this.#sleep(pullMs);
    this.#change({ waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}"` } });
    await this.#sleep(firstPauseMs);
  }

  async #pause(terminated: Terminated): Promise<void> {
    const pauseMs = this.#restarts === 0 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** (this.#restarts - 1));
    if (pauseMs > 0) {
      // What ended it is there for a moment, and then among what was before.
      await this.#sleep(unreadyProbeMs);
      this.#last = terminated;
      const message = `back-off ${pauseMs / 1000}s restarting failed container=${this.spec.name}`;
      this.#change({ waiting: { reason: 'CrashLoopBackOff', message } });
    }
    await this.#sleep(pauseMs === 0 ? unreadyProbeMs : pauseMs);
    this.#last = terminated;
    this.#restarts++;
  }

  async #probe(signal: AbortSignal): Promise<void> {
    const { periodSeconds = 10, failureThreshold = 3 } = this.spec.readinessProbe ?? {};
    for (let failures = 0; !signal.aborted; ) {
      const isGood = await this.#look();
      if (signal.aborted) return;
      failures = isGood ? 0 : failures + 1;
      if (isGood && !this.#isReady) this.#change(this.#state, true);
      if (!isGood && this.#isReady && failures >= failureThreshold) this.#change(this.#state, false);
      await sleep(this.#isReady ? periodSeconds * 1000 : unreadyProbeMs, undefined, { signal }).catch(() => {});
    }
  }

  async #look(): Promise<boolean> {
    const { tcpSocket, httpGet, timeoutSeconds = 1 } = this.spec.readinessProbe ?? {};
    const limitMs = timeoutSeconds * 1000;
    const { address } = this.#options;
    if (httpGet !== undefined) {
      const url = `http://${address}:${this.#toPort(httpGet.port)}${httpGet.path ?? '/'}`;
      const own = (httpGet.httpHeaders ?? []).map(({ name, value }) => [name, value] as const);
      // KServe's agent tells a kubelet's probe by it from a request.
      const headers = Object.fromEntries([['user-agent', 'kube-probe/1.36'], ...own]);
      const ask = async () => (await fetch(url, { headers, signal: AbortSignal.timeout(limitMs) })).status < 400;
      return ask().catch(() => false);
    }
    return tcpSocket === undefined || isOpen(address, this.#toPort(tcpSocket.port), limitMs);
  }

  #toPort(port: number | string): number {
    if (typeof port === 'number') return port;
    return this.spec.ports?.find(({ name }) => name === port)?.containerPort ?? Number(port);
  }

  #change(state: ContainerStatus['state'], isReady = false): void {
    this.#state = state;
    this.#isReady = isReady;
    this.#options.onChange();
  }

  async #sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#end.signal }).catch(() => {});
  }
}

function isOpen(host: string, port: number, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (isGood: boolean) => {
      socket.destroy();
      resolve(isGood);
    };
    socket.setTimeout(limitMs, () => end(false));
    socket.on('connect', () => end(true)).on('error', () => end(false));
  });
}
