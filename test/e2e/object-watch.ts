/**
 * Lists and then watches the objects of one path, for ever.
 *
 * Invariant: after any trouble it goes on where it stopped, or lists again when that is no longer to be had.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { valueAt } from '../../src/core/input/plain-value.ts';
import { type ApiClient, ApiRefusal } from './api-client.ts';

export interface WatchHandlers {
  /** All that there are. */
  readonly replace: (objects: readonly unknown[]) => void;
  readonly put: (object: unknown) => void;
  /** With the object as it was last. */
  readonly drop: (object: unknown) => void;
  readonly trouble: (message: string) => void;
}

const pageSize = 250;
/** The server ends a watch after so long. */
const watchSeconds = 10;
/** A watch that lasts so much longer is dead. */
const silenceMs = 15_000;
const pauseMs = 200;

/** @param path of the collection. Runs until the signal is aborted. */
export async function watchObjects(
  api: ApiClient,
  path: string,
  handlers: WatchHandlers,
  signal: AbortSignal,
): Promise<void> {
  let version: string | undefined;
  while (!signal.aborted) {
    try {
      version ??= await list(api, path, handlers, signal);
      const query = `watch=true&allowWatchBookmarks=true&timeoutSeconds=${watchSeconds}&resourceVersion=${version}`;
      const start = performance.now();
      const silence = AbortSignal.any([signal, AbortSignal.timeout(silenceMs)]);
      for await (const line of api.lines(`${path}?${query}`, silence)) version = take(JSON.parse(line), handlers);
      // One that ends at once, again and again, must not keep the server busy.
      if (performance.now() - start < pauseMs) await sleep(pauseMs, undefined, { signal });
    } catch (error) {
      if (signal.aborted) return;
      handlers.trouble(String((error as Error).message));
      if (error instanceof ApiRefusal && error.status === 410) version = undefined;
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** @returns the version to watch from. */
async function list(api: ApiClient, path: string, handlers: WatchHandlers, signal: AbortSignal): Promise<string> {
  const objects: unknown[] = [];
  for (let next = ''; ; ) {
    const query = `limit=${pageSize}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`;
    const page = await api.request(`${path}?${query}`, {}, signal);
    objects.push(...(valueAt(page, ['items']) as unknown[]));
    next = (valueAt(page, ['metadata', 'continue']) as string | undefined) ?? '';
    if (next !== '') continue;
    handlers.replace(objects);
    return valueAt(page, ['metadata', 'resourceVersion']) as string;
  }
}

/** @returns the version to go on from. */
function take(event: unknown, handlers: WatchHandlers): string {
  const type = valueAt(event, ['type']);
  const object = valueAt(event, ['object']);
  if (type === 'ERROR')
    throw new ApiRefusal(`the watch ends: ${valueAt(object, ['message'])}`, Number(valueAt(object, ['code'])));
  if (type === 'DELETED') handlers.drop(object);
  else if (type !== 'BOOKMARK') handlers.put(object);
  return valueAt(object, ['metadata', 'resourceVersion']) as string;
}
