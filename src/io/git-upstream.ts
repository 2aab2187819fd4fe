/**
 * The remote branch that a work tree follows: where it is known to be, and fetching it.
 *
 * Invariants: neither the work tree nor a local branch is touched: a fetch moves the remote-tracking
 * branch alone, as `git fetch` does; credentials go into no message.
 */
import { isAbsolute, resolve } from 'node:path';
import type { HttpClient } from 'isomorphic-git';
import git from 'isomorphic-git';
import type { SafeText } from '../input/safe-text.ts';
import { mask, quote, safe } from '../input/safe-text.ts';
import { BranchTrouble } from '../watch/ports.ts';
import { toBranchList } from './branch-list.ts';
import { Fault, isFault, toNetworkReason } from './fault.ts';
import type { ReadAuthorization } from './git-credentials.ts';
import type { GitFolder } from './git-folder.ts';
import { openGitFolder } from './git-folder.ts';
import { toHttpClient } from './git-http.ts';
import { localUrl, toLocalClient } from './git-local.ts';
import { toUploadPackClient } from './git-upload-pack.ts';

/** A branch of a remote, as git's configuration names the two. */
interface Upstream {
  readonly remote: string;
  readonly branch: string;
}

interface Server {
  readonly http: HttpClient;
  readonly url: string;
  readonly headers: Record<string, string>;
}

/** Clocks of different machines wrote the dates of commits. */
const skewSeconds = 24 * 3600;

/** `origin/main` */
export function toUpstreamName({ remote, branch }: Upstream): SafeText {
  return safe`${mask(remote)}/${mask(branch)}`;
}

/** Where the remote-tracking branch is kept. */
export function toUpstreamRef(upstream: Upstream): string {
  return `refs/remotes/${toUpstreamName(upstream)}`;
}

/**
 * The branch that HEAD's branch follows.
 *
 * @param branch of the remote, in place of the one that git's configuration names.
 * @throws Fault when HEAD is on no branch, or on one that follows none, and when git's files cannot be read.
 */
