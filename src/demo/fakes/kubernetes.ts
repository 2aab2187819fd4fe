/**
 * A stand-in for the Kubernetes API, for tests and the demo: list, watch and write namespaced custom
 * resources over HTTP on loopback, as a real kube-apiserver answers them. The tests of this file pass
 * against a real one too.
 *
 * It differs from a real one in what it leaves out: schemas, defaults and admission; namespaces that must
 * exist; access rights (there is one token at most); discovery, dry runs, field selectors, tables, sets in
 * label selectors, streaming lists (sendInitialEvents) and the removal of whole collections. In managed
 * fields, a list is one field and is replaced whole, as a real one does for lists without a list type;
 * that holds for finalizers too. A list is always as of now, whatever resourceVersion asks for.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PlainMap } from '../../core/input/plain-value.ts';
import { isMap, valueAt } from '../../core/input/plain-value.ts';
import { mergePatch } from '../../core/manifests/merge-patch.ts';
import type { KubernetesObject, Writer, Written } from './kubernetes-object.ts';
import { applyObject, createObject, isHeld, markDeleted, updateObject } from './kubernetes-object.ts';
import { applyJsonPatch } from './kubernetes-patch.ts';
import { Refusal, toBadRequest, toConflict, toExpired, toInvalid, toNotFound, toStatus } from './kubernetes-refusal.ts';
import type { ResourceType } from './kubernetes-resource.ts';
import { parseSelector } from './kubernetes-selector.ts';
import type { Stored, StoreEvent } from './kubernetes-store.ts';
import { KubernetesStore, toLine } from './kubernetes-store.ts';
import { WatchStream } from './kubernetes-watch.ts';

export interface KubernetesOptions {
  /** Absent: everybody may do everything. */
  readonly token?: string;
  /** How often a stream that allows bookmarks gets one; 5 seconds. */
  readonly bookmarkMs?: number;
  /** How many changes of a resource are kept at least for those who come back; 1000. */
  readonly historyLength?: number;
  /** What custom resources there are; those that the product deals with. */
  readonly resources?: readonly ResourceType[];
}

const standardResources: readonly ResourceType[] = [
  toType('serving.kserve.io/v1beta1', 'InferenceService', 'inferenceservices'),
  toType('networking.istio.io/v1', 'VirtualService', 'virtualservices'),
  toType('networking.istio.io/v1', 'ServiceEntry', 'serviceentries'),
  toType('networking.istio.io/v1', 'Gateway', 'gateways'),
  // Argo CD writes an Application's status with the rest.
  { ...toType('argoproj.io/v1alpha1', 'Application', 'applications'), hasStatus: false },
];

/** Where a request goes. */
interface Place {
  readonly store: KubernetesStore;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly isStatus: boolean;
}

/** A request to write one object. */
interface Order {
  readonly store: KubernetesStore;
  readonly namespace: string;
  readonly name: string;
  readonly body: PlainMap;
  readonly writer: Writer;
  readonly query: URLSearchParams;
}

interface Answer {
  readonly code: number;
  readonly json: Buffer | string;
}

const host = '127.0.0.1';

/** Listens on a free port of 127.0.0.1. */
export async function startKubernetes(options: KubernetesOptions = {}): Promise<StandInKubernetes> {
  const api = new StandInKubernetes(options);
  await api.listen();
  return api;
}

/** A running one; `startKubernetes` makes it. */
export class StandInKubernetes {
  readonly #server: Server;
  readonly #stores: ReadonlyMap<string, KubernetesStore>;
  readonly #streams = new Set<WatchStream>();
  readonly #bookmarkMs: number;
  #token: string | undefined;
  #port = 0;
  /** Of the last change, of whatever resource. */
  #version = 1;

  constructor({ token, bookmarkMs = 5000, historyLength = 1000, resources = standardResources }: KubernetesOptions) {
    this.#token = token;
    this.#bookmarkMs = bookmarkMs;
    this.#stores = new Map(
      resources.map((type) => [
        `${type.group}/${type.version}/${type.plural}`,
        new KubernetesStore(type, historyLength),
      ]),
    );
    // A client that keeps a connection for its next request must not lose to a server that closes it.
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

