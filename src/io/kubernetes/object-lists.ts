/** The objects that are observed in a cluster: their kinds, and lists of them in pages. */
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { valueAt } from '../../core/input/plain-value.ts';
import { managedByLabel } from '../../core/manifests/manifest.ts';
import type { WatchedKind } from '../../core/manifests/watched-kind.ts';
import type { Live } from '../../core/observe/live-object.ts';
import { toLiveRoute, toLiveService } from '../../core/observe/live-object.ts';
import { routers } from '../../core/routing/routers.ts';
import { watchedKinds } from '../../core/serving/modes.ts';
import type { KubernetesApi } from './kubernetes-api.ts';
import { ApiTrouble, parseJson } from './kubernetes-api.ts';

export interface LiveKind extends WatchedKind {
  readonly toLive: (object: unknown) => Live;
}

/** @param instanceLabel in which Argo CD names Applications; undefined: its default. */
export const toKinds = (instanceLabel: string | undefined): readonly LiveKind[] => [
  ...watchedKinds.map((watched) => ({ ...watched, toLive: toLiveService })),
  ...routers.map((router) => ({
    ...router.watched,
    toLive: (object: unknown) => toLiveRoute(object, router, instanceLabel),
  })),
];

export const labelSelector = `${managedByLabel}=model-mirror`;
const pageSize = 500;
/** For one page. */
const limitMs = 30_000;

/**
 * The objects of all kinds, as they are now; a failure is not retried.
 *
 * @param namespaces none of them twice; one that does not exist is empty.
 * @throws ApiTrouble
 */
export async function listLive(
  api: Pick<KubernetesApi, 'request'>,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<Live[]> {
  const lists = await Promise.all(
    toKinds(undefined).flatMap((kind) =>
      namespaces.map(async (namespace) => {
        const path = toPath(kind, namespace);
        const request = async (query: Readonly<Record<string, string>>) => {
          const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
          return (await api.request(path, { query, signal: limit })).text();
        };
        return (await listPages(kind, path, request)).objects;
      }),
    ),
  );
  return lists.flat();
}

export function toPath({ groupVersion, plural }: WatchedKind, namespace: string | undefined): string {
  return `/apis/${groupVersion}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${plural}`;
}

/** @returns the whole list, and the version to watch from. */
export async function listPages(
  { toLive }: LiveKind,
  path: string,
  request: (query: Readonly<Record<string, string>>) => Promise<string>,
): Promise<{ readonly objects: readonly Live[]; readonly version: string }> {
  const objects: Live[] = [];
  let next = '';
  for (;;) {
    const page = parseJson(
      await request({ labelSelector, limit: String(pageSize), ...(next === '' ? {} : { continue: next }) }),
    );
    const items = valueAt(page, ['items']);
    const version = valueAt(page, ['metadata', 'resourceVersion']);
    if (!Array.isArray(items) || typeof version !== 'string')
      throw new ApiTrouble(safe`the Kubernetes API answers ${mask(path)} with no list`);
    for (const item of items) objects.push(toLive(item));
    const token = valueAt(page, ['metadata', 'continue']);
    if (typeof token !== 'string' || token === '') return { objects, version };
    next = token;
  }
}
