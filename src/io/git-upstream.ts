/**
 * The remote branch that a work tree follows: where it is known to be, and fetching it.
 *
 * Invariants: neither the work tree nor a local branch is touched: a fetch moves the remote-tracking
 * branch alone, as `git fetch` does; credentials go into no message.
 */
import { isAbsolute, resolve } from 'node:path';
import git from 'isomorphic-git';
import { mask, quote } from '../input/quote.ts';
import { BranchTrouble } from '../watch/ports.ts';
import { Fault, isFault, toNetworkReason } from './fault.ts';
import type { ReadAuthorization } from './git-credentials.ts';
import type { GitFolder } from './git-folder.ts';
import { openGitFolder } from './git-folder.ts';
import { toHttpClient } from './git-http.ts';
import { localUrl, toLocalClient } from './git-local.ts';
import { GitRevisions } from './git-revision.ts';

interface Upstream {
  readonly remote: string;
  readonly branch: string;
}

/** `origin/main` */
export function toUpstreamName({ remote, branch }: Upstream): string {
  return `${remote}/${branch}`;
}

/**
 * The branch that HEAD's branch follows.
 *
 * @param branch of the remote, in place of the one that git's configuration names.
 * @returns undefined when HEAD is on no branch, or on one that follows none.
 */
export async function findUpstream(folder: string, branch?: string): Promise<Upstream | undefined> {
  const repository = openGitFolder(folder);
  const { fs, gitdir } = repository;
  const current = (await git.currentBranch({ fs, gitdir })) ?? undefined;
  const configured = async (key: string) =>
    current === undefined ? undefined : readConfig(repository, `branch.${current}.${key}`);
  const remote = await configured('remote');
  if (branch !== undefined) return { remote: remote ?? 'origin', branch };
  const merge = (await configured('merge'))?.replace(/^refs\/heads\//, '');
  return remote === undefined || merge === undefined ? undefined : { remote, branch: merge };
}

/** @throws Fault when it cannot be fetched. */
export async function fetchUpstream(
  folder: string,
  upstream: Upstream,
  authorization: ReadAuthorization,
  signal: AbortSignal,
): Promise<void> {
  const repository = openGitFolder(folder);
  const { fs, gitdir } = repository;
  const { remote, branch } = upstream;
  const written = await readConfig(repository, `remote.${remote}.url`);
  if (written === undefined)
    throw new Fault('environment', `the repository has no remote ${quote(remote)}`, 'add it with git remote add');
  const local = toLocalFolder(written, folder);
  if (local === undefined) assertHttp(written, upstream);
  const http = local === undefined ? toHttpClient(signal) : toLocalClient(local, signal);
  const url = local === undefined ? written : localUrl;
  const headers = { ...(local === undefined ? authorization() : {}) };
  const known = await resolveUpstream(repository, upstream);
  try {
    const prefix = `refs/heads/${branch}`;
    const refs = await git.listServerRefs({ http, url, headers, prefix, protocolVersion: 1 });
    const tip = refs.find(({ ref }) => ref === prefix)?.oid;
    if (tip === undefined)
      throw new Fault(
        'environment',
        `the remote ${remote} has no branch ${quote(branch)}`,
        'name another with --branch, or push it first',
      );
    if (tip === known) return;
    await git.fetch({
      fs,
      gitdir,
      http,
      url,
      remote,
      // What is asked for is what came after this; a branch that was never fetched has its local namesake.
      ref: known === undefined ? branch : `refs/remotes/${remote}/${branch}`,
      remoteRef: prefix,
      singleBranch: true,
      tags: false,
      headers,
    });
  } catch (error) {
    if (isFault(error)) throw error;
    const reason = error instanceof BranchTrouble ? error.message : mask(toNetworkReason(error));
    throw new Fault('environment', `${toUpstreamName(upstream)} cannot be fetched: ${reason}`, toHint(error), {
      cause: error,
    });
  }
}

/**
 * Whether the remote-tracking branch has commits that HEAD does not.
 *
 * @returns its name if so; undefined also where that cannot be told.
 */
export async function findAheadUpstream(folder: string): Promise<string | undefined> {
  try {
    const upstream = await findUpstream(folder);
    const tip = upstream && (await resolveUpstream(openGitFolder(folder), upstream));
    if (upstream === undefined || tip === undefined) return undefined;
    const revisions = new GitRevisions(folder);
    const head = await revisions.resolve('HEAD');
    const isAhead = head !== tip && (await revisions.findMergeBase(head, tip)) !== tip;
    return isAhead ? toUpstreamName(upstream) : undefined;
  } catch (error) {
    // It is a hint beside what was asked for: that it cannot be had is no news.
    if (isFault(error)) return undefined;
    throw error;
  }
}

async function resolveUpstream({ fs, gitdir }: GitFolder, { remote, branch }: Upstream): Promise<string | undefined> {
  try {
    return await git.resolveRef({ fs, gitdir, ref: `refs/remotes/${remote}/${branch}` });
  } catch {
    return undefined;
  }
}

function toHint(error: unknown): string {
  const isDenied = error instanceof BranchTrouble && error.code === 'denied';
  return isDenied
    ? 'give --git-credentials or MODEL_MIRROR_GIT_TOKEN, or run git fetch and look with --revision'
    : 'try again, or run git fetch and look with --revision';
}

/** As git tells a path from an address: `file://`, or no scheme and no `host:` before the first slash. */
function toLocalFolder(url: string, folder: string): string | undefined {
  if (url.startsWith('file://')) return decodeURIComponent(new URL(url).pathname);
  if (isAbsolute(url) || /^\.{1,2}(\/|$)/.test(url)) return resolve(folder, url);
  return undefined;
}

function assertHttp(url: string, upstream: Upstream): void {
  const hint = `run git fetch, and look with --revision ${toUpstreamName(upstream)}`;
  if (!/^https?:\/\//.test(url))
    throw new Fault('usage', `--fetch speaks https alone, and the remote ${upstream.remote} is ${quote(url)}`, hint);
  const { protocol, hostname } = new URL(url);
  if (protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname))
    throw new Fault(
      'usage',
      `the address of the remote ${upstream.remote} begins with http://, and credentials would be readable`,
      hint,
    );
}

async function readConfig({ fs, gitdir }: GitFolder, path: string): Promise<string | undefined> {
  const value: unknown = await git.getConfig({ fs, gitdir, path });
  return typeof value === 'string' ? value : undefined;
}
