/** A watcher's pages through the API server's proxy of Services: it takes a right, and no port-forward. */
import { toNetworkReason } from '../../core/diagnostics/fault.ts';
import { mask } from '../../core/diagnostics/safe-text.ts';
import { textAt } from '../../core/input/plain-value.ts';
import type { PageReading, WatcherPages, WatcherPlace } from '../../core/ports/watcher-pages.ts';
import type { KubernetesApi } from '../kubernetes/kubernetes-api.ts';
import { ApiTrouble } from '../kubernetes/kubernetes-api.ts';
import { pageMs, readPageText } from './page-text.ts';

/** The API server passes on what the watcher answers with. */
const answers = [404, 503];

/** @param limitMs how long a page may take. */
export function openPagesOf(
  { namespace, name, port }: Extract<WatcherPlace, { readonly code: 'service' }>,
  api: Pick<KubernetesApi, 'request'>,
  limitMs = pageMs,
): WatcherPages {
  return {
    read: async (path, signal) => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
      const proxy = `/api/v1/namespaces/${namespace}/services/${name}:${port}/proxy`;
      try {
        const { status, body } = await api.request(proxy + path, { answers, redirect: 'manual', signal: limit });
        const text = await readPageText(body);
        if (text === undefined) return { code: 'too-large' };
        return toRefusal(status, text) ?? { code: 'answered', status, text };
      } catch (error) {
        if (!(error instanceof ApiTrouble)) return { code: 'unreachable', message: toNetworkReason(error) };
        const { status, message } = error;
        if (status === undefined) return { code: 'no-cluster', message };
        return { code: status === 401 || status === 403 ? 'refused' : 'unreachable', message };
      }
    },
  };
}

/** What the API server answers itself is a Status object. */
function toRefusal(status: number, text: string): PageReading | undefined {
  if (!answers.includes(status)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (textAt(value, ['kind']) !== 'Status') return undefined;
  const message = mask(textAt(value, ['message']) ?? 'no reason given');
  return { code: status === 404 ? 'no-service' : 'unreachable', message };
}
