/** The flags and the environment of `model-mirror watch`, checked. */

import { Fault } from '../../core/diagnostics/fault.ts';
import { mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { ReplicaPlace } from '../../io/comparer/replicas.ts';
import type { Person } from '../../io/git/branch.ts';
import { parseAddress } from '../../io/git/transports.ts';
import type { Environment } from '../../io/process/argocd-environment.ts';
import type { WatcherOptions } from '../../watch/watch-loop.ts';
import { assertApart } from '../flags/branches.ts';
import { toBytes } from '../flags/byte-size.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import { toMs, toWatchSeconds } from '../flags/duration.ts';
import { toNamespaces } from '../flags/namespace-name.ts';
import { toWatcherUrl } from '../flags/watcher-url.ts';
import type { NotifyFormat, WatchFlags } from './flags.ts';
import { notifyFormats } from './flags.ts';

interface WatchSettings {
  /** The repository's. */
  readonly address: string;
  readonly branch: string;
  /** A file; undefined: beside the private key, if SSH is used. */
  readonly knownHosts: string | undefined;
  /** The branch that is carried to it; undefined: none is. */
  readonly sourceBranch: string | undefined;
  readonly author: Person;
  readonly committer: Person;
  /** A file or a folder with the private key that signs commits; undefined: they are not signed. */
  readonly signingKey: string | undefined;
  readonly watchSeconds: number;
  /** In bytes; undefined: what fits into memory. */
  readonly maxFetch: number | undefined;
  readonly comparers: readonly ReplicaPlace[];
  /** Where changes are posted, and as what; undefined: nowhere. */
  readonly notify: { readonly url: URL; readonly format: NotifyFormat } | undefined;
  /** Where people find the watcher's pages, without a slash at the end; undefined: nobody knows. */
  readonly pages: string | undefined;
  readonly watcher: WatcherOptions;
}

/**
 * The flags win over the environment.
 *
 * @throws Fault when something is missing or has no meaning.
 */
export function toWatchSettings(flags: WatchFlags, environment: Environment): WatchSettings {
  const setting = (flag: string | undefined, name: string) =>
    flag ?? (environment[`MODEL_MIRROR_${name}`] || undefined);
  const author = toPerson(flags.author);
  const branch = setting(flags.branch, 'BRANCH') ?? 'main';
  const sourceBranch = setting(flags.sourceBranch, 'SOURCE_BRANCH');
  if (sourceBranch !== undefined) assertApart(sourceBranch, branch);
  return {
    address: toAddress(setting(flags.repo, 'REPO')),
    knownHosts: setting(flags.knownHosts, 'KNOWN_HOSTS'),
    branch,
    sourceBranch,
    author,
    committer: flags.committer === undefined ? author : toPerson(flags.committer),
    signingKey: setting(flags.signingKey, 'SIGNING_KEY'),
    watchSeconds: toWatchSeconds(flags.watchTimeout),
    maxFetch: flags.maxFetch === undefined ? undefined : toBytes(flags.maxFetch, '--max-fetch'),
    comparers: (
      flags.comparer ??
      environment['MODEL_MIRROR_COMPARER']?.split(/[\s,]+/).filter(Boolean) ?? [defaultComparer]
    ).map(toPlace),
    notify: toNotify(setting(flags.notifyUrl, 'NOTIFY_URL'), setting(flags.notifyFormat, 'NOTIFY_FORMAT') ?? 'json'),
    pages: toWatcherUrl(setting(flags.pagesUrl, 'PAGES_URL')),
    watcher: {
      path: toPath(setting(flags.path, 'PATH') ?? '.'),
      cluster: toClusterName(setting(flags.cluster, 'CLUSTER')),
      namespaces: toNamespaces(flags.namespace, environment),
      settleMs: toMs(flags.settle, '--settle'),
      batchMs: toMs(flags.batchWindow, '--batch-window'),
      pollMs: toMs(flags.gitInterval ?? (sourceBranch === undefined ? '30s' : '5s'), '--git-interval'),
      page: flags.page === true,
      keepsTexts: flags.listen !== undefined,
      once: flags.once === true,
      suffix: flags.messageSuffix,
      signOff: flags.signOff === true ? `${author.name} <${author.email}>` : undefined,
    },
  };
}

/** As `plugin/chart` installs it. */
const defaultComparer = 'model-mirror-comparer-blocks.model-mirror.svc:8081';

function toPlace(text: string): ReplicaPlace {
  const [, host = '', port = ''] =
    /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?):(\d{1,5})$/.exec(text)?.toSpliced(2, 1) ?? [];
  if (host !== '' && Number(port) >= 1 && Number(port) <= 65_535) return { host, port: Number(port) };
  throw new Fault(
    'usage',
    safe`--comparer ${quote(text)} is not a host and a port`,
    safe`write for example ${mask(defaultComparer)}`,
  );
}

/** The address may be a secret, so no message shows it. */
function toNotify(text: string | undefined, word: string): WatchSettings['notify'] {
  if (text === undefined) return undefined;
  const url = toUrl(text);
  if (url === undefined || !isDecodable(url.username) || !isDecodable(url.password))
    throw new Fault(
      'usage',
      safe`--notify-url or MODEL_MIRROR_NOTIFY_URL is not an address that can be posted to`,
      safe`write it as https://host/path, or http:// within a cluster, with %25 for a percent sign; it is not shown here because it may hold a secret`,
    );
  const format = notifyFormats.find((one) => one === word);
  if (format === undefined)
    throw new Fault(
      'usage',
      safe`MODEL_MIRROR_NOTIFY_FORMAT ${quote(word)} is not a format`,
      safe`write json or slack`,
    );
  return { url, format };
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function toUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url : undefined;
}

function toAddress(text: string | undefined): string {
  if (text !== undefined) return parseAddress(text);
  throw new Fault('usage', safe`no repository is given`, safe`pass --repo, or set MODEL_MIRROR_REPO`);
}

function toPath(text: string): string {
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..'))
    throw new Fault(
      'usage',
      safe`--path ${quote(text)} leaves the repository`,
      safe`give a folder relative to the repository's root`,
    );
  return parts.join('/') || '.';
}

function toPerson(text: string): Person {
  const match = /^([^<>\n]+) <([^<>\s]+)>$/.exec(text.trim());
  if (match === null)
    throw new Fault(
      'usage',
      safe`${quote(text)} is not a name with a mail address`,
      safe`write "Name <mail@example.com>"`,
    );
  return { name: match[1] ?? '', email: match[2] ?? '' };
}
