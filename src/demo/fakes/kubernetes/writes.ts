/** POST, PUT, PATCH and DELETE of one object. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { PlainMap } from '../../../core/input/plain-value.ts';
import { valueAt } from '../../../core/input/plain-value.ts';
import { mergePatch } from '../../../core/manifests/merge-patch.ts';
import type { Writer } from './managed-fields.ts';
import type { KubernetesObject, Written } from './object.ts';
import { applyObject, createObject, updateObject } from './object.ts';
import { applyJsonPatch } from './patch.ts';
import { Refusal, toBadRequest, toConflict, toInvalid, toNotFound } from './refusal.ts';
import type { Registry } from './registry.ts';
import type { Answer, Target } from './request.ts';
import { isTrue, readBody, toAnswer, toMap, toTime } from './request.ts';
import type { ResourceType } from './resource.ts';
import { qualify, toApiVersion } from './resource.ts';
import type { KubernetesStore } from './store.ts';

interface Write {
  readonly registry: Registry;
  readonly store: KubernetesStore;
  readonly namespace: string;
  readonly name: string;
  readonly body: PlainMap;
  readonly writer: Writer;
  readonly query: URLSearchParams;
}

/** @throws Refusal, as a real API refuses. */
export async function answerWrite(
  request: IncomingMessage,
  { store, namespace, name, isStatus }: Target,
  query: URLSearchParams,
  registry: Registry,
): Promise<Answer> {
  const { method = '', headers } = request;
  if (query.has('dryRun')) throw toBadRequest('the fake has no dry runs');
  const methods = name === undefined ? ['POST'] : ['PUT', 'PATCH', 'DELETE'];
  if (namespace === undefined || !methods.includes(method))
    throw new Refusal(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
  const body = await readBody(request);
  const manager = query.get('fieldManager') ?? (headers['user-agent'] ?? 'unknown').split('/')[0] ?? '';
  const write: Write = {
    registry,
    store,
    namespace,
    name: name ?? String(valueAt(body, ['metadata', 'name']) ?? ''),
    body: toMap(body),
    writer: { manager, isStatus, time: toTime() },
    query,
  };
  if (method === 'POST') return create(write);
  if (method === 'PUT') return replace(write);
  if (method === 'DELETE') return remove(write);
  const type = (headers['content-type'] ?? '').split(';')[0];
  if (type === 'application/apply-patch+yaml') return apply(write);
  if (type === 'application/merge-patch+json') return update(write, (live) => mergePatch(live, body) as Written);
  if (type === 'application/json-patch+json') return update(write, (live) => applyJsonPatch(live, body) as Written);
  throw new Refusal(415, 'UnsupportedMediaType', `the body of the request was in an unknown format: ${type}`);
}

function create({ registry, store, namespace, name, body, writer }: Write): Answer {
  const { type } = store;
  const written = toWritten(type, body, namespace, name);
  if (store.get(namespace, name) !== undefined)
    throw new Refusal(409, 'AlreadyExists', `${qualify(type.plural, type)} "${name}" already exists`);
  return toAnswer(201, registry.save(store, undefined, createObject(type, written, randomUUID(), writer)));
}

function replace(write: Write): Answer {
  const { store, namespace, name, body } = write;
  const written = toWritten(store.type, body, namespace, name);
  return update(write, ({ metadata }) => {
    const uid = valueAt(body, ['metadata', 'uid']) ?? metadata.uid;
    if (uid !== metadata.uid) throw toConflict(store.type, name, `Precondition failed: UID in precondition: ${uid}`);
    if (valueAt(body, ['metadata', 'resourceVersion']) === undefined)
      throw toInvalid(store.type, name, 'metadata.resourceVersion: Invalid value: 0: must be specified for an update');
    return written;
  });
}

function update(write: Write, toDesired: (live: KubernetesObject) => Written): Answer {
  const { registry, store, writer } = write;
  const live = findLive(write);
  const desired = toDesired(live);
  assertSameObject(store.type, live, desired);
  return toAnswer(200, registry.save(store, live, updateObject(store.type, live, desired, writer)));
}

function apply({ registry, store, namespace, name, body, writer, query }: Write): Answer {
  const { type } = store;
  const manifest = toWritten(type, body, namespace, name);
  if (!query.has('fieldManager'))
    throw new Refusal(422, 'Invalid', 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value');
  if (valueAt(body, ['metadata', 'managedFields']) !== undefined)
    throw toBadRequest('metadata.managedFields must be nil');
  const live = store.get(namespace, name);
  if (live === undefined && writer.isStatus) throw toNotFound(type, name);
  if (live !== undefined) assertSameObject(type, live, manifest);
  const next = applyObject(type, live, manifest, randomUUID(), writer, isTrue(query, 'force'));
  return toAnswer(live === undefined ? 201 : 200, registry.save(store, live, next));
}

function remove(write: Write): Answer {
  const { registry, store, name, body, writer } = write;
  const { type } = store;
  const live = findLive(write);
  const { uid, resourceVersion } = live.metadata;
  const { uid: expectedUid = uid, resourceVersion: expectedVersion = resourceVersion } = toMap(body['preconditions']);
  if (expectedUid !== uid || expectedVersion !== resourceVersion)
    throw toConflict(type, name, 'Precondition failed: it is another object, or has been modified');
  const left = registry.delete(store, live, writer.time);
  if (left !== undefined) return toAnswer(200, left);
  const details = { name, group: type.group, kind: type.plural, uid };
  return toAnswer(200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
}

function findLive({ store, namespace, name }: Write): KubernetesObject {
  const live = store.get(namespace, name);
  if (live === undefined) throw toNotFound(store.type, name);
  return live;
}

/** @throws Refusal when the body is of another type, or is another object. */
function toWritten(type: ResourceType, body: PlainMap, namespace: string, name: string): Written {
  const { kind } = type;
  const apiVersion = toApiVersion(type);
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

/** @throws Refusal when the desired object has another name or uid, or is based on another version. */
function assertSameObject(type: ResourceType, { metadata }: KubernetesObject, desired: Written): void {
  const { name, namespace, uid, resourceVersion } = desired.metadata as Partial<KubernetesObject['metadata']>;
  if (name !== metadata.name || namespace !== metadata.namespace) throw toMisnamed(name, metadata.name);
  if ((resourceVersion ?? metadata.resourceVersion) !== metadata.resourceVersion) throw toConflict(type, metadata.name);
  if ((uid ?? metadata.uid) !== metadata.uid)
    throw toInvalid(type, metadata.name, `metadata.uid: Invalid value: "${uid}": field is immutable`);
}
