/**
 * What Envoys do on both hops, on loopback: it obeys the routes that are in the cluster at the moment, which are those that
 * the plugin has rendered, read by the router's own `read`.
 *
 * It leaves out: TLS, timeouts, limits, retries, streaming. Envoy draws by chance which requests are copied; here the draws
 * are spread evenly, so that a few hundred requests show the share.
 */
import { toPlainHost } from '../../../compare/host-name.ts';
import { toPathRewriter, toPathTest } from '../../../compare/path-expression.ts';
import type { Routed } from '../../../compare/routed.ts';
import { toRouted } from '../../../compare/routed.ts';
import { routers } from '../../../core/routing/routers.ts';
import type { Backend, Mirrored } from '../../../core/routing/traffic.ts';
import { createGrpcAsker } from '../../../io/compare/grpc-asker.ts';
import { createHttp1Asker } from '../../../io/compare/http1-asker.ts';
import type { FakeKubernetes } from '../kubernetes/api.ts';
import type { Arrived, HttpEnd, Reply } from './ends.ts';
import { exchange, serveHttp1, serveHttp2, toLoopback } from './ends.ts';

const [router] = routers;
/** Marks what the second hop sends on, as its route does. */
const copyHeader = 'x-mirror-copy';
const goldenRatio = (Math.sqrt(5) - 1) / 2;

interface Ports {
  /** Of the servers of versions. */
  readonly servers: (isHttp2: boolean) => number;
  /** Of the comparer, by the host of its Service; undefined: no such Service is known. */
  readonly service: (host: string) => number | undefined;
}

export class FakeProxy {
  readonly #cluster: FakeKubernetes;
  readonly #ports: Ports;
  readonly #http1 = createHttp1Asker(toLoopback);
  readonly #http2 = createGrpcAsker(toLoopback);
  readonly #copies = new Set<Promise<unknown>>();
  #ends: readonly HttpEnd[] = [];
  #draw = 0;

  private constructor(cluster: FakeKubernetes, ports: Ports) {
    this.#cluster = cluster;
    this.#ports = ports;
  }

  static async start(cluster: FakeKubernetes, ports: Ports): Promise<FakeProxy> {
    const proxy = new FakeProxy(cluster, ports);
    const first = (request: Arrived) => proxy.#serveClient(request);
    proxy.#ends = [
      await serveHttp1(first),
      await serveHttp2(first),
      await serveHttp2((request) => proxy.#serveCopy(request)),
    ];
    return proxy;
  }

  /** Where clients call models. */
  port(isHttp2: boolean): number {
    return this.#ends[isHttp2 ? 1 : 0]?.port ?? 0;
  }

  /** One of each model that clients can call. */
  hosts(): string[] {
    return this.#routes().flatMap(({ requests, hosts = [] }) => (requests === undefined ? [] : hosts.slice(0, 1)));
  }

  /** Copies that are still under way arrive. */
  async settle(): Promise<void> {
    await Promise.all(this.#copies);
  }

  close(): void {
    for (const end of this.#ends) end.close();
    this.#http1.close();
    this.#http2.close();
  }

  /** The first hop: the primary answers, and copies of some requests go to the mirror gateway and to the comparer. */
  async #serveClient(request: Arrived): Promise<Reply> {
    const host = toPlainHost(request.host);
    const { requests } = this.#routes().find(({ hosts = [] }) => hosts.includes(host)) ?? {};
    if (requests === undefined) return toNotFound();
    const { primary, mirror, sample } = requests;
    const backend = primary.find((one) => isFor(one, request));
    // Requests that no backend is for go to the last one as they are, and are not copied.
    const { only: _, rewrite: __, ...rest } = primary.at(-1) as Backend;
    const sent = applyBackend(request, backend ?? rest);
    this.#draw = (this.#draw + goldenRatio) % 1;
    const isDrawn = (entry: Mirrored | undefined): entry is Mirrored =>
      backend !== undefined && entry !== undefined && this.#draw * 100 < entry.percentage;
    if (isDrawn(mirror)) this.#copy(sent, host, this.#toGatewayPort(mirror));
    if (isDrawn(sample)) this.#copy(sent, host, this.#ports.service(sample.host));
    return this.#send(sent, backend ?? rest);
  }

  /** The second hop: what arrives at the mirror gateway goes to the candidate. */
  async #serveCopy(request: Arrived): Promise<Reply> {
    const host = toPlainHost(request.host);
    const routes = this.#routes();
    const first = routes.find(({ hosts = [] }) => hosts.includes(host));
    const second = routes.find(
      ({ copies, model, namespace }) =>
        copies !== undefined && model === first?.model && namespace === first?.namespace,
    );
    const backend = second?.copies?.candidate.find((one) => isFor(one, request));
    if (backend === undefined) return toNotFound();
    const sent = applyBackend(request, backend);
    return this.#send({ ...sent, headers: { ...sent.headers, [copyHeader]: '1' } }, backend);
  }

  #routes(): Routed[] {
    const objects = this.#cluster.list(router.watched.plural);
    return objects.flatMap((object) => toRouted(object, router) ?? []);
  }

  #toGatewayPort({ host }: Mirrored): number | undefined {
    return host.startsWith('model-mirror-gateway.model-mirror.') ? this.#ends[2]?.port : undefined;
  }

  /** Nobody waits for it. @param port undefined: the copy is lost, as where a Service is missing. */
  #copy({ method, path, headers, body }: Arrived, host: string, port: number | undefined): void {
    if (port === undefined) return;
    const call = { host, port, isGrpc: true, method, path, headers, body };
    const copy = exchange(this.#http2, call).finally(() => this.#copies.delete(copy));
    this.#copies.add(copy);
  }

  async #send({ method, path, headers, body }: Arrived, { host }: Backend): Promise<Reply> {
    const isGrpc = isGrpcType(headers);
    const port = this.#ports.servers(isGrpc);
    const call = { host, port, isGrpc, method, path, headers, body };
    const reply = await exchange(isGrpc ? this.#http2 : this.#http1, call);
    return reply ?? { status: 503, headers: {}, trailers: {}, body: Buffer.from('no answer\n') };
  }
}

function isFor({ only }: Backend, { path, headers }: Arrived): boolean {
  const [plain = ''] = path.split('?');
  const isType = (headers['content-type'] ?? '').startsWith(only?.contentType ?? '');
  return isType && (toPathTest(only)?.(plain) ?? false);
}

function applyBackend(request: Arrived, { setHeaders, removeHeaders, rewrite }: Backend): Arrived {
  const [plain = '', query] = request.path.split('?');
  const rewritten = toPathRewriter(rewrite)?.(plain) ?? plain;
  const removed = new Set([...removeHeaders, copyHeader]);
  const kept = Object.entries(request.headers).filter(([name]) => !removed.has(name));
  const path = query === undefined ? rewritten : `${rewritten}?${query}`;
  return { ...request, path, headers: { ...Object.fromEntries(kept), ...setHeaders } };
}

const isGrpcType = (headers: Arrived['headers']) => (headers['content-type'] ?? '').startsWith('application/grpc');

function toNotFound(): Reply {
  return { status: 404, headers: {}, trailers: {}, body: Buffer.from('no route\n') };
}
