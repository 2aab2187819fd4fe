/** The objects that are observed in a cluster: their kinds, and lists of them in pages. */
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { valueAt } from '../../core/input/plain-value.ts';
import { managedByLabel } from '../../core/manifests/manifest.ts';
import type { WatchedKind } from '../../core/manifests/watched-kind.ts';
import type { Live } from '../../core/observe/live-object.ts';
import { toLiveRoute, toLiveService, toLiveWorkload } from '../../core/observe/live-object.ts';
import { routers } from '../../core/routing/routers.ts';
import { watchedKinds, workloadKinds } from '../../core/serving/modes.ts';
import type { KubernetesApi } from './kubernetes-api.ts';
import { ApiTrouble, parseJson } from './kubernetes-api.ts';

/** @typeParam Kept what is kept of an object. */
export interface LiveKind<Kept = Live> extends WatchedKind {
  /** @returns undefined: nothing of the object needs to be kept. */
  readonly toLive: (object: unknown) => Kept | undefined;
  /** The serving mode whose versions need it to become Ready; undefined: all models need it. */
  readonly neededBy?: string;
}

/** What runs the versions of some serving modes. */
const kindsOfWorkloads: readonly LiveKind[] = workloadKinds.map(({ mode, watched, reader }) => ({
  ...watched,
  toLive: (object) => toLiveWorkload(object, reader, watched.kind),
  neededBy: mode,
}));

/** @param instanceLabel in which Argo CD names Applications; undefined: its default. */
export const toKinds = (instanceLabel: string | undefined): readonly LiveKind[] => [
  ...watchedKinds.map((watched) => ({ ...watched, toLive: toLiveService })),
  ...routers.map((router) => ({
    ...router.watched,
    toLive: (object: unknown) => toLiveRoute(object, router, instanceLabel),
  })),
  ...kindsOfWorkloads,
];

/** Of the objects of a kind that are rendered here, or made for such objects with their labels. */
export function toSelector({ labels = [] }: WatchedKind): string {
  return [`${managedByLabel}=model-mirror`, ...labels].join();
}

const pageSize = 500;
/** For one page. */
const limitMs = 30_000;

/**
 * The objects of all kinds, as they are now; a failure is not retried. What runs versions is listed only where there is
 * such a version.
 *
 * @param namespaces none of them twice; one that does not exist is empty.
 * @throws ApiTrouble
 */
export async function listLive(
  api: Pick<KubernetesApi, 'request'>,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<Live[]> {
  const list = async (kind: LiveKind, namespace: string) => {
    const path = toPath(kind, namespace);
    const request = async (query: Readonly<Record<string, string>>) => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
      return (await api.request(path, { query, signal: limit })).text();
    };
    return (await listPages(kind, path, request)).objects;
  };
  const listIn = (kind: LiveKind, among: readonly string[]) =>
    Promise.all([...new Set(among)].map((namespace) => list(kind, namespace)));
  const shared = toKinds(undefined).filter(({ neededBy }) => neededBy === undefined);
  const objects = (await Promise.all(shared.map((kind) => listIn(kind, namespaces)))).flat(2);
  const namespacesOf = (mode: string | undefined) =>
    objects.flatMap((live) => (live.is === 'version' && live.mode.name === mode ? live.namespace : []));
  const running = kindsOfWorkloads.map((kind) => listIn(kind, namespacesOf(kind.neededBy)));
  return [...objects, ...(await Promise.all(running)).flat(2)];
}

export function toPath(
  { groupVersion, plural }: Pick<WatchedKind, 'groupVersion' | 'plural'>,
  namespace: string | undefined,
): string {
  const root = groupVersion.includes('/') ? '/apis' : '/api';
  return `${root}/${groupVersion}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${plural}`;
}

/** @returns the whole list, and the version to watch from. */
export async function listPages<Kept>(
  kind: LiveKind<Kept>,
  path: string,
  request: (query: Readonly<Record<string, string>>) => Promise<string>,
): Promise<{ readonly objects: readonly Kept[]; readonly version: string }> {
  const objects: Kept[] = [];
  const labelSelector = toSelector(kind);
  let next = '';
  for (;;) {
    const page = parseJson(
      await request({ labelSelector, limit: String(pageSize), ...(next === '' ? {} : { continue: next }) }),
    );
    const items = valueAt(page, ['items']);
    const version = valueAt(page, ['metadata', 'resourceVersion']);
    if (!Array.isArray(items) || typeof version !== 'string')
      throw new ApiTrouble(safe`the Kubernetes API answers ${mask(path)} with no list`);
    for (const item of items) {
      const live = kind.toLive(item);
      if (live !== undefined) objects.push(live);
    }
    const token = valueAt(page, ['metadata', 'continue']);
    if (typeof token !== 'string' || token === '') return { objects, version };
    next = token;
  }
}
