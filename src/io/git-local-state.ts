/**
 * What of a work tree's files is only here: not in HEAD, or in HEAD and not at the remote.
 *
 * What counts: a file of the work tree that HEAD does not hold as it is (staged or not, untracked and ignored ones
 * too), and one that is gone from the work tree; not what is only staged while the work tree is as HEAD. A commit
 * counts as pushed when the remote-tracking branch, as it was last fetched, holds the same file. A branch without an
 * upstream is compared with its namesake at the remote, or with the remote's default branch; without a remote, and
 * when HEAD is detached, nothing is called unpushed.
 */
import { relative, sep } from 'node:path';
import { toShellWord } from '../output/shell-word.ts';
import type { Environment } from './argocd-environment.ts';
import type { FolderPlaces } from './folder-tree.ts';
import { findRepository } from './folder-tree.ts';
import { askGit } from './git-command.ts';
import { findUnfinished, openGitFolder } from './git-folder.ts';

/** Paths are those of the folder tree: from the repository's root as the command takes it. */
export interface LocalState {
  /** The commit that HEAD is; undefined: there is none yet. */
  readonly head: string | undefined;
  /** Undefined: HEAD is detached. */
  readonly branch: string | undefined;
  /** Files of the work tree that differ from HEAD, and those of HEAD that the work tree does not have. */
  readonly uncommitted: ReadonlySet<string>;
  /** Files of HEAD that the remote does not have so. */
  readonly unpushed: ReadonlySet<string>;
  /** Whether git knows of a file: it is committed, or at least staged. */
  readonly isTracked: (path: string) => boolean;
  /** The command that ends a merge or rebase that is not finished: until then git commits no file alone. */
  readonly unfinished: string | undefined;
  /** The command that pushes what is committed; undefined where there is no branch or no remote. */
  readonly push: string | undefined;
}

/**
 * @param files that are in the work tree, by their paths; git is asked about them.
 * @returns undefined where git does not tell: outside of a repository, or when it is not installed.
 */
export async function readLocalState(
  { repository, folder, root: outermost }: FolderPlaces,
  files: readonly string[],
  environment: Environment,
): Promise<LocalState | undefined> {
  const root = findRepository(folder);
  if (root === undefined) return undefined;
  const toPath = (absolute: string) => relative(root, absolute).split(sep).join('/');
  const prefix = toPath(repository);
  if (prefix.startsWith('..')) return undefined;
  const git = (...words: string[]) => askGit(root, words, environment);
  const paths = toPathspecs(toPath(folder), toPath(outermost));
  const list = async (...words: string[]) => toNames(await git(...words, '-z', ...paths), prefix);
  const [tracked, branch, head] = await Promise.all([
    list('ls-files'),
    git('symbolic-ref', '--quiet', '--short', 'HEAD'),
    git('rev-parse', '--quiet', '--verify', 'HEAD'),
  ]);
  if (tracked === undefined) return undefined;
  const upstream = await findUpstream(branch?.trim(), git);
  const differ = (...commits: string[]) => list('diff', '--name-only', '--no-renames', ...commits);
  const ref = head === undefined || upstream?.isSame === true ? undefined : upstream?.ref;
  const [changed, since, other] = await Promise.all([
    head === undefined ? new Set(files) : differ('HEAD'),
    ref === undefined ? undefined : differ(`${ref}...HEAD`),
    ref === undefined ? undefined : differ(ref, 'HEAD'),
  ]);
  const unpushed =
    upstream === undefined || head === undefined || upstream.isSame
      ? []
      : upstream.ref === undefined
        ? files.filter((path) => tracked.has(path))
        : [...(other ?? [])].filter((path) => since === undefined || since.has(path));
  return {
    head: head?.trim(),
    branch: branch?.trim(),
    uncommitted: new Set([...(changed ?? []), ...files.filter((path) => !tracked.has(path))]),
    unpushed: new Set(unpushed),
    isTracked: (path) => tracked.has(path),
    unfinished: findUnfinished(openGitFolder(root).gitdir)?.command,
    push: upstream?.push,
  };
}

