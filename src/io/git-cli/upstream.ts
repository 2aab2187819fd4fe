/**
 * The remote branch that a branch follows, and fetching it as `git fetch` does, with whatever git is configured with.
 *
 * Invariant: nothing in the repository changes but the remote-tracking branch and what it needs: no other ref, no
 * FETCH_HEAD, no tag, and no maintenance is left behind in the background.
 *
 * The options are those of git 2.30: --no-write-fetch-head and maintenance.auto came with 2.29.
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

/** A branch of a remote, and where the repository keeps it; refs in full. */
export interface Upstream {
  /** Its name; `.`: the repository itself. */
  readonly remote: string;
  /** As the remote names it. */
  readonly source: string;
  /** As the repository names it. */
  readonly ref: string;
}

const remotes = 'refs/remotes/';

/** `origin/main`; a revision too. */
export function toUpstreamName({ ref }: Upstream): SafeText {
  const prefix = [heads, remotes].find((one) => ref.startsWith(one)) ?? '';
  return mask(ref.slice(prefix.length));
}

/**
 * The branch that HEAD's branch follows.
 *
 * @param branch of the remote, in place of the one that git's configuration names.
 * @throws Fault when HEAD is on no branch, or on one that follows none; when there is no such remote, or there can be
 *   no such branch; and when git cannot be run.
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
 * @param own the branch that is followed by configuration, and the remote-tracking branch that git gives for it, if
 *   it does: not where the branch has no commit yet, and not where what is fetched by itself leaves it out.
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
    // Others of this remote are kept beside it.
    if (own.ref.endsWith(`/${name}`))
      return { remote, source, ref: own.ref.slice(0, -name.length) + toShortName(source) };
  }
  return { remote, source, ref: `${remotes}${remote}/${toShortName(source)}` };
}

/** @throws Fault when it cannot be fetched. */
export async function fetchUpstream(git: Git, upstream: Upstream, signal: AbortSignal): Promise<void> {
  const { remote, source, ref } = upstream;
  // A branch of the repository itself is where it is.
  if (remote === '.') return;
  const words = [
    '-c',
    'maintenance.auto=false',
    // 2.48 and 2.49 create the remote's HEAD where it is missing, also for what is named on the command line.
    '-c',
    `remote.${remote}.followRemoteHEAD=never`,
    'fetch',
    '--quiet',
    '--no-tags',
    '--no-prune',
    '--no-recurse-submodules',
    '--no-write-fetch-head',
    // Whatever else is configured to be kept of the remote is left alone.
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
 * @returns its name if so; undefined also where that cannot be told.
 */
export async function findAheadUpstream(git: Git, signal: AbortSignal): Promise<SafeText | undefined> {
  try {
    const found = await git.ask(['rev-list', '--max-count=1', 'HEAD..@{upstream}', '--'], { signal });
    if (!found) return undefined;
    const name = await git.ask(['rev-parse', '--abbrev-ref', '@{upstream}'], { signal });
    return name === undefined ? undefined : mask(name.trimEnd());
  } catch {
    // It is a hint beside what was asked for: that it cannot be had is no news.
    return undefined;
  }
}

/** As git does; and where there is no origin, the only remote that there is. */
function toDefaultRemote({ remotes: [only, ...others] }: BranchSettings): string {
  return only !== undefined && others.length === 0 ? only : 'origin';
}

/** With wildcards or colons it would be more than the name of one branch. */
async function assertName(git: Git, source: string, signal: AbortSignal | undefined): Promise<void> {
  if ((await git.ask(['check-ref-format', source], { signal })) !== undefined) return;
  throw new Fault(
    'usage',
    safe`there can be no branch ${quote(toShortName(source))}`,
    safe`name a branch of the remote, as main`,
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
      ? safe`let git have the credentials: a credential helper, or a key that ssh uses without a question`
      : safe`check that git fetch works here: its configuration is used`,
  );
}

/** By what git and OpenSSH write, which is in English here. */
function isDenied(complaint: string): boolean {
  return /Authentication failed|could not read (Username|Password)|Permission denied|requested URL returned error: 40[13]/.test(
    complaint,
  );
}

function toShortName(ref: string): string {
  return ref.startsWith(heads) ? ref.slice(heads.length) : ref.replace(/^refs\//, '');
}
