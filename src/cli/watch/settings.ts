/** The flags and the environment of `model-mirror watch`, checked. */

import { Fault } from '../../core/diagnostics/fault.ts';
import { mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { ReplicaPlace } from '../../io/comparer/replicas.ts';
import type { Person } from '../../io/git/branch.ts';
import { parseAddress } from '../../io/git/transports.ts';
import type { Environment } from '../../io/process/argocd-environment.ts';
import type { WatcherOptions } from '../../watch/watcher.ts';
import { toBytes } from '../flags/byte-size.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import { toMs, toWatchSeconds } from '../flags/duration.ts';
import { toNamespaces } from '../flags/namespace-name.ts';
import type { WatchFlags } from './flags.ts';

interface WatchSettings {
  /** The repository's. */
  readonly address: string;
  readonly branch: string;
  readonly author: Person;
  readonly committer: Person;
  readonly watchSeconds: number;
  /** In bytes; undefined: what fits into memory. */
  readonly maxFetch: number | undefined;
  readonly comparers: readonly ReplicaPlace[];
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
  return {
    address: toAddress(setting(flags.repo, 'REPO')),
    branch: setting(flags.branch, 'BRANCH') ?? 'main',
    author,
    committer: flags.committer === undefined ? author : toPerson(flags.committer),
    watchSeconds: toWatchSeconds(flags.watchTimeout),
    maxFetch: flags.maxFetch === undefined ? undefined : toBytes(flags.maxFetch, '--max-fetch'),
    comparers: (
      flags.comparer ??
      environment['MODEL_MIRROR_COMPARER']?.split(/[\s,]+/).filter(Boolean) ?? [defaultComparer]
    ).map(toPlace),
    watcher: {
      path: toPath(setting(flags.path, 'PATH') ?? '.'),
      cluster: toClusterName(setting(flags.cluster, 'CLUSTER')),
      namespaces: toNamespaces(flags.namespace, environment),
      settleMs: toMs(flags.settle, '--settle'),
      batchMs: toMs(flags.batchWindow, '--batch-window'),
      pollMs: toMs(flags.gitInterval, '--git-interval'),
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