/** The folder and all below it, and the files of the folders around it. */
function toPathspecs(folder: string, outermost: string): string[] {
  if (folder === '') return [];
  const parts = folder.split('/');
  const depth = outermost === '' ? 0 : outermost.split('/').length;
  const around = parts.slice(depth).map((_, i) => parts.slice(0, depth + i));
  const toGlob = (outer: readonly string[]) => [...outer.map(escapeGlob), '*'].join('/');
  return ['--', `:(literal)${folder}`, ...around.map((outer) => `:(glob)${toGlob(outer)}`)];
}

function escapeGlob(part: string): string {
  return part.replace(/[*?[\]\\]/g, '\\$&');
}

/** The names of a list that `-z` ends; those outside of the prefix are none of ours. */
function toNames(listed: string | undefined, prefix: string): Set<string> | undefined {
  if (listed === undefined) return undefined;
  const names = listed.split('\0').slice(0, -1);
  if (prefix === '') return new Set(names);
  return new Set(names.filter((name) => name.startsWith(`${prefix}/`)).map((name) => name.slice(prefix.length + 1)));
}

type Git = (...words: string[]) => Promise<string | undefined>;

interface UpstreamPlace {
  /** What HEAD is compared with; undefined: nothing of the remote is here yet. */
  readonly ref: string | undefined;
  /** It is the commit that HEAD is. */
  readonly isSame: boolean;
  readonly push: string;
}

/** Where a branch is pushed to; undefined: there is no branch, or no remote. */
async function findUpstream(branch: string | undefined, git: Git): Promise<UpstreamPlace | undefined> {
  if (branch === undefined) return undefined;
  const format = '%(upstream)%00%(upstream:remotename)%00%(upstream:remoteref)%00%(upstream:track)';
  const told = await git('for-each-ref', `--format=${format}`, `refs/heads/${branch}`);
  const [ref = '', remote = '', merge = '', track = ''] = (told?.trimEnd() ?? '').split('\0');
  if (ref !== '' && remote !== '' && remote !== '.') {
    const name = merge.replace(/^refs\/heads\//, '');
    const push = name === branch ? 'git push' : `git push ${toShellWord(remote)} ${toShellWord(`HEAD:${name}`)}`;
    const isGone = track.includes('gone');
    return {
      ref: isGone ? await findDefault(remote, git) : ref,
      isSame: track === '',
      push: track.includes('behind') ? `git pull --rebase --autostash && ${push}` : push,
    };
  }
  const own = await findRemote(branch, git);
  if (own === undefined) return undefined;
  const namesake = `refs/remotes/${own}/${branch}`;
  const isThere = (await git('rev-parse', '--quiet', '--verify', namesake)) !== undefined;
  return {
    ref: isThere ? namesake : await findDefault(own, git),
    isSame: false,
    push: toFirstPush(own, branch),
  };
}

/** The command that pushes a branch that is new; undefined where there is no remote. */
export async function findFirstPush(
  folder: string,
  branch: string,
  environment: Environment,
): Promise<string | undefined> {
  const remote = await findRemote(branch, (...words) => askGit(folder, words, environment));
  return remote === undefined ? undefined : toFirstPush(remote, branch);
}

/** The command that pushes a branch that has no upstream. */
function toFirstPush(remote: string, branch: string): string {
  return `git push --set-upstream ${toShellWord(remote)} ${toShellWord(branch)}`;
}

/** The remote that a branch without an upstream is pushed to. */
async function findRemote(branch: string, git: Git): Promise<string | undefined> {
  const remotes = ((await git('remote')) ?? '').split('\n').filter((name) => name !== '');
  for (const key of [`branch.${branch}.pushRemote`, 'remote.pushDefault', `branch.${branch}.remote`]) {
    const name = (await git('config', '--get', key))?.trim();
    if (name !== undefined && remotes.includes(name)) return name;
  }
  return remotes.find((name) => name === 'origin') ?? remotes[0];
}

/** The remote-tracking branch that others are merged into. */
async function findDefault(remote: string, git: Git): Promise<string | undefined> {
  for (const name of ['HEAD', 'main', 'master']) {
    const ref = `refs/remotes/${remote}/${name}`;
    if ((await git('rev-parse', '--quiet', '--verify', ref)) !== undefined) return ref;
  }
  return undefined;
}
