/** What is said to `model-mirror watch`, by flags or the environment, checked. */

import { Fault } from '../../core/diagnostics/fault.ts';
import { mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { Person } from '../../io/git/branch.ts';
import type { Environment } from '../../io/process/argocd-environment.ts';
import type { WatcherOptions } from '../../watch/watcher.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import { toMs } from '../flags/duration.ts';
import { toNamespace } from '../flags/namespace-name.ts';
import type { WatchFlags } from './flags.ts';

interface WatchSettings {
  readonly url: string;
  readonly branch: string;
  readonly author: Person;
  readonly committer: Person;
  readonly watchSeconds: number;
  /** In bytes; undefined: what fits into memory. */
  readonly maxFetch: number | undefined;
  readonly watcher: WatcherOptions;
}

/**
 * The flags win over the environment.
 *
 * @throws Fault for what is missing or cannot be meant.
 */
export function toWatchSettings(flags: WatchFlags, environment: Environment): WatchSettings {
  const setting = (flag: string | undefined, name: string) =>
    flag ?? (environment[`MODEL_MIRROR_${name}`] || undefined);
  const author = toPerson(flags.author);
  return {
    url: toRepositoryUrl(setting(flags.repo, 'REPO')),
    branch: setting(flags.branch, 'BRANCH') ?? 'main',
    author,
    committer: flags.committer === undefined ? author : toPerson(flags.committer),
    watchSeconds: Math.max(1, Math.ceil(toMs(flags.watchTimeout, '--watch-timeout') / 1000)),
    maxFetch: flags.maxFetch === undefined ? undefined : toBytes(flags.maxFetch, '--max-fetch'),
    watcher: {
      path: toPath(setting(flags.path, 'PATH') ?? '.'),
      cluster: toClusterName(setting(flags.cluster, 'CLUSTER')),
      namespaces: toNamespaces(flags.namespace ?? environment['MODEL_MIRROR_NAMESPACES']?.split(/[\s,]+/)),
      settleMs: toMs(flags.settle, '--settle'),
      batchMs: toMs(flags.batchWindow, '--batch-window'),
      pollMs: toMs(flags.gitInterval, '--git-interval'),
      page: flags.page === true,
      once: flags.once === true,
      suffix: flags.messageSuffix,
      signOff: flags.signOff === true ? `${author.name} <${author.email}>` : undefined,
    },
  };
}

const binaryUnits: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** As Kubernetes writes sizes. */
function toBytes(text: string, flag: string): number {
  const match = /^([1-9]\d{0,5})(Ki|Mi|Gi)$/.exec(text);
  if (match === null)
    throw new Fault('usage', safe`${mask(flag)} ${quote(text)} is not a size`, safe`write 100Mi or 1Gi`);
  return Number(match[1]) * (binaryUnits[match[2] ?? ''] ?? 0);
}

function toRepositoryUrl(text: string | undefined): string {
  if (text === undefined)
    throw new Fault('usage', safe`no repository to commit to`, safe`name it with --repo or MODEL_MIRROR_REPO`);
  if (/^(ssh|git\+ssh):|^[^/@]+@[^/:]+:/.test(text))
    throw new Fault(
      'usage',
      safe`SSH is not supported`,
      safe`use the https:// address of the repository, with a token`,
    );
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw new Fault('usage', safe`${quote(text)} is not the address of a repository`, safe`write https://host/path`, {
      cause: error,
    });
  }
  if (url.username !== '' || url.password !== '')
    throw new Fault(
      'usage',
      safe`the address of the repository contains credentials, which anyone could see`,
      safe`take them out; use --git-credentials or MODEL_MIRROR_GIT_TOKEN`,
    );
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'http:' && !isLoopback)
    throw new Fault(
      'usage',
      safe`the address of the repository begins with http://, and credentials would be readable`,
      safe`use https://`,
    );
  if (!['https:', 'http:', 'file:'].includes(url.protocol))
    throw new Fault(
      'usage',
      safe`${mask(url.protocol)}// is not supported`,
      safe`use https://; file:// is there for trials`,
    );
  return text.replace(/\/$/, '');
}

function toPath(text: string): string {
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..'))
    throw new Fault(
      'usage',
      safe`--path ${quote(text)} leaves the repository`,
      safe`write a folder from the repository's root`,
    );
  return parts.join('/') || '.';
}

function toNamespaces(names: readonly string[] | undefined): readonly string[] | undefined {
  const given = [...new Set((names ?? []).filter((name) => name !== ''))].sort();
  for (const name of given) toNamespace(name);
  return given.length === 0 ? undefined : given;
}

function toPerson(text: string): Person {
  const match = /^([^<>\n]+) <([^<>\s]+)>$/.exec(text.trim());
  if (match === null)
    throw new Fault('usage', safe`${quote(text)} is not a person`, safe`write "Name <mail@example.com>"`);
  return { name: match[1] ?? '', email: match[2] ?? '' };
}
