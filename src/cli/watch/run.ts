/** `model-mirror watch`: wires the watcher to the cluster, git and the process's signals. */
import { resolve } from 'node:path';
import { exitCodes, Fault } from '../../core/diagnostics/fault.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { toEvidenceSource } from '../../io/comparer/replicas.ts';
import { CommitSigner } from '../../io/git/signing/commit-signer.ts';
import type { TransportOptions } from '../../io/git/transport-provider.ts';
import { isOverSsh, openTransport, toCredentialsTitle } from '../../io/git/transports.ts';
import { ArgocdRefresh } from '../../io/kubernetes/argocd-refresh.ts';
import { runFeed } from '../../io/kubernetes/cluster-feed.ts';
import { KubernetesApi } from '../../io/kubernetes/kubernetes-api.ts';
import { toKinds } from '../../io/kubernetes/object-lists.ts';
import { Notifier } from '../../io/notify/notifier.ts';
import { toAnalysisPages } from '../../io/process/analysis-pages.ts';
import { systemClock } from '../../io/process/clock.ts';
import { listen } from '../../io/process/listen.ts';
import { keepMemorySmall } from '../../io/process/memory.ts';
import { createMetrics } from '../../io/process/metrics.ts';
import { listIneffective } from '../../io/process/network-settings.ts';
import { readEvidence } from '../../watch/evidence-reader.ts';
import { toHtmlPages } from '../../watch/html-pages.ts';
import { Watcher } from '../../watch/watcher.ts';
import type { Host } from '../host.ts';
import { toHostLog } from '../host-log.ts';
import { openBranch } from './branch.ts';
import type { WatchFlags } from './flags.ts';
import { toNotify } from './notify.ts';
import { toWatchSettings } from './settings.ts';

/** How long a push in flight may take after the signal to end; Kubernetes kills the process a little later. */
const graceMs = 8000;
/** How long `--once` waits for a cluster or a git host that does not answer, or asks to be left alone, in seconds. */
const patience = 60;
/** How soon `--once` notices that there is something to judge. */
const oncePauseMs = 200;