  /** A kubeconfig that leads here, in JSON, which is YAML. */
  kubeconfig(): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      // Plain HTTP is refused by client-node unless it is said to be meant.
      clusters: [{ name: 'stand-in', cluster: { server: this.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'stand-in', user: this.#token === undefined ? {} : { token: this.#token } }],
      contexts: [{ name: 'stand-in', context: { cluster: 'stand-in', user: 'stand-in' } }],
      'current-context': 'stand-in',
    });
  }

  /** From now on this token is the right one; streams that are open stay so. */
  setToken(token: string): void {
    this.#token = token;
  }

  /** Forgets all changes so far: who asks for what came after one of them, or for the rest of a list, gets 410. */
  compact(): void {
    for (const store of this.#stores.values()) store.compact(this.#version);
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
    return this.#storeOf(plural).get(namespace, name);
  }

  /** In the order of namespaces and names. */
  list(plural: string): KubernetesObject[] {
    return this.#storeOf(plural)
      .list()
      .map(({ object }) => object);
  }

  /** Makes an object what the manifest says, but for its status; takes fields over from others. */
  apply(written: Written, manager = 'argocd-controller'): KubernetesObject {
    const store = [...this.#stores.values()].find(
      ({ type }) => type.kind === written.kind && `${type.group}/${type.version}` === written.apiVersion,
    );
    if (store === undefined) throw new Error(`the stand-in has no ${written.apiVersion} ${written.kind}`);
    const manifest = copy(written);
    const live = store.get(manifest.metadata.namespace, manifest.metadata.name);
    const writer = toWriter(manager, false);
    return this.#save(store, live, applyObject(store.type, live, manifest, randomUUID(), writer, true));
  }

  /**
   * Puts a whole status in place of the one before, as a controller does.
   *
   * @returns undefined when the object is not there.
   */
  patchStatus(
    plural: string,
    namespace: string,
    name: string,
    status: unknown,
    manager = 'manager',
  ): KubernetesObject | undefined {
    const store = this.#storeOf(plural);
    const live = store.get(namespace, name);
    if (live === undefined) return undefined;
    const wanted = copy({ ...live, status });
    return this.#save(store, live, updateObject(store.type, live, wanted, toWriter(manager, store.type.hasStatus)));
  }

  /** Removes it, or marks it as being deleted while it has finalizers. */
  remove(plural: string, namespace: string, name: string): void {
    const store = this.#storeOf(plural);
    const live = store.get(namespace, name);
    if (live !== undefined) this.#delete(store, live);
  }

  #storeOf(plural: string): KubernetesStore {
    for (const store of this.#stores.values()) if (store.type.plural === plural) return store;
    throw new Error(`the stand-in has no ${plural}`);
  }

  /** @returns the object as it is now, or as it was asked to be when that was its end. */
  #save(store: KubernetesStore, live: KubernetesObject | undefined, next: KubernetesObject): KubernetesObject {
    if (next === live) return live;
    if (live?.metadata.deletionTimestamp === undefined || isHeld(next)) return store.put(next, ++this.#version);
    store.delete(live, ++this.#version);
    return next;
  }

  /** @returns the object when it stays. */
  #delete(store: KubernetesStore, live: KubernetesObject): KubernetesObject | undefined {
    if (isHeld(live)) {
      const marked = markDeleted(live, toTime());
      return marked === live ? live : store.put(marked, ++this.#version);
    }
    store.delete(live, ++this.#version);
    return undefined;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // The client may go away at any time.
    response.on('error', () => {});
    try {
      const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
      if (this.#token !== undefined && request.headers.authorization !== `Bearer ${this.#token}`)
        throw new Refusal(401, 'Unauthorized', 'Unauthorized');
      const place = this.#toPlace(pathname);
      if (place === undefined) {
        request.resume();
        response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('404 page not found\n');
      } else if (request.method === 'GET' && place.name === undefined && isTrue(searchParams, 'watch'))
        this.#watch(place, searchParams, response);
      else send(response, await this.#answer(request, place, searchParams));
    } catch (error) {
      const refusal =
        error instanceof Refusal ? error : new Refusal(500, 'InternalError', `the stand-in failed: ${String(error)}`);
      // What is left of the body is of no interest.
      request.resume();
      if (!response.headersSent) send(response, { code: refusal.code, json: JSON.stringify(toStatus(refusal)) });
    }
  }

  #toPlace(path: string): Place | undefined {
    const match = /^\/apis\/([^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+)(\/status)?)?$/.exec(path);
    const [, groupVersion = '', namespace, plural = '', name, status] = match ?? [];
    const store = this.#stores.get(`${groupVersion}/${plural}`);
    const isStatus = status !== undefined;
    if (store === undefined || (name !== undefined && namespace === undefined)) return undefined;
    if (isStatus && !store.type.hasStatus) throw toNotFound(store.type, name ?? '');
    const decode = (part: string | undefined) => (part === undefined ? undefined : decodeURIComponent(part));
    return { store, namespace: decode(namespace), name: decode(name), isStatus };
  }

  async #answer(request: IncomingMessage, place: Place, query: URLSearchParams): Promise<Answer> {
    const { store, namespace, name, isStatus } = place;
    const { method = 'GET' } = request;
    if (method === 'GET') return { code: 200, json: name === undefined ? this.#list(place, query) : find(place) };
    if (query.has('dryRun')) throw toBadRequest('the stand-in does not know dry runs');
    const isOne = name !== undefined;
    if (namespace === undefined || !(isOne ? ['PUT', 'PATCH', 'DELETE'] : ['POST']).includes(method))
      throw new Refusal(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
    const body = await readBody(request);
    const manager = query.get('fieldManager') ?? (request.headers['user-agent'] ?? 'unknown').split('/')[0] ?? '';
    const order = {
      store,
      namespace,
      name: name ?? String(valueAt(body, ['metadata', 'name']) ?? ''),
      body: isMap(body) ? body : {},
      writer: toWriter(manager, isStatus),
      query,
    };
    if (method === 'POST') return this.#create(order);
    if (method === 'PUT') return this.#replace(order);
    if (method === 'DELETE') return this.#remove(order);
    const type = (request.headers['content-type'] ?? '').split(';')[0];
    if (type === 'application/apply-patch+yaml') return this.#apply(order);
    if (type === 'application/merge-patch+json')
      return this.#update(order, (live) => mergePatch(live, body) as Written);
    if (type === 'application/json-patch+json')
      return this.#update(order, (live) => applyJsonPatch(live, body) as Written);
    throw new Refusal(415, 'UnsupportedMediaType', `the body of the request was in an unknown format: ${type}`);
  }

  #create({ store, namespace, name, body, writer }: Order): Answer {
    const { type } = store;
    const written = toWritten(type, body, namespace, name);
    if (store.get(namespace, name) !== undefined)
      throw new Refusal(409, 'AlreadyExists', `${type.plural}.${type.group} "${name}" already exists`);
    return toAnswer(201, this.#save(store, undefined, createObject(type, written, randomUUID(), writer)));
  }

  #replace(order: Order): Answer {
    const { store, namespace, name, body } = order;
    const written = toWritten(store.type, body, namespace, name);
    return this.#update(order, ({ metadata }) => {
      const uid = valueAt(body, ['metadata', 'uid']) ?? metadata.uid;
      if (uid !== metadata.uid) throw toConflict(store.type, name, `Precondition failed: UID in precondition: ${uid}`);
      if (valueAt(body, ['metadata', 'resourceVersion']) === undefined)
        throw toInvalid(
          store.type,
          name,
          'metadata.resourceVersion: Invalid value: 0: must be specified for an update',
        );
      return written;
    });
  }

  #update({ store, namespace, name, writer }: Order, toWanted: (live: KubernetesObject) => Written): Answer {
    const { type } = store;
    const live = store.get(namespace, name);
    if (live === undefined) throw toNotFound(type, name);
    const wanted = toWanted(live);
    assertMeant(type, live, wanted);
    return toAnswer(200, this.#save(store, live, updateObject(type, live, wanted, writer)));
  }

  #apply({ store, namespace, name, body, writer, query }: Order): Answer {
    const { type } = store;
    const manifest = toWritten(type, body, namespace, name);
    if (!query.has('fieldManager'))
      throw new Refusal(422, 'Invalid', 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value');
    if (valueAt(body, ['metadata', 'managedFields']) !== undefined)
      throw toBadRequest('metadata.managedFields must be nil');
    const live = store.get(namespace, name);
    if (live === undefined && writer.isStatus) throw toNotFound(type, name);
    if (live !== undefined) assertMeant(type, live, manifest);
    const next = applyObject(type, live, manifest, randomUUID(), writer, isTrue(query, 'force'));
    return toAnswer(live === undefined ? 201 : 200, this.#save(store, live, next));
  }

  #remove({ store, namespace, name, body }: Order): Answer {
    const { type } = store;
    const live = store.get(namespace, name);
    if (live === undefined) throw toNotFound(type, name);
    const { uid, resourceVersion } = live.metadata;
    const { uid: wantedUid = uid, resourceVersion: wantedVersion = resourceVersion } = toMap(body['preconditions']);
    if (wantedUid !== uid || wantedVersion !== resourceVersion)
      throw toConflict(type, name, 'Precondition failed: it is another object, or has been modified');
    const left = this.#delete(store, live);
    if (left !== undefined) return toAnswer(200, left);
    const details = { name, group: type.group, kind: type.plural, uid };
    return toAnswer(200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
  }

  #list({ store, namespace }: Place, query: URLSearchParams): Buffer {
    const { type } = store;
    const matches = toTest(query);
    const from = toNumber(query, 'resourceVersion');
    if (from > this.#version)
      throw new Refusal(504, 'Timeout', `Timeout: Too large resource version: ${from}, current: ${this.#version}`);
    // What may be of any time comes out of a real one's memory, and all at once.
    const limit = query.get('resourceVersion') === '0' ? 0 : toNumber(query, 'limit');
    const token = query.get('continue');
    const { version, after } = token ? parseToken(token) : { version: this.#version, after: '' };
    const all = store.listAt(version);
    if (all === undefined)
      throw toExpired(
        'The provided continue parameter is too old to display a consistent list result. ' +
          'You can start a new list without the continue parameter.',
      );
    const page: Stored[] = [];
    let left = 0;
    for (const stored of all) {
      const { metadata } = stored.object;
      if (stored.key <= after || (namespace !== undefined && metadata.namespace !== namespace)) continue;
      if (!matches(metadata.labels)) continue;
      if (limit > 0 && page.length === limit) left++;
      else page.push(stored);
    }
    if (left > 0) store.keep(version, all);
    const rest = left === 0 ? { continue: '' } : { continue: toToken(version, page.at(-1)?.key ?? '') };
    // How many are left is said only where no selector makes it dear to know.
    const count = left === 0 || query.get('labelSelector') ? {} : { remainingItemCount: left };
    const metadata = { resourceVersion: String(version), ...rest, ...count };
    const head = { apiVersion: `${type.group}/${type.version}`, kind: `${type.kind}List`, metadata };
    const comma = Buffer.from(',');
    return Buffer.concat([
      Buffer.from(`${JSON.stringify(head).slice(0, -1)},"items":[`),
      ...page.flatMap(({ json }, i) => (i === 0 ? [json] : [comma, json])),
      Buffer.from(']}'),
    ]);
  }

  #watch({ store, namespace }: Place, query: URLSearchParams, response: ServerResponse): void {
    const { type } = store;
    const matches = toTest(query);
    if (query.has('sendInitialEvents'))
      throw new Refusal(
        422,
        'Invalid',
        'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: ' +
          'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
      );
    const from = toNumber(query, 'resourceVersion');
    const seconds = toNumber(query, 'timeoutSeconds');
    const missed = from === 0 ? [] : store.since(from);
    const stream = new WatchStream(response, { namespace, matches });
    if (missed === undefined) {
      const expired = toExpired(`too old resource version: ${from} (${store.forgotten})`);
      stream.end(toLine('ERROR', JSON.stringify(toStatus(expired))));
      return;
    }
    const bookmark = () => stream.write(toBookmark(type, this.#version));
    if (from === 0) for (const stored of store.list()) stream.add(stored);
    for (const event of missed) stream.take(event);
    const allowsBookmarks = isTrue(query, 'allowWatchBookmarks');
    const timers = allowsBookmarks ? [setInterval(bookmark, this.#bookmarkMs)] : [];
    const end = () => stream.end(allowsBookmarks ? toBookmark(type, this.#version) : undefined);
    if (seconds > 0) timers.push(setTimeout(end, seconds * 1000));
    // From a version that is still to come, nothing is told before it.
    const stop = store.listen((event: StoreEvent) => event.version > from && stream.take(event));
    this.#streams.add(stream);
    stream.onClose(() => {
      this.#streams.delete(stream);
      stop();
      for (const timer of timers) clearTimeout(timer);
    });
  }
}

function toType(apiVersion: string, kind: string, plural: string): ResourceType {
  const [group = '', version = ''] = apiVersion.split('/');
  return { group, version, kind, plural, hasStatus: true };
}

/** As if it had come over the wire. */
function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function toWriter(manager: string, isStatus: boolean): Writer {
  return { manager, isStatus, time: toTime() };
}

function toTime(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}

function isTrue(query: URLSearchParams, name: string): boolean {
  return ['true', '1'].includes(query.get(name) ?? '');
}

/** @throws Refusal for what is no whole number; absent: 0. */
function toNumber(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  if (!/^\d*$/.test(text)) throw toBadRequest(`${name}: Invalid value: "${text}"`);
  return Number(text);
}

function toMap(value: unknown): PlainMap {
  return isMap(value) ? value : {};
}

function toTest(query: URLSearchParams) {
  if (query.get('fieldSelector')) throw toBadRequest(`field label not supported: ${query.get('fieldSelector')}`);
  return parseSelector(query.get('labelSelector') ?? '');
}

function find({ store, namespace = '', name = '' }: Place): Buffer {
  const json = store.getJson(namespace, name);
  if (json === undefined) throw toNotFound(store.type, name);
  return json;
}

/** @throws Refusal when the body is not of this type, or is another object. */
function toWritten(type: ResourceType, body: PlainMap, namespace: string, name: string): Written {
  const { group, version, kind } = type;
  const apiVersion = `${group}/${version}`;
  const metadata = toMap(body['metadata']);
  if (body['apiVersion'] !== apiVersion)
    throw toBadRequest(
      `the API version in the data (${body['apiVersion']}) does not match the expected API version (${apiVersion})`,
    );
  if (body['kind'] !== kind) throw toInvalid(type, name, `kind: Invalid value: "${body['kind']}": must be ${kind}`);
  if (name === '') throw toInvalid(type, name, 'metadata.name: Required value: name or generateName is required');
  if (metadata['name'] !== undefined && metadata['name'] !== name) throw toMisnamed(metadata['name'], name);
  if (metadata['namespace'] !== undefined && metadata['namespace'] !== namespace)
    throw toBadRequest('the namespace of the provided object does not match the namespace sent on the request');
  return { ...body, apiVersion, kind, metadata: { ...metadata, name, namespace } };
}

function toMisnamed(given: unknown, name: string): Refusal {
  return toBadRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
}

/** @throws Refusal when the writer means another version, or another object. */
function assertMeant(type: ResourceType, { metadata }: KubernetesObject, wanted: Written): void {
  const { name, namespace, uid, resourceVersion } = wanted.metadata as Partial<KubernetesObject['metadata']>;
  if (name !== metadata.name || namespace !== metadata.namespace) throw toMisnamed(name, metadata.name);
  if ((resourceVersion ?? metadata.resourceVersion) !== metadata.resourceVersion) throw toConflict(type, metadata.name);
  if ((uid ?? metadata.uid) !== metadata.uid)
    throw toInvalid(type, metadata.name, `metadata.uid: Invalid value: "${uid}": field is immutable`);
}

function toBookmark({ group, version, kind }: ResourceType, at: number): Buffer {
  const metadata = { resourceVersion: String(at), creationTimestamp: null };
  return toLine('BOOKMARK', JSON.stringify({ kind, apiVersion: `${group}/${version}`, metadata }));
}

function toToken(version: number, after: string): string {
  return Buffer.from(JSON.stringify({ version, after })).toString('base64url');
}

function parseToken(token: string): { readonly version: number; readonly after: string } {
  try {
    const { version, after } = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as Record<string, unknown>;
    if (typeof version === 'number' && typeof after === 'string') return { version, after };
  } catch {
    // Said below.
  }
  throw toBadRequest('continue key is not valid');
}

function toAnswer(code: number, value: object): Answer {
  return { code, json: JSON.stringify(value) };
}

function send(response: ServerResponse, { code, json }: Answer): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(json);
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw toBadRequest('the body of the request is not JSON');
  }
}
