/**
 * A stand-in for the Kubernetes API, for tests and the demo: real list, watch, patch and delete of
 * namespaced custom resources over HTTP on loopback, with resource versions, bookmarks, paging, 410 for
 * what is too old, the status subresource, generations, finalizers and managed fields.
 *
 * It differs from a real one in what it leaves out: no schemas, no admission, no RBAC (one token at most),
 * no namespaces that must exist; lists in a server-side apply are replaced whole, as a real API does for
 * custom resources without list types; managed fields name top-level parts only.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isMap } from '../input/plain-value.ts';
import { mergePatch } from '../manifests/merge-patch.ts';

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
  readonly spec?: unknown;
  readonly status?: unknown;
}

interface ObjectMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly deletionTimestamp?: string;
  readonly managedFields?: readonly ManagedFields[];
}

interface ManagedFields {
  readonly manager: string;
  readonly operation: string;
  readonly time: string;
  readonly subresource?: string;
  readonly fieldsV1: Readonly<Record<string, object>>;
}

/** What one writes: an object as in a manifest. */
export interface Written {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec?: unknown;
  readonly status?: unknown;
}

/** What goes wrong, until `heal`. */
export type ClusterFault =
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  /** Requests are taken, and nothing is answered; open streams go silent and stay so. */
  | { readonly kind: 'silence' }
  /** A watch gets an ERROR event in place of its next one. */
  | { readonly kind: 'error-event'; readonly code: number };

export interface ClusterOptions {
  readonly token?: string;
  /** How often a stream that wants bookmarks gets one, in milliseconds. */
  readonly bookmarkMs?: number;
  /** How many events are kept for those who come back. */
  readonly historyLength?: number;
}

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

interface Stored {
  readonly object: KubernetesObject;
  readonly version: number;
  /** JSON, made once. */
  readonly text: string;
}

interface Event {
  readonly version: number;
  readonly type: EventType;
  readonly before: Stored | undefined;
  readonly after: Stored;
}

interface Stream {
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly matches: LabelTest;
  readonly response: ServerResponse;
  isSilent: boolean;
}

type LabelTest = (labels: Readonly<Record<string, string>>) => boolean;

interface Place {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly isStatus: boolean;
}

/** Fields of the metadata that no writer has a say in. */
const serverFields = [
  'resourceVersion',
  'uid',
  'generation',
  'managedFields',
  'creationTimestamp',
  'deletionTimestamp',
];

class Refusal extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = new Cluster(options);
  await cluster.accept();
  return cluster;
}

/** A running one; `startCluster` makes it. */
export class Cluster {
  readonly #server: Server;
  readonly #historyLength: number;
  readonly #objects = new Map<string, Map<string, Stored>>();
  readonly #history: Event[] = [];
  readonly #streams = new Set<Stream>();
  readonly #lists = new Map<string, { readonly items: readonly Stored[]; readonly version: number }>();
  readonly #bookmarks: ReturnType<typeof setInterval>;
  #token: string | undefined;
  #port = 0;
  #version = 1;
  /** Changes up to this version are forgotten. */
  #oldest = 0;
  #fault: { readonly fault: ClusterFault; left: number } | undefined;
  /** Requests by what they want: `list`, `watch`, `PATCH` … */
  readonly requests = new Map<string, number>();

  constructor({ token, bookmarkMs = 2000, historyLength = 1000 }: ClusterOptions) {
    this.#token = token;
    this.#historyLength = historyLength;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#bookmarks = setInterval(() => this.#sendBookmarks(), bookmarkMs);
    this.#bookmarks.unref();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** A kubeconfig that leads here. */
  kubeconfig(token = this.#token): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      // Plain HTTP is taken for a cluster on the same machine only when it is said to be unsafe.
      clusters: [{ name: 'stand-in', cluster: { server: this.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'watcher', user: token === undefined ? {} : { token } }],
      contexts: [{ name: 'stand-in', context: { cluster: 'stand-in', user: 'watcher' } }],
      'current-context': 'stand-in',
    });
  }

  /** From now on this token is the right one. */
  setToken(token: string): void {
    this.#token = token;
  }

