/** Which headers of a copy go to the versions: what it says about its way here is nobody's business there. */

/** Of one connection (RFC 9110, 7.6.1), or written again for each call. */
const own = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'host',
  'content-length',
  'http2-settings',
  // How long the client waits; this call has a deadline of its own.
  'grpc-timeout',
  // An answer that is not compressed needs not be decompressed to be compared.
  'accept-encoding',
  'grpc-accept-encoding',
  // Who the client is, and which proxies its request went through.
  'forwarded',
  'via',
  'x-real-ip',
]);

/** What names a version in some serving mode; what the routes number copies with; what proxies tell each other. */
const foreign = ['mm-', 'x-mirror-', 'x-envoy-', 'x-forwarded-', ':'];

/** Marks requests of the comparer, for whoever reads a model server's log. */
const markHeader = 'x-mirror-by';

/**
 * @param headers names in lower case.
 * @param remove in any case.
 * @param set in any case; they win.
 */
export function toCallHeaders(
  headers: Readonly<Record<string, string>>,
  remove: readonly string[],
  set: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const removed = new Set(remove.map((name) => name.toLowerCase()));
  for (const name of (headers['connection'] ?? '').toLowerCase().split(',')) removed.add(name.trim());
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (!own.has(name) && !removed.has(name) && !foreign.some((prefix) => name.startsWith(prefix))) kept[name] = value;
  for (const [name, value] of Object.entries(set)) {
    const lower = name.toLowerCase();
    // A route may hold anything; none needs these.
    if (!own.has(lower) && !lower.startsWith(':')) kept[lower] = value;
  }
  kept[markHeader] = 'model-mirror';
  return kept;
}
