/** A watcher's pages at an address, such as the one that `kubectl port-forward` gives. */
import { toNetworkReason } from '../../core/diagnostics/fault.ts';
import type { WatcherPages } from '../../core/ports/watcher-pages.ts';
import { fetch } from '../process/fetch.ts';
import { pageMs, readPageText } from './page-text.ts';

/**
 * @param address without a slash at its end.
 * @param limitMs how long a page may take.
 */
export function openPagesAt(address: string, limitMs = pageMs): WatcherPages {
  return {
    read: async (path, signal) => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
      try {
        const { status, body } = await fetch(address + path, {
          headers: { accept: 'application/json' },
          // To somewhere else than was asked for.
          redirect: 'manual',
          signal: limit,
        });
        const text = await readPageText(body);
        return text === undefined ? { code: 'too-large' } : { code: 'answered', status, text };
      } catch (error) {
        return { code: 'unreachable', message: toNetworkReason(error) };
      }
    },
  };
}
