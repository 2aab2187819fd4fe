/** Requests of clients on loopback: through the fake proxy to the fake model servers, and counted at each place. */
import type { Asker, Call } from '../core/ports/compare.ts';
import { createGrpcAsker } from '../io/compare/grpc-asker.ts';
import { createHttp1Asker } from '../io/compare/http1-asker.ts';
import type { DemoMode } from './demo-modes.ts';
import { toFrame } from './fakes/data-plane/answer.ts';
import { exchange, toLoopback } from './fakes/data-plane/ends.ts';
import type { FindServed } from './fakes/data-plane/model-server.ts';
import { FakeModelServer } from './fakes/data-plane/model-server.ts';
import { FakeProxy } from './fakes/data-plane/proxy.ts';
import type { FakeKubernetes } from './fakes/kubernetes/api.ts';

/** The real comparer, in this process. */
export interface DemoComparer {
  /** The addresses that it listens on. */
  readonly intake: string;
  readonly pages: string;
  readonly end: (graceMs: number) => Promise<void>;
}

/** @param redirect leads its calls to the fake model servers, whatever their Services are called. */
export type StartComparer = (kubeconfig: string, redirect: (call: Call) => Call) => Promise<DemoComparer>;

interface Parts {
  readonly mode: DemoMode;
  readonly cluster: FakeKubernetes;
  /** The file's path. */
  readonly kubeconfig: string;
  readonly findServed: FindServed;
  readonly startComparer: StartComparer;
}

/** What came of requests, or of those so far. */
export interface Counts {
  readonly sent: number;
  /** Of those that were sent. */
  readonly failed: number;
  /** By the last part of the address that a version was loaded from. */
  readonly answered: Readonly<Record<string, number>>;
  readonly copied: Readonly<Record<string, number>>;
  /** Pairs of answers. */
  readonly agreed: number;
  readonly disagreed: number;
}

const inFlight = 4;

export class Traffic {
  readonly #servers: FakeModelServer;
  readonly #proxy: FakeProxy;
  readonly #comparer: DemoComparer;
  readonly #http = createHttp1Asker(toLoopback);
  readonly #grpc = createGrpcAsker(toLoopback);
  readonly #protocol: DemoMode['protocol'];
  #sent = 0;
  #failed = 0;

  private constructor(
    { protocol }: DemoMode,
    parts: { readonly servers: FakeModelServer; readonly proxy: FakeProxy; readonly comparer: DemoComparer },
  ) {
    this.#protocol = protocol;
    this.#servers = parts.servers;
    this.#proxy = parts.proxy;
    this.#comparer = parts.comparer;
  }

  static async start({ mode, cluster, kubeconfig, findServed, startComparer }: Parts): Promise<Traffic> {
    const servers = await FakeModelServer.start(findServed);
    const comparer = await startComparer(kubeconfig, (call) => ({ ...call, port: servers.port(call.isGrpc) }));
    const intake = Number(comparer.intake.split(':').at(-1));
    const proxy = await FakeProxy.start(cluster, {
      servers: (isHttp2) => servers.port(isHttp2),
      service: (host) => (host.startsWith('model-mirror-comparer.model-mirror.') ? intake : undefined),
    });
    return new Traffic(mode, { servers, proxy, comparer });
  }

  /** Where the comparer's counts are read, as `--comparer` takes it. */
  get blocks(): string {
    return this.#comparer.pages;
  }

  /** Where clients call models over HTTP/1.1. */
  get port(): number {
    return this.#proxy.port(false);
  }

  async send(host: string, count: number): Promise<void> {
    let left = count;
    const sendInTurn = async () => {
      while (left-- > 0) await this.#sendOne(host);
    };
    await Promise.all(Array.from({ length: inFlight }, sendInTurn));
    await this.#proxy.settle();
  }

  /** One request to each model that has routes; nobody waits for the answers. */
  sendToAll(): void {
    for (const host of this.#proxy.hosts()) void this.#sendOne(host);
  }

  /** Once what was sent has been compared. */
  async count(): Promise<Counts> {
    const pairs = await this.#readPairs();
    return {
      sent: this.#sent,
      failed: this.#failed,
      answered: this.#servers.count('clients'),
      copied: this.#servers.count('mirror'),
      agreed: pairs['agree'] ?? 0,
      disagreed: pairs['disagree'] ?? 0,
    };
  }

  async end(): Promise<void> {
    this.#http.close();
    this.#grpc.close();
    this.#proxy.close();
    await this.#comparer.end(1000);
    this.#servers.close();
  }

  async #sendOne(host: string): Promise<void> {
    const number = ++this.#sent;
    const isGrpc = this.#protocol === 'grpc';
    const [model] = host.split('.');
    const path = isGrpc ? '/inference.GRPCInferenceService/ModelInfer' : `/v2/models/${model}/infer`;
    const headers = { 'content-type': isGrpc ? 'application/grpc' : 'application/json' };
    const body = isGrpc ? toFrame(Buffer.from(`${number}`)) : Buffer.from(toQuestion(number));
    const asker: Asker = isGrpc ? this.#grpc : this.#http;
    const port = this.#proxy.port(isGrpc);
    const reply = await exchange(asker, { host, port, isGrpc, method: 'POST', path, headers, body });
    const isGood = reply?.status === 200 && (!isGrpc || reply.trailers['grpc-status'] === '0');
    if (!isGood) this.#failed++;
  }

  /** By result, as the comparer's own metrics have them, once it holds no copy any more. */
  async #readPairs(): Promise<Readonly<Record<string, number>>> {
    for (;;) {
      const text = await (await fetch(`http://${this.#comparer.pages}/metrics`)).text();
      if (/^model_mirror_copies_held 0$/m.test(text)) {
        const found = text.matchAll(/^model_mirror_pairs_total\{.*result="(\w+)"\} (\d+)$/gm);
        const pairs: Record<string, number> = {};
        for (const [, result = '', count] of found) pairs[result] = (pairs[result] ?? 0) + Number(count);
        return pairs;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function toQuestion(number: number): string {
  return JSON.stringify({ inputs: [{ name: 'pixels', datatype: 'FP32', shape: [1, 2], data: [number, 0.5] }] });
}

/** What was counted between two moments. */
export function subtract(after: Counts, before: Counts): Counts {
  const each = (field: 'answered' | 'copied') =>
    Object.fromEntries(
      Object.entries(after[field]).map(([version, count]) => [version, count - (before[field][version] ?? 0)]),
    );
  return {
    sent: after.sent - before.sent,
    failed: after.failed - before.failed,
    answered: each('answered'),
    copied: each('copied'),
    agreed: after.agreed - before.agreed,
    disagreed: after.disagreed - before.disagreed,
  };
}
