/** A comparer with its real sockets, and routes that a test writes by hand. */
import { once } from 'node:events';
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { connect } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CompareOptions } from '../../src/compare/comparer.ts';
import { Comparer } from '../../src/compare/comparer.ts';
import { RouteTable } from '../../src/compare/route-table.ts';
import type { Routed } from '../../src/compare/routed.ts';
import type { AnalysisCheck } from '../../src/core/analysis/analysis.ts';
import type { AnalysisTask } from '../../src/core/analysis/task.ts';
import { toTaskText } from '../../src/core/analysis/task.ts';
import type { CompareMeter, PairResult, Punctuality } from '../../src/core/ports/compare.ts';
import type { Clock } from '../../src/core/ports/watch.ts';
import { routers } from '../../src/core/routing/routers.ts';
import type { Backend, Traffic } from '../../src/core/routing/traffic.ts';
import { createGrpcAsker } from '../../src/io/compare/grpc-asker.ts';
import { createHttp1Asker } from '../../src/io/compare/http1-asker.ts';
import { openIntake } from '../../src/io/compare/intake.ts';
import { measureLoopDelay } from '../../src/io/compare/loop-delay.ts';
import type { Lookup } from '../../src/io/compare/safe-lookup.ts';
import { systemClock } from '../../src/io/process/clock.ts';
import { toExampleTask } from '../core/analysis/analysis-examples.ts';

export const allChecks: readonly AnalysisCheck[] = [
  { code: 'errors.candidateOnly', limit: 0.01 },
  { code: 'errors.rate', limit: 0.01 },
  { code: 'latency', limit: 0.01, overMs: 100 },
  { code: 'slower', limit: 0.01, times: 1.5 },
  { code: 'agreement', limit: 0.01, withinNoise: false, outputs: [], ignore: [] },
];

export function toTask(model: string, changes: Partial<AnalysisTask> = {}): AnalysisTask {
  return toExampleTask({
    subject: {
      primary: { name: `${model}-0`, digest: 'p' },
      candidate: { name: `${model}-1`, digest: 'c' },
      analysis: 'a',
      step: 0,
      attempt: 0,
    },
    checks: allChecks,
    ...changes,
  });
}

export interface ModelPorts {
  readonly primary: number;
  readonly candidate: number;
}

/** As a model in Standard mode is routed: each version has a Service. */
export function toStandardTraffic(model: string, ports: ModelPorts, task: AnalysisTask | undefined): Traffic {
  const to = (version: string, port: number): Backend => ({
    version,
    host: `${version}-backend.models.svc.cluster.local`,
    port,
    setHeaders: {},
    removeHeaders: [],
  });
  return toTraffic(model, [to(`${model}-0`, ports.primary)], [to(`${model}-1`, ports.candidate)], task);
}

/** As a model of ModelMesh is routed: one Service for all versions, which a header or the path names. */
export function toModelMeshTraffic(
  model: string,
  { grpc, rest }: { readonly grpc: number; readonly rest: number },
  task: AnalysisTask | undefined,
): Traffic {
  const to = (version: string, host: string, written: string): Backend[] => [
    {
      version,
      host,
      port: grpc,
      setHeaders: { 'mm-vmodel-id': version },
      removeHeaders: ['mm-model-id', 'mm-model-id-bin'],
      only: { contentType: 'application/grpc' },
    },
    {
      version,
      host,
      port: rest,
      setHeaders: {},
      removeHeaders: ['mm-model-id', 'mm-model-id-bin', 'mm-vmodel-id'],
      only: { path: `/v[12]/models/${written}([:/].*)?` },
      rewrite: { match: `^/(v[12])/models/${written}([:/].*)?$`, to: `/\\1/models/${version}\\2` },
    },
  ];
  return toTraffic(
    model,
    to(`${model}-0`, 'modelmesh-serving.models.svc.cluster.local', model),
    // The second hop has the model's own host.
    to(`${model}-1`, `${model}.models.svc.cluster.local`, '[^/:]+'),
    task,
  );
}

function toTraffic(
  model: string,
  primary: readonly Backend[],
  candidate: readonly Backend[],
  task: AnalysisTask | undefined,
): Traffic {
  const host = 'model-mirror-comparer.model-mirror.svc.cluster.local';
  return {
    model,
    namespace: 'models',
    folder: model,
    policyRoot: '.',
    hosts: [`${model}.models`, `${model}.models.svc`, `${model}.models.svc.cluster.local`],
    requests: {
      gateway: 'gateway',
      primary,
      mirror: { host: 'mirror', port: 443, percentage: 100 },
      ...(task && { sample: { host, port: 80, percentage: 100, task: toTaskText(task) } }),
    },
    copies: { gateway: 'mirror', candidate, http2Ports: [], maxInFlight: 10, timeout: '2s' },
  };
}

