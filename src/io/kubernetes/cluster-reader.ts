import { Fault, toNetworkReason } from '../../core/diagnostics/fault.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { valueAt } from '../../core/input/plain-value.ts';
import type { ClusterReader } from '../../core/ports/cluster-reader.ts';
import type { ResourceQuery } from '../../core/routing/examination.ts';
import type { KubernetesApi } from './kubernetes-api.ts';
import { ApiTrouble, parseJson } from './kubernetes-api.ts';
import { toPath } from './object-lists.ts';

const pageSize = 500;
const limitMs = 10_000;

/** Sends GET requests only. */
export function createClusterReader(api: Pick<KubernetesApi, 'request'>): ClusterReader {
  const read = async (path: string, query: Readonly<Record<string, string>>, signal: AbortSignal) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    const response = await api.request(path, { query, signal: limit });
    return response.text().catch((error: unknown) => {
      throw new ApiTrouble(safe`the Kubernetes API breaks off its answer to ${mask(path)}: ${toNetworkReason(error)}`);
    });
  };
  return {
    list: async ({ resource, namespace, labels }, signal) => {
      const list = { resource, namespace, labels };
      try {
        return { ...list, objects: await listAll(list, (path, query) => read(path, query, signal)) };
      } catch (error) {
        if (!(error instanceof ApiTrouble)) throw error;
        const { status, message } = error;
        // The path of a kind that does not exist; a namespace that does not exist has empty lists. The core kinds exist
        // wherever the Kubernetes API is.
        if (status === 404 && resource.groupVersion !== 'v1')
          return { ...list, objects: [], failure: { code: 'not-installed', message } };
        if (status === 403) return { ...list, objects: [], failure: { code: 'refused', message } };
        throw new Fault(
          'environment',
          message,
          safe`check that the cluster is up, or choose another with --kubeconfig or --context`,
          { cause: error },
        );
      }
    },
    readStatistics: async ({ namespace, pod, port, path, query }, signal) => {
      try {
        return await read(`/api/v1/namespaces/${namespace}/pods/${pod}:${port}/proxy${path}`, query, signal);
      } catch (error) {
        if (!(error instanceof ApiTrouble)) throw error;
        return { code: error.status === 403 ? 'refused' : 'unreachable', message: error.message };
      }
    },
  };
}

/** @throws ApiTrouble */
async function listAll(
  { resource, namespace, labels }: ResourceQuery,
  read: (path: string, query: Readonly<Record<string, string>>) => Promise<string>,
): Promise<unknown[]> {
  const path = toPath(resource, namespace);
  const selector = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  const query = { limit: String(pageSize), ...(selector.length === 0 ? {} : { labelSelector: selector.join() }) };
  const objects: unknown[] = [];
  let next: unknown = '';
  do {
    const page = parseJson(await read(path, next === '' ? query : { ...query, continue: String(next) }));
    const items = valueAt(page, ['items']);
    if (!Array.isArray(items)) throw new ApiTrouble(safe`the Kubernetes API answers ${mask(path)} with no list`);
    for (const item of items) objects.push(item);
    next = valueAt(page, ['metadata', 'continue']) ?? '';
  } while (next !== '');
  return objects;
}