/** @returns the exit code. */
export async function runWatch(flags: WatchFlags, host: Host): Promise<number> {
  const settings = toWatchSettings(flags, host.environment);
  const { watcher: options } = settings;
  const { once } = options;
  const toAbsolute = (file: string | undefined) => file && resolve(host.workingDirectory, file);
  const log = toHostLog(flags.log, host);
  for (const warning of listIneffective(settings.address, isOverSsh(settings.address), host.environment))
    log.warn(warning);
  const api = new KubernetesApi({ kubeconfig: toAbsolute(flags.kubeconfig), context: flags.context });
  const metrics = createMetrics(host.version, {
    readings: () => watcher.readings,
    isReady: () => watcher.obstacle === undefined,
    waiting: () => notifier?.waiting ?? 0,
    secondsBehind: () => carries?.secondsBehind ?? 0,
    gitWait: () => watcher.gitWaitSeconds,
  });
  const repository: TransportOptions = {
    address: settings.address,
    credentials: toAbsolute(flags.gitCredentials),
    knownHosts: toAbsolute(settings.knownHosts),
    environment: host.environment,
    onMoved: (address) => log.warn(safe`the repository is now ${address}: name it with --repo`),
  };
  const credentials = toCredentialsTitle(repository);
  const signingKey = toAbsolute(settings.signingKey);
  const signer = signingKey === undefined ? undefined : new CommitSigner(signingKey, systemClock);
  const memory = keepMemorySmall();
  const { carries, branch } = openBranch(settings, openTransport(repository), {
    log,
    metrics,
    sign: signer?.sign,
    onWork: memory.pass,
  });
  const stop = new AbortController();
  const drop = new AbortController();
  const refresh = flags.argocdRefresh
    ? new ArgocdRefresh({ api, namespace: flags.argocdNamespace, clock: systemClock, log, meter: metrics })
    : undefined;
  const notifier =
    settings.notify &&
    new Notifier(settings.notify.url, { clock: systemClock, log, meter: metrics, environment: host.environment });
  const watcher = new Watcher(options, {
    branch,
    clock: systemClock,
    log,
    meter: metrics,
    carries,
    refresh: refresh && ((trackings) => refresh.ask(trackings, drop.signal)),
    notify: notifier && toNotify((events) => notifier.add(events), settings),
  });
  const health = () => ({
    isAlive: watcher.isAlive,
    obstacle: watcher.obstacle,
    pushTrouble: watcher.pushTrouble,
    carryTrouble: carries?.trouble,
  });
  const identity = {
    version: host.version,
    repository: settings.address,
    branch: settings.branch,
    path: options.path,
    cluster: options.cluster,
  };
  const pages = toHtmlPages(watcher.models, identity, systemClock);
  const listener =
    flags.listen === undefined
      ? undefined
      : await listen(flags.listen, { health, metrics, more: [toAnalysisPages(watcher.analyses), pages] });
  if (listener !== undefined) log.info(safe`listening`, { address: mask(listener.address) });

  let isLate = false;
  let troubled = 0;
  const late = once ? setInterval(countTrouble, 1000) : undefined;
  function countTrouble(): void {
    const hasTrouble = watcher.obstacle !== undefined || watcher.pushTrouble !== undefined;
    troubled = hasTrouble ? troubled + 1 : 0;
    if (!hasTrouble || Math.max(troubled, watcher.gitWaitSeconds) < patience) return;
    isLate = true;
    stop.abort();
    drop.abort();
  }
  const end = () => {
    stop.abort();
    setTimeout(() => drop.abort(), graceMs).unref();
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  try {
    const { path, cluster, namespaces } = options;
    log.info(safe`watching`, {
      repository: mask(settings.address),
      credentials,
      signingKey: signer?.title,
      path: mask(path),
      cluster: cluster === undefined ? undefined : mask(cluster),
      namespaces: mask(namespaces?.join(' ') ?? 'all'),
    });
    const feed = runFeed(
      {
        api,
        namespaces,
        clock: systemClock,
        log,
        meter: metrics,
        watchSeconds: settings.watchSeconds,
        kinds: toKinds(flags.argocdInstanceLabel),
      },
      {
        replace: (kind, namespace, objects) => watcher.replace(kind, namespace, objects),
        put: (live) => watcher.put(live),
        drop: (kind, namespace, name) => watcher.drop(kind, namespace, name),
        trouble: (stream, message) => watcher.trouble(stream, message),
      },
      stop.signal,
    );
    const evidence = readEvidence(
      {
        source: toEvidenceSource(settings.comparers),
        clock: systemClock,
        log,
        isNeeded: () => watcher.isJudging,
        isJudged: (key, subject) => watcher.isJudged(key, subject),
        take: (read, changed, reading) => watcher.judge(read, changed, reading),
        ...(once ? { pauseMs: oncePauseMs } : {}),
      },
      stop.signal,
    );
    const run = watcher.run(stop.signal, drop.signal);
    // The feed ends by an error, or when it is aborted, and then the watcher ends too.
    await Promise.race([run, feed.then(() => run), evidence.then(() => run)]);
    if (isLate)
      throw new Fault(
        'environment',
        watcher.obstacle ?? watcher.pushTrouble?.message ?? safe`there was no answer`,
        safe`fix it, or let the next run try again`,
      );
    await Promise.all([
      refresh?.finish(),
      notifier?.finish(AbortSignal.any([drop.signal, AbortSignal.timeout(graceMs)])),
    ]);
    log.info(once ? safe`done` : safe`ended`);
    return exitCodes.fine;
  } finally {
    clearInterval(late);
    memory.stop();
    stop.abort();
    listener?.close();
    process.removeListener('SIGTERM', end);
    process.removeListener('SIGINT', end);
  }
}