/** The two routes of a model, as they are read from the cluster. */
export function toRoutes({ requests, copies, hosts, ...traffic }: Traffic): readonly Routed[] {
  const [router] = routers;
  const of = { router, kind: router.watched.kind, namespace: traffic.namespace, model: traffic.model };
  return [
    { ...of, name: traffic.model, hosts, requests },
    { ...of, name: router.toMirrorName(traffic.model), copies },
  ];
}

/** What a comparer counted since it started. */
export interface Tally {
  received: number;
  readonly compared: Record<string, number>;
  readonly dropped: Record<string, number>;
  readonly unknown: Record<string, number>;
  readonly overheadsMs: number[];
}

export interface SceneOptions extends Partial<CompareOptions> {
  readonly clock?: Partial<Clock>;
  readonly punctuality?: Punctuality;
  /** Default: every name is 127.0.0.1. */
  readonly lookup?: Lookup;
}

export const toLoopback: Lookup = (_, options, done) =>
  options.all === true ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);

export class CompareScene {
  readonly routes = new RouteTable();
  readonly tally: Tally = { received: 0, compared: {}, dropped: {}, unknown: {}, overheadsMs: [] };
  readonly comparer: Comparer;
  readonly #close: (() => void)[] = [];
  #session!: ClientHttp2Session;
  address = '';

  static async start(options: SceneOptions = {}): Promise<CompareScene> {
    const scene = new CompareScene(options);
    await scene.#open();
    return scene;
  }

  private constructor({ clock, punctuality, lookup = toLoopback, ...options }: SceneOptions) {
    const [http, grpc] = [createHttp1Asker(lookup), createGrpcAsker(lookup)];
    const delay = measureLoopDelay();
    this.#close.push(http.close, grpc.close, delay.stop);
    const count = (record: Record<string, number>, key: string) => {
      record[key] = (record[key] ?? 0) + 1;
    };
    const meter: CompareMeter = {
      received: () => this.tally.received++,
      compared: (_, result: PairResult, overheadMs) => {
        count(this.tally.compared, result);
        this.tally.overheadsMs.push(overheadMs);
      },
      unknown: (_, reason) => count(this.tally.unknown, reason),
      dropped: (_, reason) => count(this.tally.dropped, reason),
    };
    this.comparer = new Comparer(
      {
        replica: 'replica',
        // Tests of deadlines set their own: a busy machine may take seconds for a call.
        deadlineMs: 60_000,
        budget: { calls: 256, bytes: 48 * 2 ** 20 },
        maxSize: 4 * 2 ** 20,
        ...options,
      },
      {
        routes: this.routes,
        http,
        grpc,
        clock: { ...systemClock, ...clock },
        // Other tests take their time from this process, too.
        punctuality: punctuality ?? { lateness: () => 0 },
        meter,
      },
    );
    this.comparer.staleness = undefined;
  }

  async #open(): Promise<void> {
    const intake = await openIntake('127.0.0.1:0', this.comparer);
    this.address = intake.address;
    this.#session = await this.connect();
    this.#close.push(intake.close);
  }

  async connect(): Promise<ClientHttp2Session> {
    const session = connect(`http://${this.address}`);
    session.on('error', () => {});
    await once(session, 'remoteSettings');
    this.#close.push(() => session.destroy());
    return session;
  }

  add(...models: readonly Traffic[]): void {
    for (const routed of models.flatMap(toRoutes)) this.routes.put(routed);
  }

  /** Sends a copy as a gateway does. @returns the headers of the answer. */
  async send(
    host: string,
    path: string,
    body: Uint8Array | string,
    headers: OutgoingHttpHeaders = {},
    session = this.#session,
  ): Promise<IncomingHttpHeaders> {
    const stream = session.request({ ':method': 'POST', ':path': path, ':authority': host, ...headers });
    stream.on('error', () => {});
    stream.resume();
    const answered = once(stream, 'response');
    const closed = once(stream, 'close');
    stream.end(typeof body === 'string' ? Buffer.from(body) : body);
    const [received] = (await answered) as [IncomingHttpHeaders];
    await closed;
    return received;
  }

  sendGrpc(host: string, body: Uint8Array, headers: OutgoingHttpHeaders = {}): Promise<IncomingHttpHeaders> {
    const path = '/inference.GRPCInferenceService/ModelInfer';
    return this.send(host, path, body, { 'content-type': 'application/grpc', te: 'trailers', ...headers });
  }

  get ended(): number {
    const { compared, dropped, unknown } = this.tally;
    return [compared, dropped, unknown].flatMap((record) => Object.values(record)).reduce((a, b) => a + b, 0);
  }

  /** Waits until everything that was received has ended. */
  async settled(): Promise<void> {
    for (let i = 0; i < 1000; i++) {
      if (this.ended >= this.tally.received) return;
      await sleep(10);
    }
    throw new Error(`received ${this.tally.received}, ended ${this.ended}`);
  }

  close(): void {
    for (const close of this.#close.toReversed()) close();
  }
}
