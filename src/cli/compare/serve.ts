/** Wires the comparer to the cluster's routes, to the copies that arrive, and to whoever reads its counts. */
import { Comparer } from '../../compare/comparer.ts';
import { isCursor } from '../../compare/cursor.ts';
import { RouteTable } from '../../compare/route-table.ts';
import type { Routed } from '../../compare/routed.ts';
import { toRouted } from '../../compare/routed.ts';
import type { BlockPage } from '../../core/analysis/block.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { Asker, Call } from '../../core/ports/compare.ts';
import type { Log } from '../../core/ports/watch.ts';
import { routers } from '../../core/routing/routers.ts';
import { createGrpcAsker } from '../../io/compare/grpc-asker.ts';
import { createHttp1Asker } from '../../io/compare/http1-asker.ts';
import { openIntake } from '../../io/compare/intake.ts';
import { measureLoopDelay } from '../../io/compare/loop-delay.ts';
import { createCompareMetrics } from '../../io/compare/metrics.ts';
import type { Lookup } from '../../io/compare/safe-lookup.ts';
import { runFeed } from '../../io/kubernetes/cluster-feed.ts';
import type { KubernetesApi } from '../../io/kubernetes/kubernetes-api.ts';
import type { LiveKind } from '../../io/kubernetes/object-lists.ts';
import { systemClock } from '../../io/process/clock.ts';
import { listen } from '../../io/process/listen.ts';
import type { CompareSettings } from './settings.ts';

export interface CompareWorld {
  readonly api: Pick<KubernetesApi, 'request'>;
  /** Decides which addresses may be called. */
  readonly lookup: Lookup;
  /** Where calls go instead: fakes on loopback cannot have the ports of Services. */
  readonly redirect?: (call: Call) => Call;
  readonly log: Log;
  /** Of model-mirror. */
  readonly version: string;
}

export interface RunningComparer {
  /** The addresses that it listens on. */
  readonly intake: string;
  readonly pages: string;
  /** Takes no more copies, lets those under way end, at most so long, and closes everything. */
  readonly end: (graceMs: number) => Promise<void>;
  /** Fails when the routes cannot be watched any more. */
  readonly failed: Promise<never>;
}

/** The routes of all providers, each read by its own. */
const kinds: readonly LiveKind<Routed>[] = routers.map((router) => ({
  ...router.watched,
  toLive: (object) => toRouted(object, router),
}));

function toRedirected(asker: Asker, redirect: CompareWorld['redirect']): Asker {
  return redirect ? { ask: (call, room, done) => asker.ask(redirect(call), room, done) } : asker;
}

/** @returns undefined: the query is none. */
function toBlockPage(comparer: Comparer, query: URLSearchParams): BlockPage | undefined {
  const [after, ...more] = query.getAll('after');
  const isOnly = [...query.keys()].every((name) => name === 'after') && more.length === 0;
  return isOnly && (after === undefined || isCursor(after)) ? comparer.read(after) : undefined;
}

export async function serveComparer(settings: CompareSettings, world: CompareWorld): Promise<RunningComparer> {
  const { api, lookup, redirect, log, version } = world;
  const routes = new RouteTable();
  const stop = new AbortController();
  const [http, grpc] = [createHttp1Asker(lookup), createGrpcAsker(lookup)];
  const punctuality = measureLoopDelay();
  const metrics = createCompareMetrics(version, {
    held: () => comparer.held,
    known: () => routes.names(),
    isReady: () => comparer.staleness === undefined,
  });
  const comparer = new Comparer(settings.comparer, {
    routes,
    http: toRedirected(http, redirect),
    grpc: toRedirected(grpc, redirect),
    clock: systemClock,
    punctuality,
    meter: metrics,
  });
  const pages = await listen(settings.listen, {
    health: () => ({ isAlive: true, obstacle: comparer.staleness }),
    metrics,
    json: {
      '/blocks': (query) => toBlockPage(comparer, query),
      '/examples': () => comparer.examples,
    },
  });
  const intake = await openIntake(settings.intake, comparer).catch((error: unknown) => {
    pages.close();
    throw error;
  });
  log.info(safe`listening`, { copies: mask(intake.address), pages: mask(pages.address) });
  const troubles = new Map<string, string>();
  const listed = new Set<string>();
  const lists = kinds.length * (settings.namespaces?.length ?? 1);
  const judgeStaleness = () => {
    const [trouble] = troubles.values();
    comparer.staleness = trouble ?? (listed.size < lists ? 'nothing is known of the routes yet' : undefined);
  };
  const feed = runFeed(
    {
      api,
      kinds,
      namespaces: settings.namespaces,
      clock: systemClock,
      log,
      meter: metrics,
      watchSeconds: settings.watchSeconds,
    },
    {
      replace: (kind, namespace, objects) => {
        routes.replace(kind, namespace, objects);
        listed.add(`${kind} ${namespace ?? ''}`);
        judgeStaleness();
      },
      put: (routed) => routes.put(routed),
      drop: (kind, namespace, name) => routes.drop(kind, namespace, name),
      trouble: (stream, message) => {
        if (message === undefined) troubles.delete(stream);
        else troubles.set(stream, message);
        judgeStaleness();
      },
    },
    stop.signal,
  );
  const failed = feed.then(() => new Promise<never>(() => {}));
  // Whoever waits for it gets the error; nobody may.
  failed.catch(() => {});
  return {
    intake: intake.address,
    pages: pages.address,
    failed,
    end: async (graceMs) => {
      comparer.staleness = 'it is ending';
      intake.drain();
      await comparer.end(AbortSignal.timeout(graceMs));
      stop.abort();
      intake.close();
      pages.close();
      http.close();
      grpc.close();
      punctuality.stop();
    },
  };
}
