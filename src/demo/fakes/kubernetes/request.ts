/** What a request names, and how its query and its body are read. */
import type { IncomingMessage } from 'node:http';
import type { PlainMap } from '../../../core/input/plain-value.ts';
import { isMap } from '../../../core/input/plain-value.ts';
import { toBadRequest, toNotFound } from './refusal.ts';
import type { Registry } from './registry.ts';
import type { LabelTest } from './selector.ts';
import { parseSelector } from './selector.ts';
import type { KubernetesStore } from './store.ts';

/** A resource, all its objects of a namespace, or one object. */
export interface Target {
  readonly store: KubernetesStore;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly isStatus: boolean;
}

export interface Answer {
  readonly code: number;
  readonly json: Buffer | string;
}

/**
 * @returns undefined when no resource has this path.
 * @throws Refusal for the status of a resource that has no such subresource.
 */
export function findTarget(path: string, registry: Registry): Target | undefined {
  const match =
    /^\/(?:apis\/([^/]+\/[^/]+)|api\/(v1))(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+)(\/status)?)?$/.exec(path);
  const [, groupVersion, core, namespace, plural = '', name, status] = match ?? [];
  const store = registry.find(`${groupVersion ?? core}/${plural}`);
  const isStatus = status !== undefined;
  if (store === undefined || (name !== undefined && namespace === undefined)) return undefined;
  if (isStatus && !store.type.hasStatus) throw toNotFound(store.type, name ?? '');
  const decode = (part: string | undefined) => (part === undefined ? undefined : decodeURIComponent(part));
  return { store, namespace: decode(namespace), name: decode(name), isStatus };
}

export function isTrue(query: URLSearchParams, name: string): boolean {
  return ['true', '1'].includes(query.get(name) ?? '');
}

/**
 * @returns 0 when it is absent.
 * @throws Refusal unless it is a whole number.
 */
export function toNumber(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  if (!/^\d*$/.test(text)) throw toBadRequest(`${name}: Invalid value: "${text}"`);
  return Number(text);
}

/** @throws Refusal for a field selector, and for label selectors that are not known here. */
export function toLabelTest(query: URLSearchParams): LabelTest {
  if (query.get('fieldSelector')) throw toBadRequest(`field label not supported: ${query.get('fieldSelector')}`);
  return parseSelector(query.get('labelSelector') ?? '');
}

/** @throws Refusal when it is not JSON. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
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

export function toMap(value: unknown): PlainMap {
  return isMap(value) ? value : {};
}

export function toAnswer(code: number, value: object): Answer {
  return { code, json: JSON.stringify(value) };
}

/** RFC 3339, whole seconds. */
export function toTime(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}
