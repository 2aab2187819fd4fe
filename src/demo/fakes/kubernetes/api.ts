/**
 * A fake of the Kubernetes API, for tests and the demo: list, watch and write namespaced resources over HTTP on
 * loopback, with the answers of a real kube-apiserver. The tests of this file pass against a real one too.
 *
 * It leaves out: schemas, defaults and admission; namespaces that must exist; access rights (there is at most one
 * token); discovery, dry runs, field selectors, tables, sets in label selectors, streaming lists (sendInitialEvents)
 * and the removal of whole collections. In managed fields, a list is one field and is replaced as a whole, as a real
 * API does for lists without a list type; here that also holds for finalizers. A list always shows the current state,
 * whatever resourceVersion asks for. Deployments, Pods and Services are stored like custom resources: nothing sets
 * their defaults, checks them, or acts on them, and deleting one deletes nothing else.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubernetesObject, Written } from './object.ts';
import { applyObject, updateObject } from './object.ts';
import { getObject, listObjects, watchObjects } from './reads.ts';
import { Refusal, toStatus } from './refusal.ts';
import { Registry } from './registry.ts';
import type { Answer, Target } from './request.ts';
import { findTarget, isTrue, toTime } from './request.ts';
import type { ResourceType } from './resource.ts';
import type { WatchStream } from './watch.ts';
import { answerWrite } from './writes.ts';

export interface KubernetesOptions {
  /** Absent: everybody may do everything. */
  readonly token?: string;
  /** How often a stream that allows bookmarks gets one; default 5 seconds. */
  readonly bookmarkMs?: number;
  /** The number of changes that are kept at least for each resource; default 1000. */
  readonly historyLength?: number;
  /** The resources that exist; default: those that the product uses. */
  readonly resources?: readonly ResourceType[];
}

const standardResources: readonly ResourceType[] = [
  toType('serving.kserve.io/v1beta1', 'InferenceService', 'inferenceservices'),
  toType('networking.istio.io/v1', 'VirtualService', 'virtualservices'),
  toType('networking.istio.io/v1', 'DestinationRule', 'destinationrules'),
  toType('networking.istio.io/v1', 'ServiceEntry', 'serviceentries'),
  toType('networking.istio.io/v1', 'Gateway', 'gateways'),
  { ...toType('apps/v1', 'Deployment', 'deployments'), countsAnnotations: true },
  toType('v1', 'Pod', 'pods'),
  toType('v1', 'Service', 'services'),
  // Argo CD writes an Application's status together with the rest.
  { ...toType('argoproj.io/v1alpha1', 'Application', 'applications'), hasStatus: false },
];

function toType(apiVersion: string, kind: string, plural: string): ResourceType {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return { group, version, kind, plural, hasStatus: true };
}

const host = '127.0.0.1';

/** Listens on a free port of 127.0.0.1. */
export async function startKubernetes(options: KubernetesOptions = {}): Promise<FakeKubernetes> {
  const api = new FakeKubernetes(options);
  await api.listen();
  return api;
}

/** A running API; `startKubernetes` creates it. */
export class FakeKubernetes {
  readonly #server: Server;
  readonly #registry: Registry;
  readonly #streams = new Set<WatchStream>();
  readonly #bookmarkMs: number;
  #token: string | undefined;
  #port = 0;

  constructor({ token, bookmarkMs = 5000, historyLength = 1000, resources = standardResources }: KubernetesOptions) {
    this.#token = token;
    this.#bookmarkMs = bookmarkMs;
    this.#registry = new Registry(resources, historyLength);
    // With a shorter timeout, the server could close a connection just as a client sends its next request on it.
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      void this.#serve(request, response);
    });
  }

  get url(): string {
    return `http://${host}:${this.#port}`;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, host);
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** A kubeconfig for this API, in JSON, which is YAML. */
  kubeconfig(): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      // client-node refuses plain HTTP without this flag.
      clusters: [{ name: 'fake', cluster: { server: this.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'fake', user: this.#token === undefined ? {} : { token: this.#token } }],
      contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
      'current-context': 'fake',
    });
  }

  /** From now on, only this token is accepted; open streams stay open. */
  setToken(token: string): void {
    this.#token = token;
  }

  /** Forgets all changes so far: watching from one of them, or continuing a list, answers 410. */
  compact(): void {
    this.#registry.compact();
  }

  /** Ends all streams and connections. */
  async close(): Promise<void> {
    for (const stream of this.#streams) stream.close();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  get(plural: string, namespace: string, name: string): KubernetesObject | undefined {
    return this.#registry.byPlural(plural).get(namespace, name);
  }

  /** Sorted by namespace and name. */
  list(plural: string): KubernetesObject[] {
    const stored = this.#registry.byPlural(plural).list();
    return stored.map(({ object }) => object);
  }

  /** Applies a manifest (without its status), and takes over fields of other managers. */
  apply(written: Written, manager = 'argocd-controller'): KubernetesObject {
    const store = this.#registry.byKind(written);
    const manifest = copy(written);
    const live = store.get(manifest.metadata.namespace, manifest.metadata.name);
    const writer = { manager, isStatus: false, time: toTime() };
    return this.#registry.save(store, live, applyObject(store.type, live, manifest, randomUUID(), writer, true));
  }

  /**
   * Replaces the whole status, as a controller does.
   *
   * @returns undefined when the object does not exist.
   */
  patchStatus(
    plural: string,
    namespace: string,
    name: string,
    status: unknown,
    manager = 'manager',
  ): KubernetesObject | undefined {
    const store = this.#registry.byPlural(plural);
    const live = store.get(namespace, name);
    if (live === undefined) return undefined;
    const writer = { manager, isStatus: store.type.hasStatus, time: toTime() };
    return this.#registry.save(store, live, updateObject(store.type, live, copy({ ...live, status }), writer));
  }

  /** Removes an object, or marks it as being deleted while it has finalizers. */
  remove(plural: string, namespace: string, name: string): void {
    const store = this.#registry.byPlural(plural);
    const live = store.get(namespace, name);
    if (live !== undefined) this.#registry.delete(store, live, toTime());
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // The client may close the connection at any time.
    response.on('error', () => {});
    try {
      const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
      if (this.#token !== undefined && request.headers.authorization !== `Bearer ${this.#token}`)
        throw new Refusal(401, 'Unauthorized', 'Unauthorized');
      const target = findTarget(pathname, this.#registry);
      if (target === undefined) {
        request.resume();
        response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('404 page not found\n');
      } else if (request.method !== 'GET')
        send(response, await answerWrite(request, target, searchParams, this.#registry));
      else if (target.name !== undefined) send(response, { code: 200, json: getObject(target) });
      else if (isTrue(searchParams, 'watch')) this.#watch(target, searchParams, response);
      else send(response, { code: 200, json: listObjects(target, searchParams, this.#registry) });
    } catch (error) {
      const refusal =
        error instanceof Refusal ? error : new Refusal(500, 'InternalError', `the fake failed: ${String(error)}`);
      // The rest of the body is not needed.
      request.resume();
      if (!response.headersSent) send(response, { code: refusal.code, json: JSON.stringify(toStatus(refusal)) });
    }
  }

  #watch(target: Target, query: URLSearchParams, response: ServerResponse): void {
    const stream = watchObjects(target, query, response, this.#registry, this.#bookmarkMs);
    if (stream === undefined) return;
    this.#streams.add(stream);
    stream.onClose(() => this.#streams.delete(stream));
  }
}

/** As if it had been sent over the network. */
function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function send(response: ServerResponse, { code, json }: Answer): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(json);
}
