/**
 * Rendered objects, and the order of their keys.
 *
 * Invariants: equal objects have their keys in the same order, whatever the order in the files; nothing in an object makes
 * a sync wait (see `sync-order.ts`).
 */
import { compareText } from '../diagnostics/problem.ts';

interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Manifest<Kind extends string = string, Spec = unknown> {
  readonly apiVersion: string;
  readonly kind: Kind;
  readonly metadata: Metadata;
  readonly spec: Spec;
}

export const managedByLabel = 'app.kubernetes.io/managed-by';
export const nameLabel = 'app.kubernetes.io/name';
export const versionLabel = 'app.kubernetes.io/version';
/** The digest of a rendered InferenceService, which identifies the version that a status describes. */
export const digestAnnotation = 'model-mirror.dev/digest';
/** The model's folder from the repository's root, in which the watcher writes the status file. */
export const pathAnnotation = 'model-mirror.dev/path';
/** The folder from which policies count, if an option excludes those of the folders above: people must notice. */
export const policiesFromAnnotation = 'model-mirror.dev/policies-from';
/** What Argo CD shows as a link beside an object (argo-cd, docs/user-guide/external-url.md). */
export const linkAnnotation = 'link.argocd.argoproj.io/external-link';
/** Of the routes that send a sample of the requests to the comparer: what it is to do with them. */
export const analysisAnnotation = 'model-mirror.dev/analysis';
/** What people call the candidate that the analysis is about. */
export const analysedVersionAnnotation = 'model-mirror.dev/analysed-version';

/** Labels with the model that an object belongs to; only model-mirror may set them. */
export function toOwnLabels(name: string, version?: string): Record<string, string> {
  return {
    [managedByLabel]: 'model-mirror',
    [nameLabel]: name,
    ...(version === undefined ? {} : { [versionLabel]: version }),
  };
}

const rank: Readonly<Record<string, number>> = {
  apiVersion: 0,
  kind: 1,
  metadata: 2,
  name: 0,
  namespace: 1,
};

/** A copy with ordered keys: first those that identify the object, then all others alphabetically. */
export function orderKeys(manifest: Manifest): Manifest {
  const top = orderMap(manifest, compareRanked) as Record<string, unknown>;
  for (const key of Object.keys(top))
    top[key] = key === 'metadata' ? orderDeep(top[key], compareRanked) : orderDeep(top[key], compareText);
  return top as unknown as Manifest;
}

function compareRanked(a: string, b: string): number {
  return (rank[a] ?? 9) - (rank[b] ?? 9) || compareText(a, b);
}

function orderDeep(value: unknown, compareHere: (a: string, b: string) => number): unknown {
  if (Array.isArray(value)) return value.map((item) => orderDeep(item, compareText));
  if (typeof value !== 'object' || value === null) return value;
  const ordered = orderMap(value, compareHere);
  for (const key of Object.keys(ordered)) ordered[key] = orderDeep(ordered[key], compareText);
  return ordered;
}

const plain = { enumerable: true, configurable: true, writable: true };

function orderMap(map: object, compare: (a: string, b: string) => number): Record<string, unknown> {
  const ordered: Record<string, unknown> = {};
  for (const key of toOrdered(Object.keys(map), compare)) {
    const value = (map as Record<string, unknown>)[key];
    // Assigned, it would not become a key.
    if (key === '__proto__') Object.defineProperty(ordered, key, { value, ...plain });
    else ordered[key] = value;
  }
  return ordered;
}

/** Most maps are in order already, or have one key: checking is cheaper than sorting. */
function toOrdered(keys: string[], compare: (a: string, b: string) => number): string[] {
  for (let i = 1; i < keys.length; i++)
    if (compare(keys[i - 1] as string, keys[i] as string) > 0) return keys.sort(compare);
  return keys;
}

/** JSON with sorted keys: equal values have equal texts. */
export function toCanonicalText(value: unknown): string {
  return JSON.stringify(orderDeep(value, compareText));
}
