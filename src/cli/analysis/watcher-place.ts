import { Fault } from '../../core/diagnostics/fault.ts';
import { quote, safe } from '../../core/diagnostics/safe-text.ts';
import { dnsLabel } from '../../core/input/schema-parts.ts';
import type { WatcherPlace } from '../../core/ports/watcher-pages.ts';
import type { AnalysisFlags } from './flags.ts';

/** As `plugin/chart` installs it. */
const installed = { code: 'service', namespace: 'model-mirror', name: 'model-mirror-watcher', port: 'http' } as const;

/**
 * @returns undefined: the watcher is not asked.
 * @throws Fault when a flag has no meaning.
 */
export function toWatcherPlace({ watcher, live }: Pick<AnalysisFlags, 'watcher' | 'live'>): WatcherPlace | undefined {
  if (watcher === undefined) return live === true ? installed : undefined;
  if (/^https?:/i.test(watcher)) {
    if (live !== true) return { code: 'address', address: toAddress(watcher) };
    throw new Fault('usage', safe`--live and --watcher with an address do not go together`, safe`pass one of them`);
  }
  const [namespace = '', name = '', ...rest] = watcher.split('/');
  const [service = '', port = 'http', ...more] = name.split(':');
  if (![namespace, service, port].every((word) => dnsLabel.test(word)) || rest.length + more.length > 0)
    throw new Fault(
      'usage',
      safe`--watcher ${quote(watcher)} is neither an address nor a Service`,
      safe`write for example http://127.0.0.1:8080, or with --live model-mirror/model-mirror-watcher`,
    );
  if (live === true) return { code: 'service', namespace, name: service, port };
  throw new Fault(
    'usage',
    safe`--watcher ${quote(watcher)} is a Service, which only --live reaches`,
    safe`add --live, or pass an address such as http://127.0.0.1:8080`,
  );
}

function toAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && [url.username, url.password, url.search, url.hash].every((part) => part === '');
  if (isPlain) return `${url.origin}${url.pathname}`.replace(/\/$/, '');
  throw new Fault(
    'usage',
    safe`--watcher ${quote(text)} is not an address`,
    safe`write for example http://127.0.0.1:8080, without a user, a query or a fragment`,
  );
}