export async function findUpstream(folder: string, branch?: string): Promise<Upstream> {
  const repository = openGitFolder(folder);
  const { fs, gitdir } = repository;
  const current = (await read(() => git.currentBranch({ fs, gitdir }))) ?? undefined;
  const configured = async (key: string) =>
    current === undefined ? undefined : readConfig(repository, `branch.${current}.${key}`);
  const remote = await configured('remote');
  const merge = branch ?? (remote && (await configured('merge'))?.replace(/^refs\/heads\//, ''));
  if (merge === undefined)
    throw new Fault('usage', safe`this branch has no upstream`, safe`name the remote branch with --branch`);
  return { remote: remote ?? 'origin', branch: merge };
}

/** @throws Fault when it cannot be fetched. */
export async function fetchUpstream(
  folder: string,
  upstream: Upstream,
  authorization: ReadAuthorization,
  signal: AbortSignal,
): Promise<void> {
  const repository = openGitFolder(folder);
  const { remote, branch } = upstream;
  await assertKnownFormats(repository, upstream);
  const address = await readConfig(repository, `remote.${remote}.url`);
  if (address === undefined)
    throw new Fault(
      'environment',
      safe`the repository has no remote ${quote(remote)}`,
      safe`add it with git remote add`,
    );
  const local = toLocalFolder(address, folder);
  if (local === undefined) assertHttp(address, upstream);
  try {
    const server: Server =
      local === undefined
        ? { http: toHttpClient(signal), url: address, headers: { ...authorization() } }
        : { http: toLocalClient(local, signal), url: localUrl, headers: {} };
    await fetchFrom(server, repository, upstream);
  } catch (error) {
    if (isFault(error)) throw error;
    const reason = error instanceof BranchTrouble ? error.message : toNetworkReason(error);
    const isDenied = error instanceof BranchTrouble && error.code === 'denied';
    throw new Fault(
      'environment',
      safe`${mask(remote)}/${mask(branch)} cannot be fetched: ${reason}`,
      safe`${isDenied ? 'pass --git-credentials or MODEL_MIRROR_GIT_TOKEN' : 'try again'}, or run git fetch and look with --revision`,
      { cause: error },
    );
  }
}

async function fetchFrom(server: Server, repository: GitFolder, upstream: Upstream): Promise<void> {
  const { fs, gitdir } = repository;
  const { remote, branch } = upstream;
  const known = await resolveRef(repository, toUpstreamRef(upstream));
  const remoteRef = `refs/heads/${branch}`;
  const refs = await git.listServerRefs({ ...server, prefix: 'refs/heads/', protocolVersion: 1 });
  const tip = refs.find(({ ref }) => ref === remoteRef)?.oid;
  if (tip === undefined)
    throw new Fault(
      'environment',
      safe`the remote ${mask(remote)} has no branch ${quote(branch)}`,
      safe`${toBranchList(refs.map(({ ref }) => ref))}; name one with --branch, or push it first`,
    );
  if (tip === known) return;
  await git.fetch({
    fs,
    gitdir,
    ...server,
    http: toUploadPackClient(server.http, tip),
    remote,
    // What came after this is asked for; a branch that was never fetched may have a local namesake.
    ref: known === undefined ? branch : toUpstreamRef(upstream),
    remoteRef,
    singleBranch: true,
    tags: false,
  });
}

/**
 * Whether the remote-tracking branch, as it was last fetched, has commits that HEAD does not.
 *
 * @returns its name if so; undefined also where that cannot be told.
 */
export async function findAheadUpstream(folder: string): Promise<string | undefined> {
  try {
    const repository = openGitFolder(folder);
    const upstream = await findUpstream(folder);
    const tip = await resolveRef(repository, toUpstreamRef(upstream));
    const head = await resolveRef(repository, 'HEAD');
    if (tip === undefined || head === undefined || (await isAncestor(repository, tip, head))) return undefined;
    return toUpstreamName(upstream);
  } catch {
    // It is a hint beside what was asked for: that it cannot be had is no news.
    return undefined;
  }
}

/** Looks no further back than the ancestor's date: a work tree that is behind is told at once. */
async function isAncestor({ fs, gitdir }: GitFolder, ancestor: string, descendant: string): Promise<boolean> {
  const cache = {};
  const readCommit = async (oid: string) => (await git.readCommit({ fs, gitdir, oid, cache })).commit;
  const oldest = (await readCommit(ancestor)).committer.timestamp - skewSeconds;
  const seen = new Set([descendant]);
  for (const oid of seen) {
    if (oid === ancestor) return true;
    const { parent, committer } = await readCommit(oid);
    if (committer.timestamp >= oldest) for (const one of parent) seen.add(one);
  }
  return false;
}

/** As git tells a path from an address: by a scheme, or by `host:` before the first slash. */
function toLocalFolder(url: string, folder: string): string | undefined {
  if (url.startsWith('file://')) return decodeURIComponent(new URL(url).pathname);
  if (isAbsolute(url) || /^\.{1,2}(\/|$)/.test(url)) return resolve(folder, url);
  return undefined;
}

function assertHttp(url: string, upstream: Upstream): void {
  const hint = toGitHint(upstream);
  if (!/^https?:\/\//.test(url))
    throw new Fault(
      'usage',
      safe`--fetch supports only https, and the remote ${mask(upstream.remote)} is ${quote(url)}`,
      hint,
    );
  const { protocol, hostname } = new URL(url);
  if (protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname))
    throw new Fault(
      'usage',
      safe`the address of the remote ${mask(upstream.remote)} begins with http://, and credentials would be readable`,
      hint,
    );
}

/** What is written into a repository must be what its git reads. */
async function assertKnownFormats(repository: GitFolder, upstream: Upstream): Promise<void> {
  const format = async (name: string) => (await readConfig(repository, `extensions.${name}`))?.toLowerCase();
  if ((await format('objectformat')) === 'sha256')
    throw new Fault(
      'usage',
      safe`--fetch does not support SHA-256 repositories`,
      safe`run git pull, and leave --fetch out`,
    );
  if (((await format('objectformat')) ?? 'sha1') === 'sha1' && ((await format('refstorage')) ?? 'files') === 'files')
    return;
  throw new Fault('usage', safe`--fetch does not support the format of this repository`, toGitHint(upstream));
}

function toGitHint(upstream: Upstream): SafeText {
  return safe`run git fetch, and look with --revision ${toUpstreamName(upstream)}`;
}

async function resolveRef({ fs, gitdir }: GitFolder, ref: string): Promise<string | undefined> {
  try {
    return await git.resolveRef({ fs, gitdir, ref });
  } catch {
    return undefined;
  }
}

async function readConfig({ fs, gitdir }: GitFolder, path: string): Promise<string | undefined> {
  const value: unknown = await read(() => git.getConfig({ fs, gitdir, path }));
  return typeof value === 'string' ? value : undefined;
}

async function read<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Fault(
      'environment',
      safe`the repository cannot be read: ${mask((error as Error).message)}`,
      safe`see what git itself reports`,
      {
        cause: error,
      },
    );
  }
}
