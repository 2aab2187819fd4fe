/** `model-mirror watch`: wires the watcher to the cluster, git and the process's signals. */
import { quote } from '../input/quote.ts';
import { dnsLabel } from '../input/schema-parts.ts';
import { ArgocdRefresh } from '../io/argocd-refresh.ts';
import { systemClock } from '../io/clock.ts';
import { runFeed } from '../io/cluster-feed.ts';
import { exitCodes, Fault } from '../io/fault.ts';
import type { Person } from '../io/git-branch.ts';
import { GitBranch } from '../io/git-branch.ts';
import { toAuthorization } from '../io/git-credentials.ts';
import { KubernetesApi } from '../io/kubernetes-api.ts';
import { listen } from '../io/listen.ts';
import { toJsonLog, toLineLog } from '../io/log.ts';
import { keepMemorySmall } from '../io/memory.ts';
import { createMetrics } from '../io/metrics.ts';
import { StatusBook } from '../watch/status-book.ts';
import { Watcher } from '../watch/watcher.ts';
import { toClusterName } from './cluster-name.ts';
import type { Host } from './host.ts';
import type { WatchFlags } from './watch-flags.ts';

/** What a push in flight may take once the process was told to end; Kubernetes kills after more. */
const graceMs = 8000;
/** How long `--once` bears with a cluster or git that does not answer. */
const patienceMs = 60_000;

/** @returns the exit code. */
export async function runWatch(flags: WatchFlags, host: Host): Promise<number> {
  const { environment } = host;
  const setting = (flag: string | undefined, name: string) =>
    flag ?? (environment[`MODEL_MIRROR_${name}`] || undefined);
  const url = toRepositoryUrl(setting(flags.repo, 'REPO'));
  const cluster = toClusterName(setting(flags.cluster, 'CLUSTER'));
  const path = toPath(setting(flags.path, 'PATH') ?? '.');
  const namespaces = toNamespaces(flags.namespace ?? environment['MODEL_MIRROR_NAMESPACES']?.split(/[\s,]+/));
  const author = toPerson(flags.author);
  const book = { path, cluster, namespaces, settleMs: toMs(flags.settle, '--settle'), page: flags.page === true };
  const once = flags.once === true;
  const options = {
    ...book,
    batchMs: toMs(flags.batchWindow, '--batch-window'),
    pollMs: toMs(flags.gitInterval, '--git-interval'),
    once,
    suffix: flags.messageSuffix,
    signOff: flags.signOff === true ? `${author.name} <${author.email}>` : undefined,
  };
  const watchSeconds = Math.max(1, Math.ceil(toMs(flags.watchTimeout, '--watch-timeout') / 1000));
  const style = host.style(2);
  const write = (line: string) => host.write(2, [line]);
  const asJson = flags.log === 'json' || (flags.log === undefined && !host.isTerminal(2));
  const log = asJson ? toJsonLog(write) : toLineLog(write, style);
  const api = new KubernetesApi({ kubeconfig: flags.kubeconfig, context: flags.context });
  const metrics = createMetrics(host.version);
  const branch = new GitBranch({
    url,
    branch: setting(flags.branch, 'BRANCH') ?? 'main',
    path,
    isWanted: StatusBook.toFilter(book),
    author,
    committer: flags.committer === undefined ? author : toPerson(flags.committer),
    authorization: toAuthorization(flags.gitCredentials, environment),
    clock: systemClock,
    onPhase: metrics.phase,
  });
  const stopCollecting = keepMemorySmall();
  const stop = new AbortController();
  const drop = new AbortController();
  const refresh = flags.argocdRefresh
    ? new ArgocdRefresh({ api, namespace: flags.argocdNamespace, clock: systemClock, log, meter: metrics })
    : undefined;
  const watcher = new Watcher(options, {
    branch,
    clock: systemClock,
    log,
    meter: metrics,
    refresh: refresh && ((trackings) => refresh.ask(trackings, drop.signal)),
  });
  const health = () => ({ isAlive: watcher.isAlive, obstacle: watcher.obstacle });
  const listener = flags.listen === undefined ? undefined : await listen(flags.listen, { health, metrics });
  if (listener !== undefined) log.info('listening', { address: listener.address });

  let isLate = false;
  const late = once ? setTimeout(giveUp, patienceMs) : undefined;
  function giveUp(): void {
    if (watcher.obstacle === undefined) return;
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
    log.info('watching', { repository: url, path, cluster, namespaces: namespaces?.join(' ') ?? 'all' });
    const feed = runFeed(
      { api, namespaces, clock: systemClock, log, meter: metrics, watchSeconds },
      {
        replace: (kind, namespace, objects) => watcher.replace(kind, namespace, objects),
        put: (live) => watcher.put(live),
        drop: (kind, namespace, name) => watcher.drop(kind, namespace, name),
        trouble: (stream, message) => watcher.trouble(stream, message),
      },
      stop.signal,
    );
    const run = watcher.run(stop.signal, drop.signal);
    // The feed ends by itself only by an error; else when it is told to, and then the watcher ends too.
    await Promise.race([run, feed.then(() => run)]);
    if (isLate)
      throw new Fault(
        'environment',
        watcher.obstacle ?? 'there was no answer',
        'mend it, or let the next run try again',
      );
    await refresh?.finish();
    log.info(once ? 'done' : 'ended');
    return exitCodes.fine;
  } finally {
    clearTimeout(late);
    stopCollecting();
    stop.abort();
    listener?.close();
    process.removeListener('SIGTERM', end);
    process.removeListener('SIGINT', end);
  }
}

