/**
 * Finds the remote branch that a branch follows, and fetches it as `git fetch` does, with the user's configuration.
 *
 * Invariant: only the remote-tracking branch and its objects change in the repository: no other ref, no FETCH_HEAD and no
 * tag is written, and no maintenance is left running in the background.
 *
 * All options exist in git 2.30: --no-write-fetch-head and maintenance.auto came with 2.29.
 */

import { Fault } from '../../core/diagnostics/fault.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import { toBranchList } from '../git/branch-list.ts';
import type { BranchSettings } from './branch-settings.ts';
import { readBranchSettings } from './branch-settings.ts';
import type { Ended } from './ended.ts';
import { toSaid } from './ended.ts';
import type { Git } from './git.ts';
import { heads, readBranch } from './head.ts';

/** A branch of a remote, and the ref that tracks it; refs in full. */
export interface Upstream {
  /** The name of the remote; `.`: the repository itself. */
  readonly remote: string;
  /** The ref at the remote. */
  readonly source: string;
  /** The ref in this repository. */
  readonly ref: string;
}

const remotes = 'refs/remotes/';

/** `origin/main`, which is a revision too. */
export function toUpstreamName({ ref }: Upstream): SafeText {
  const prefix = [heads, remotes].find((one) => ref.startsWith(one)) ?? '';
  return mask(ref.slice(prefix.length));
}

/**
 * The branch that HEAD's branch follows.
 *
 * @param branch of the remote, instead of the configured one.
 * @throws Fault when HEAD is on no branch, or on one without an upstream; when there is no such remote, or the name of
 *   the branch is not valid; and when git cannot be run.
 */
export async function findUpstream(git: Git, branch?: string, signal?: AbortSignal): Promise<Upstream> {
  const [current, settings] = await Promise.all([readBranch(git, signal), readBranchSettings(git, signal)]);
  // Of several branches that are merged, the first is the upstream.
  const merge = settings.first(`branch.${current}.merge`);
  const remote = settings.last(`branch.${current}.remote`);
  const source = branch === undefined ? remote && merge : heads + branch;
  if (source === undefined)
    throw new Fault('usage', safe`this branch has no upstream`, safe`name the remote branch with --branch`);
  await assertName(git, source, signal);
  const known = current && (await git.read(['for-each-ref', '--format=%(upstream)', heads + current], { signal }));
  return toUpstream(remote ?? toDefaultRemote(settings), source, { merge, ref: known?.trimEnd() }, settings);
}

/**
 * @param own the configured upstream, and the remote-tracking branch that git reports for it, if it does: not where the
 *   branch has no commit yet, and not where the refspecs of the remote leave it out.
 */
function toUpstream(
  remote: string,
  source: string,
  own: { readonly merge: string | undefined; readonly ref: string | undefined },
  { remotes: known }: BranchSettings,
): Upstream {
  if (remote === '.') return { remote, source, ref: source };
  if (!known.includes(remote))
    throw new Fault(
      'environment',
      safe`the repository has no remote ${quote(remote)}`,
      safe`add it with git remote add`,
    );
  if (own.ref && own.merge !== undefined) {
    if (source === own.merge) return { remote, source, ref: own.ref };
    const name = toShortName(own.merge);
    // Other branches of this remote are tracked beside it.
    if (own.ref.endsWith(`/${name}`))
      return { remote, source, ref: own.ref.slice(0, -name.length) + toShortName(source) };
  }
  return { remote, source, ref: `${remotes}${remote}/${toShortName(source)}` };
}

/** @throws Fault when it cannot be fetched. */
export async function fetchUpstream(git: Git, upstream: Upstream, signal: AbortSignal): Promise<void> {
  const { remote, source, ref } = upstream;
  // A branch of this repository need not be fetched.
  if (remote === '.') return;
  const words = [
    '-c',
    'maintenance.auto=false',
    // Git 2.48 and 2.49 create the remote's HEAD where it is missing, even if refs are named on the command line.
    '-c',
    `remote.${remote}.followRemoteHEAD=never`,
    'fetch',
    '--quiet',
    '--no-tags',
    '--no-prune',
    '--no-recurse-submodules',
    '--no-write-fetch-head',
    // No other remote-tracking branches are updated.
    '--refmap=',
    '--',
    remote,
    `+${source}:${ref}`,
  ];
  const ended = await git.run(words, { signal });
  if (ended.code !== 0) throw await toFetchFault(git, upstream, ended, signal);
}

/**
 * Whether the upstream, as it was last fetched, has commits that HEAD does not.
 *
 * @returns its name if so; undefined also if that cannot be found out.
 */
export async function findAheadUpstream(git: Git, signal: AbortSignal): Promise<SafeText | undefined> {
  try {
    const found = await git.ask(['rev-list', '--max-count=1', 'HEAD..@{upstream}', '--'], { signal });
    if (!found) return undefined;
    const name = await git.ask(['rev-parse', '--abbrev-ref', '@{upstream}'], { signal });
    return name === undefined ? undefined : mask(name.trimEnd());
  } catch {
    // This is only a hint; the command does not need it.
    return undefined;
  }
}

/** `origin`, as git does; or the only remote, if there is one. */
function toDefaultRemote({ remotes: [only, ...others] }: BranchSettings): string {
  return only !== undefined && others.length === 0 ? only : 'origin';
}

/** A name with wildcards or colons would be more than one branch. */
async function assertName(git: Git, source: string, signal: AbortSignal | undefined): Promise<void> {
  if ((await git.ask(['check-ref-format', source], { signal })) !== undefined) return;
  throw new Fault(
    'usage',
    safe`${quote(toShortName(source))} is not a valid name of a branch`,
    safe`name a branch of the remote, such as main`,
  );
}

async function toFetchFault(git: Git, upstream: Upstream, ended: Ended, signal: AbortSignal): Promise<Fault> {
  const { remote, source } = upstream;
  const { complaint, code } = ended;
  if (complaint.includes(`find remote ref ${source}`)) {
    const listed = await git.ask(['ls-remote', '--quiet', '--', remote, `${heads}*`], { signal });
    const refs = listed?.split('\n').flatMap((line) => line.split('\t')[1] ?? []);
    return new Fault(
      'environment',
      safe`the remote ${mask(remote)} has no branch ${quote(toShortName(source))}`,
      safe`${refs === undefined ? '' : safe`${toBranchList(refs)}; `}name one with --branch, or push it first`,
    );
  }
  return new Fault(
    'environment',
    safe`${mask(`${remote}/${toShortName(source)}`)} cannot be fetched: ${toSaid(complaint) ?? safe`git fetch ended with ${code}`}`,
    isDenied(complaint)
      ? safe`give git credentials: a credential helper, or a key that ssh uses without a prompt`
      : safe`check that git fetch works here: it uses the same configuration`,
  );
}

/** By the messages of git and OpenSSH, which are English here. */
function isDenied(complaint: string): boolean {
  return /Authentication failed|could not read (Username|Password)|Permission denied|requested URL returned error: 40[13]/.test(
    complaint,
  );
}

function toShortName(ref: string): string {
  return ref.startsWith(heads) ? ref.slice(heads.length) : ref.replace(/^refs\//, '');
}
