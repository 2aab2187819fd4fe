/** GET of one object, of a list in pages, and of a watch. */
import type { ServerResponse } from 'node:http';
import { Refusal, toBadRequest, toExpired, toNotFound, toStatus } from './refusal.ts';
import type { Registry } from './registry.ts';
import type { Target } from './request.ts';
import { isTrue, toLabelTest, toNumber } from './request.ts';
import type { ResourceType } from './resource.ts';
import { toApiVersion } from './resource.ts';
import type { Stored } from './store.ts';
import { toLine } from './store.ts';
import { WatchStream } from './watch.ts';

/** @throws Refusal when it is not there. */
export function getObject({ store, namespace = '', name = '' }: Target): Buffer {
  const json = store.getJson(namespace, name);
  if (json === undefined) throw toNotFound(store.type, name);
  return json;
}

/** @throws Refusal for a query that a real API refuses, and when the list to continue is no longer known. */
export function listObjects({ store, namespace }: Target, query: URLSearchParams, registry: Registry): Buffer {
  const { type } = store;
  const matches = toLabelTest(query);
  const from = toNumber(query, 'resourceVersion');
  if (from > registry.version)
    throw new Refusal(504, 'Timeout', `Timeout: Too large resource version: ${from}, current: ${registry.version}`);
  // A real API answers from its cache when any version will do, and then ignores the limit.
  const limit = query.get('resourceVersion') === '0' ? 0 : toNumber(query, 'limit');
  const token = query.get('continue');
  const { version, after } = token ? parseToken(token) : { version: registry.version, after: '' };
  const all = store.listAt(version);
  if (all === undefined)
    throw toExpired(
      'The provided continue parameter is too old to display a consistent list result. ' +
        'You can start a new list without the continue parameter.',
    );
  const rest = all.filter(
    ({ key, object: { metadata } }) =>
      key > after && (namespace === undefined || metadata.namespace === namespace) && matches(metadata.labels),
  );
  const page = limit > 0 ? rest.slice(0, limit) : rest;
  const left = rest.length - page.length;
  if (left > 0) store.keep(version, all);
  const metadata = {
    resourceVersion: String(version),
    continue: left > 0 ? toToken(version, page.at(-1)?.key ?? '') : '',
    // With a selector, a real API would have to read all objects to count those that are left.
    ...(left > 0 && !query.get('labelSelector') ? { remainingItemCount: left } : {}),
  };
  const head = { apiVersion: toApiVersion(type), kind: `${type.kind}List`, metadata };
  return toListJson(head, page);
}

/** The objects are JSON already. */
function toListJson(head: object, page: readonly Stored[]): Buffer {
  const comma = Buffer.from(',');
  return Buffer.concat([
    Buffer.from(`${JSON.stringify(head).slice(0, -1)},"items":[`),
    ...page.flatMap(({ json }, i) => (i === 0 ? [json] : [comma, json])),
    Buffer.from(']}'),
  ]);
}

function toToken(version: number, after: string): string {
  return Buffer.from(JSON.stringify({ version, after })).toString('base64url');
}

function parseToken(token: string): { readonly version: number; readonly after: string } {
  try {
    const { version, after } = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as Record<string, unknown>;
    if (typeof version === 'number' && typeof after === 'string') return { version, after };
  } catch {
    // Reported below.
  }
  throw toBadRequest('continue key is not valid');
}

/**
 * Answers with a stream of events.
 *
 * @returns the stream; undefined when it ended at once because the version is forgotten.
 * @throws Refusal for a query that a real API refuses.
 */
export function watchObjects(
  { store, namespace }: Target,
  query: URLSearchParams,
  response: ServerResponse,
  registry: Registry,
  bookmarkMs: number,
): WatchStream | undefined {
  const { type } = store;
  const matches = toLabelTest(query);
  if (query.has('sendInitialEvents'))
    throw new Refusal(
      422,
      'Invalid',
      'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: ' +
        'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
    );
  const from = toNumber(query, 'resourceVersion');
  const seconds = toNumber(query, 'timeoutSeconds');
  const missed = from === 0 ? [] : store.since(from);
  const stream = new WatchStream(response, { namespace, matches });
  if (missed === undefined) {
    const expired = toExpired(`too old resource version: ${from} (${store.forgotten})`);
    stream.end(toLine('ERROR', JSON.stringify(toStatus(expired))));
    return undefined;
  }
  const bookmark = () => stream.write(toBookmark(type, registry.version));
  if (from === 0) for (const stored of store.list()) stream.add(stored);
  for (const event of missed) stream.take(event);
  const allowsBookmarks = isTrue(query, 'allowWatchBookmarks');
  const timers = allowsBookmarks ? [setInterval(bookmark, bookmarkMs)] : [];
  const end = () => stream.end(allowsBookmarks ? toBookmark(type, registry.version) : undefined);
  if (seconds > 0) timers.push(setTimeout(end, seconds * 1000));
  // A stream that starts at a future version shows nothing before it.
  const stop = store.listen((event) => event.version > from && stream.take(event));
  stream.onClose(() => {
    stop();
    for (const timer of timers) clearTimeout(timer);
  });
  return stream;
}

function toBookmark(type: ResourceType, at: number): Buffer {
  const metadata = { resourceVersion: String(at), creationTimestamp: null };
  return toLine('BOOKMARK', JSON.stringify({ kind: type.kind, apiVersion: toApiVersion(type), metadata }));
}