function toRepositoryUrl(text: string | undefined): string {
  if (text === undefined)
    throw new Fault('usage', 'no repository to commit to', 'name it with --repo or MODEL_MIRROR_REPO');
  if (/^(ssh|git\+ssh):|^[^/]+@[^/]+:/.test(text))
    throw new Fault('usage', 'SSH is not supported', 'use the https:// address of the repository, with a token');
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw new Fault('usage', `${quote(text)} is not the address of a repository`, 'write https://host/path', {
      cause: error,
    });
  }
  if (url.username !== '' || url.password !== '')
    throw new Fault(
      'usage',
      'the address of the repository holds credentials, for everybody to see',
      'take them out; use --git-credentials or MODEL_MIRROR_GIT_TOKEN',
    );
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'http:' && !isLoopback)
    throw new Fault(
      'usage',
      'the address of the repository begins with http://, and credentials would be readable',
      'use https://',
    );
  if (!['https:', 'http:', 'file:'].includes(url.protocol))
    throw new Fault('usage', `${url.protocol}// is not supported`, 'use https://; file:// is there for trials');
  return text.replace(/\/$/, '');
}

function toPath(text: string): string {
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..'))
    throw new Fault(
      'usage',
      `--path ${quote(text)} leaves the repository`,
      "write a folder from the repository's root",
    );
  return parts.join('/') || '.';
}

function toNamespaces(names: readonly string[] | undefined): readonly string[] | undefined {
  const given = [...new Set((names ?? []).filter((name) => name !== ''))].sort();
  const wrong = given.find((name) => !dnsLabel.test(name));
  if (wrong !== undefined)
    throw new Fault(
      'usage',
      `${quote(wrong)} is not the name of a namespace`,
      'use at most 63 lower-case letters, digits and "-"',
    );
  return given.length === 0 ? undefined : given;
}

function toPerson(text: string): Person {
  const match = /^([^<>\n]+) <([^<>\s]+)>$/.exec(text.trim());
  if (match === null) throw new Fault('usage', `${quote(text)} is not a person`, 'write "Name <mail@example.com>"');
  return { name: match[1] ?? '', email: match[2] ?? '' };
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function toMs(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (match === null) throw new Fault('usage', `${flag} ${quote(text)} is not a duration`, 'write 500ms, 5s or 1m');
  return Number(match[1]) * (units[match[2] ?? ''] ?? 0);
}
