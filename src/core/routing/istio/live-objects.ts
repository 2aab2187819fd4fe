/** Access to live objects, which others have written: whatever they hold, reading does not fail. */
import type { FieldPath } from '../../diagnostics/problem.ts';
import type { SafeText } from '../../diagnostics/safe-text.ts';
import { mask, safe } from '../../diagnostics/safe-text.ts';
import { isMap, mapsAt, textAt, valueAt } from '../../input/plain-value.ts';
import type { ObjectList, ResourceKind, Subject } from '../examination.ts';

export const resources = {
  service: { kind: 'Service', groupVersion: 'v1', plural: 'services' },
  pod: { kind: 'Pod', groupVersion: 'v1', plural: 'pods' },
  gateway: { kind: 'Gateway', groupVersion: 'networking.istio.io/v1', plural: 'gateways' },
  destinationRule: { kind: 'DestinationRule', groupVersion: 'networking.istio.io/v1', plural: 'destinationrules' },
  envoyFilter: { kind: 'EnvoyFilter', groupVersion: 'networking.istio.io/v1alpha3', plural: 'envoyfilters' },
  virtualService: { kind: 'VirtualService', groupVersion: 'networking.istio.io/v1', plural: 'virtualservices' },
  authorizationPolicy: {
    kind: 'AuthorizationPolicy',
    groupVersion: 'security.istio.io/v1',
    plural: 'authorizationpolicies',
  },
  peerAuthentication: {
    kind: 'PeerAuthentication',
    groupVersion: 'security.istio.io/v1',
    plural: 'peerauthentications',
  },
} as const satisfies Readonly<Record<string, ResourceKind>>;

export type Resource = keyof typeof resources;

/** Where objects hold for the whole mesh: Istio's root namespace, unless the mesh configures another one. */
export const rootNamespace = 'istio-system';

export interface LiveObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, unknown>>;
  /** RFC 3339; empty when there is none. */
  readonly created: string;
  readonly spec: unknown;
  readonly value: unknown;
}

export class LiveObjects {
  readonly #lists: readonly ObjectList[];
  /** By kind and key, the oldest first. */
  readonly #objects = new Map<string, ReadonlyMap<string, LiveObject>>();

  constructor(lists: readonly ObjectList[]) {
    this.#lists = lists;
    for (const { kind } of Object.values(resources)) {
      const objects = lists
        .filter(({ resource }) => resource.kind === kind)
        .flatMap((list) => list.objects.map((object) => toLiveObject(object, kind)))
        .sort((a, b) => compare(a.created, b.created) || compare(toKey(a), toKey(b)));
      this.#objects.set(kind, new Map(objects.map((object) => [toKey(object), object])));
    }
  }

  /** Whether all objects of a kind in a namespace were read, so that one that is not there does not exist. */
  isKnown(resource: Resource, namespace: string): boolean {
    const { kind } = resources[resource];
    return this.#lists.some(
      (list) =>
        list.resource.kind === kind &&
        list.labels === undefined &&
        (list.namespace === undefined || list.namespace === namespace) &&
        (list.failure === undefined || list.failure.code === 'not-installed'),
    );
  }

  /** Each once, the oldest first; without a namespace, of all that were read. */
  list(resource: Resource, namespace?: string): LiveObject[] {
    const all = [...(this.#objects.get(resources[resource].kind)?.values() ?? [])];
    return namespace === undefined ? all : all.filter((object) => object.namespace === namespace);
  }

  find(resource: Resource, name: NamespacedName): LiveObject | undefined {
    return this.#objects.get(resources[resource].kind)?.get(toKey(name));
  }
}

export interface NamespacedName {
  readonly namespace: string;
  readonly name: string;
}

function toLiveObject(value: unknown, kind: string): LiveObject {
  return {
    kind,
    namespace: textAt(value, ['metadata', 'namespace']) ?? '',
    name: textAt(value, ['metadata', 'name']) ?? '',
    labels: toMap(valueAt(value, ['metadata', 'labels'])),
    created: textAt(value, ['metadata', 'creationTimestamp']) ?? '',
    spec: valueAt(value, ['spec']),
    value,
  };
}

export function toKey({ namespace, name }: NamespacedName): string {
  return `${namespace}/${name}`;
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `NAMESPACE/NAME`, for messages. */
export function toShown({ namespace, name }: NamespacedName): SafeText {
  return safe`${mask(namespace)}/${mask(name)}`;
}

export function toSubject({ kind, namespace, name }: Pick<LiveObject, 'kind' | 'namespace' | 'name'>): Subject {
  return { code: 'object', kind, namespace, name };
}

/** The same for an object that may not be there. */
export function toNamedSubject(resource: Resource, { namespace, name }: NamespacedName): Subject {
  return { code: 'object', kind: resources[resource].kind, namespace, name };
}

export function toMap(value: unknown): Readonly<Record<string, unknown>> {
  return isMap(value) ? value : {};
}

/** Whether all labels of a selector are there; an empty selector is part of everything. */
export function isSubset(selector: unknown, labels: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(toMap(selector)).every(([key, value]) => labels[key] === value);
}

export function textsAt(value: unknown, path: FieldPath): string[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? found.filter((item) => typeof item === 'string') : [];
}

export function numberAt(value: unknown, path: FieldPath): number | undefined {
  const found = valueAt(value, path);
  return typeof found === 'number' ? found : undefined;
}

export interface Pod extends LiveObject {
  readonly isReady: boolean;
  readonly serviceAccount: string;
}

/** Pods that run or are about to. */
export function toPods(objects: readonly LiveObject[]): Pod[] {
  return objects.flatMap((object) => {
    const { value } = object;
    const phase = textAt(value, ['status', 'phase']);
    if (phase === 'Succeeded' || phase === 'Failed') return [];
    const ready = mapsAt(value, ['status', 'conditions']).some(
      ({ type, status }) => type === 'Ready' && status === 'True',
    );
    return {
      ...object,
      isReady: ready && valueAt(value, ['metadata', 'deletionTimestamp']) === undefined,
      serviceAccount: textAt(value, ['spec', 'serviceAccountName']) ?? 'default',
    };
  });
}