  disturb(fault: ClusterFault, times = Number.POSITIVE_INFINITY): void {
    this.#fault = { fault, left: times };
    if (fault.kind === 'silence') for (const stream of this.#streams) stream.isSilent = true;
    if (fault.kind === 'error-event') {
      for (const stream of this.#streams) this.#sendError(stream, fault.code);
      this.#fault = undefined;
    }
  }

  heal(): void {
    this.#fault = undefined;
  }

  /** Ends all open streams, as a server that restarts does. */
  closeStreams(): void {
    for (const { response } of this.#streams) response.destroy();
  }

  /** Forgets all changes so far: whoever asks for them gets 410. */
  compact(): void {
    this.#oldest = this.#version;
    this.#history.length = 0;
    this.#lists.clear();
  }

  /** Breaks all connections and refuses new ones until `accept`. */
  async refuse(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Listens, on the same port as before. */
  accept(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, '127.0.0.1', () => {
        this.#port = (this.#server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#bookmarks);
    if (this.#server.listening) await this.refuse();
  }

  get(plural: string, namespace: string, name: string): KubernetesObject | undefined {
    return this.#find(plural, namespace, name)?.object;
  }

  list(plural: string): KubernetesObject[] {
    return [...this.#objects]
      .filter(([resource]) => resource.endsWith(`/${plural}`))
      .flatMap(([, stored]) => [...stored.values()].map(({ object }) => object));
  }

  /** Makes an object what the manifest says, but for its status. */
  apply(written: Written, manager = 'argocd-controller'): KubernetesObject {
    const resource = toResource(written.apiVersion, toPlural(written.kind));
    const { namespace, name } = written.metadata;
    const before = this.#objects.get(resource)?.get(`${namespace}/${name}`)?.object;
    return this.#write(resource, before, { ...withoutStatus(written), status: before?.status }, manager, 'Apply');
  }

  /** As a controller writes it: the status alone; undefined when the object is gone. */
  patchStatus(plural: string, namespace: string, name: string, status: unknown): KubernetesObject | undefined {
    const stored = this.#find(plural, namespace, name);
    if (stored === undefined) return undefined;
    const { object } = stored;
    const resource = toResource(object.apiVersion, plural);
    return this.#write(resource, object, { ...object, status }, 'manager', 'Update', 'status');
  }

  /** Removes it, or marks it as being deleted while it has finalizers. */
  remove(plural: string, namespace: string, name: string): void {
    const stored = this.#find(plural, namespace, name);
    if (stored !== undefined) this.#delete(toResource(stored.object.apiVersion, plural), stored);
  }

  #find(plural: string, namespace: string, name: string): Stored | undefined {
    for (const [resource, stored] of this.#objects)
      if (resource.endsWith(`/${plural}`)) {
        const found = stored.get(`${namespace}/${name}`);
        if (found !== undefined) return found;
      }
    return undefined;
  }

  #write(
    resource: string,
    before: KubernetesObject | undefined,
    wanted: Written,
    manager: string,
    operation: string,
    subresource?: string,
  ): KubernetesObject {
    const metadata: Record<string, unknown> = { ...wanted.metadata };
    for (const key of serverFields) delete metadata[key];
    const isOther = (a: unknown, b: unknown) => JSON.stringify(a) !== JSON.stringify(b);
    const specIsOther = before === undefined || isOther(wanted.spec, before.spec);
    const content = { ...before?.metadata, ...metadata } as ObjectMetadata;
    if (
      before !== undefined &&
      !specIsOther &&
      !isOther(wanted.status, before.status) &&
      !isOther(content, before.metadata)
    )
      return before;
    const time = `${new Date().toISOString().slice(0, 19)}Z`;
    const others = (before?.metadata.managedFields ?? []).filter(
      (entry) => entry.manager !== manager || entry.subresource !== subresource,
    );
    const fields =
      subresource === undefined
        ? { 'f:metadata': {}, ...(wanted.spec === undefined ? {} : { 'f:spec': {} }) }
        : { [`f:${subresource}`]: {} };
    const version = ++this.#version;
    const { apiVersion, kind, spec, status } = wanted;
    const object: KubernetesObject = {
      apiVersion,
      kind,
      metadata: {
        ...content,
        ...(before === undefined ? { creationTimestamp: time } : {}),
        uid: before?.metadata.uid ?? randomUUID(),
        generation: (before?.metadata.generation ?? 0) + (specIsOther ? 1 : 0),
        resourceVersion: String(version),
        managedFields: [
          ...others,
          { manager, operation, time, fieldsV1: fields, ...(subresource === undefined ? {} : { subresource }) },
        ],
      },
      ...(spec === undefined ? {} : { spec }),
      ...(status === undefined ? {} : { status }),
    };
    this.#store(resource, before === undefined ? 'ADDED' : 'MODIFIED', object, version);
    const { deletionTimestamp, finalizers = [], namespace, name } = object.metadata;
    if (deletionTimestamp !== undefined && finalizers.length === 0) {
      const stored = this.#objects.get(resource)?.get(`${namespace}/${name}`);
      if (stored !== undefined) this.#delete(resource, stored);
    }
    return object;
  }

  #store(resource: string, type: EventType, object: KubernetesObject, version: number): void {
    const key = `${object.metadata.namespace}/${object.metadata.name}`;
    const all = this.#objects.get(resource) ?? new Map<string, Stored>();
    this.#objects.set(resource, all);
    const before = all.get(key);
    const after: Stored = { object, version, text: JSON.stringify(object) };
    if (type === 'DELETED') all.delete(key);
    else all.set(key, after);
    const event: Event = { version, type, before, after };
    this.#history.push(event);
    while (this.#history.length > this.#historyLength) this.#oldest = this.#history.shift()?.version ?? this.#oldest;
    for (const stream of this.#streams) if (stream.resource === resource) send(stream, event);
  }

  #delete(resource: string, { object }: Stored): void {
    const version = ++this.#version;
    const { finalizers = [], deletionTimestamp } = object.metadata;
    const metadata = { ...object.metadata, resourceVersion: String(version) };
    if (finalizers.length === 0) this.#store(resource, 'DELETED', { ...object, metadata }, version);
    else if (deletionTimestamp === undefined) {
      const time = `${new Date().toISOString().slice(0, 19)}Z`;
      this.#store(resource, 'MODIFIED', { ...object, metadata: { ...metadata, deletionTimestamp: time } }, version);
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(request.url ?? '/', this.url);
      const place = toPlace(url.pathname);
      const isWatch = url.searchParams.get('watch') === 'true';
      const wants = isWatch
        ? 'watch'
        : request.method === 'GET' && place?.name === undefined
          ? 'list'
          : (request.method ?? '');
      this.requests.set(wants, (this.requests.get(wants) ?? 0) + 1);
      const fault = this.#takeFault();
      if (fault?.kind === 'silence') return;
      if (fault?.kind === 'status') {
        const { status, retryAfterSeconds } = fault;
        if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
        throw new Refusal(status, 'Disturbed', `the stand-in was told to answer ${status}`);
      }
      if (this.#token !== undefined && request.headers.authorization !== `Bearer ${this.#token}`)
        throw new Refusal(401, 'Unauthorized', 'Unauthorized');
      if (place === undefined) throw new Refusal(404, 'NotFound', 'the server could not find the requested resource');
      if (isWatch) this.#watch(place, url.searchParams, response);
      else answer(response, 200, await this.#answer(request, place, url.searchParams));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code, reason, message } = error;
      answer(response, code, JSON.stringify(toStatus(code, reason, message)));
    }
  }

  #takeFault(): ClusterFault | undefined {
    const current = this.#fault;
    if (current === undefined || current.left <= 0) return undefined;
    current.left--;
    return current.fault;
  }

  async #answer(request: IncomingMessage, place: Place, query: URLSearchParams): Promise<string> {
    const { name, namespace = '' } = place;
    const resource = `${place.group}/${place.version}/${place.plural}`;
    if (name === undefined) {
      if (request.method === 'GET') return this.#list(place, resource, query);
      if (request.method !== 'POST') throw new Refusal(405, 'MethodNotAllowed', 'only GET and POST');
      const written = await readBody(request);
      const known = this.#objects.get(resource)?.has(`${namespace}/${(written as Written).metadata.name}`);
      if (known === true) throw new Refusal(409, 'AlreadyExists', 'it exists already');
      const made = { ...(written as Written), metadata: { ...(written as Written).metadata, namespace } };
      return JSON.stringify(this.#write(resource, undefined, withoutStatus(made), 'client', 'Update'));
    }
    const stored = this.#objects.get(resource)?.get(`${namespace}/${name}`);
    const manager = query.get('fieldManager') ?? 'client';
    const type = request.headers['content-type'] ?? '';
    if (request.method === 'PATCH' && type === 'application/apply-patch+yaml') {
      const written = (await readBody(request)) as Written;
      return JSON.stringify(this.apply({ ...written, metadata: { ...written.metadata, namespace, name } }, manager));
    }
    if (stored === undefined) throw new Refusal(404, 'NotFound', `${place.plural} "${name}" not found`);
    const { object } = stored;
    if (request.method === 'GET') return stored.text;
    if (request.method === 'DELETE') {
      this.#delete(resource, stored);
      return JSON.stringify(toStatus(200, 'Success', 'deleted'));
    }
    const body = await readBody(request);
    let wanted: Written;
    if (request.method === 'PUT') wanted = body as Written;
    else if (request.method === 'PATCH' && type === 'application/merge-patch+json')
      wanted = mergePatch(object, body) as Written;
    else throw new Refusal(415, 'UnsupportedMediaType', `${type} is not supported by the stand-in`);
    const version = isMap(body) && isMap(body['metadata']) ? body['metadata']['resourceVersion'] : undefined;
    if (version !== undefined && version !== object.metadata.resourceVersion)
      throw new Refusal(409, 'Conflict', 'the object has been modified');
    const metadata = { ...wanted.metadata, namespace, name };
    if (place.isStatus)
      return JSON.stringify(
        this.#write(resource, object, { ...object, status: wanted.status }, manager, 'Update', 'status'),
      );
    return JSON.stringify(
      this.#write(resource, object, { ...wanted, metadata, status: object.status }, manager, 'Update'),
    );
  }

  #list({ namespace, plural, group, version }: Place, resource: string, query: URLSearchParams): string {
    const limit = Number(query.get('limit') ?? 0);
    const token = query.get('continue');
    let items: readonly Stored[];
    let at = this.#version;
    if (token === null) items = this.#select(resource, namespace, toLabelTest(query.get('labelSelector') ?? ''));
    else {
      const rest = this.#lists.get(token);
      if (rest === undefined) throw new Refusal(410, 'Expired', 'the provided continue parameter is too old');
      items = rest.items;
      at = rest.version;
    }
    const page = limit > 0 ? items.slice(0, limit) : items;
    const rest = items.slice(page.length);
    const next = rest.length === 0 ? '' : randomUUID();
    if (next !== '') this.#lists.set(next, { items: rest, version: at });
    const metadata = {
      resourceVersion: String(at),
      ...(next === '' ? {} : { continue: next, remainingItemCount: rest.length }),
    };
    const head = { apiVersion: `${group}/${version}`, kind: `${plural}List`, metadata };
    return `${JSON.stringify(head).slice(0, -1)},"items":[${page.map(({ text }) => text).join(',')}]}`;
  }

  #select(resource: string, namespace: string | undefined, matches: LabelTest): Stored[] {
    return [...(this.#objects.get(resource)?.values() ?? [])]
      .filter(({ object }) => namespace === undefined || object.metadata.namespace === namespace)
      .filter(({ object }) => matches(object.metadata.labels ?? {}));
  }

  #watch({ group, version, plural, namespace }: Place, query: URLSearchParams, response: ServerResponse): void {
    const resource = `${group}/${version}/${plural}`;
    const matches = toLabelTest(query.get('labelSelector') ?? '');
    const from = Number(query.get('resourceVersion') ?? 0);
    if (from > 0 && from < this.#oldest)
      throw new Refusal(410, 'Expired', `too old resource version: ${from} (${this.#oldest})`);
    const stream: Stream = { resource, namespace, matches, response, isSilent: false };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (from === 0)
      for (const after of this.#select(resource, namespace, matches))
        send(stream, { version: after.version, type: 'ADDED', before: undefined, after });
    else for (const event of this.#history) if (event.version > from && isOf(event, resource)) send(stream, event);
    this.#streams.add(stream);
    const seconds = Number(query.get('timeoutSeconds') ?? 0);
    const end = () => {
      // As the real one: a bookmark just before the end.
      if (stream.isSilent) return;
      this.#sendBookmark(stream);
      this.#streams.delete(stream);
      response.end();
    };
    const timer = seconds > 0 ? setTimeout(end, seconds * 1000) : undefined;
    response.on('close', () => {
      clearTimeout(timer);
      this.#streams.delete(stream);
    });
  }

  #sendBookmarks(): void {
    for (const stream of this.#streams) if (!stream.isSilent) this.#sendBookmark(stream);
  }

  #sendBookmark({ response, resource }: Stream): void {
    const [group, version] = resource.split('/');
    const metadata = { resourceVersion: String(this.#version) };
    response.write(
      `${JSON.stringify({ type: 'BOOKMARK', object: { apiVersion: `${group}/${version}`, kind: 'Bookmark', metadata } })}\n`,
    );
  }

  #sendError(stream: Stream, code: number): void {
    this.#streams.delete(stream);
    stream.response.end(
      `${JSON.stringify({ type: 'ERROR', object: toStatus(code, 'Expired', 'too old resource version') })}\n`,
    );
  }
}

/** What a stream sees of an event: an object that no longer has the labels is gone for it. */
function send({ namespace, matches, response, isSilent }: Stream, { type, before, after }: Event): void {
  if (isSilent || (namespace !== undefined && after.object.metadata.namespace !== namespace)) return;
  const had = before !== undefined && matches(before.object.metadata.labels ?? {});
  const has = type !== 'DELETED' && matches(after.object.metadata.labels ?? {});
  if (!had && !has) return;
  const seen = has ? (had ? 'MODIFIED' : 'ADDED') : 'DELETED';
  response.write(`{"type":"${seen}","object":${after.text}}\n`);
}

function isOf({ after }: Event, resource: string): boolean {
  return toResource(after.object.apiVersion, toPlural(after.object.kind)) === resource;
}

function answer(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(text);
}

function toStatus(code: number, reason: string, message: string): object {
  const status = code < 400 ? 'Success' : 'Failure';
  return { apiVersion: 'v1', kind: 'Status', metadata: {}, status, reason, message, code };
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Refusal(400, 'BadRequest', 'the body is not JSON');
  }
}

function withoutStatus({ apiVersion, kind, metadata, spec }: Written): Written {
  return { apiVersion, kind, metadata, ...(spec === undefined ? {} : { spec }) };
}

function toPlace(path: string): Place | undefined {
  const match = /^\/apis\/([^/]+)\/([^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(\/status)?$/.exec(path);
  if (match === null) return undefined;
  const [, group = '', version = '', namespace, plural = '', name, status] = match;
  return { group, version, plural, namespace, name, isStatus: status !== undefined };
}

function toResource(apiVersion: string, plural: string): string {
  return `${apiVersion}/${plural}`;
}

function toPlural(kind: string): string {
  const word = kind.toLowerCase();
  return word.endsWith('y') ? `${word.slice(0, -1)}ies` : `${word}s`;
}

/** `a=b`, `a!=b` and `a`, joined by commas. */
function toLabelTest(selector: string): LabelTest {
  const tests = selector
    .split(',')
    .filter((part) => part !== '')
    .map((part): LabelTest => {
      const [, key = '', operator, value] = /^([^=!]+)(!=|==?)?(.*)$/.exec(part) ?? [];
      if (operator === undefined) return (labels) => Object.hasOwn(labels, key);
      return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
    });
  return (labels) => tests.every((test) => test(labels));
}
