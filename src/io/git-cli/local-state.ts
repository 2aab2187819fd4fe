/**
 * What of a work tree's files is only here: not in HEAD, or in HEAD and not at the remote.
 *
 * What counts: a file of the work tree that HEAD does not hold as it is (staged or not, untracked and ignored ones
 * too), and one that is gone from the work tree; not what is only staged while the work tree is as HEAD. A commit
 * counts as pushed when a remote-tracking branch, as it was last fetched, holds the same file: that of the branch it is
 * pushed to, or of the upstream. A branch without either is compared with its namesake at the remote, or with the
 * remote's default branch; without a remote, and when HEAD is detached, nothing is called unpushed.
 */
import { relative, sep } from 'node:path';
import { isFault } from '../../core/diagnostics/fault.ts';
import type { LocalState } from '../../core/ports/clone.ts';
import type { FolderPlaces } from '../files/folder-tree.ts';
import { findDestination, findNamesakes } from './destination.ts';
import type { Git } from './git.ts';
import { toGlob, toLiteral } from './pathspec.ts';

/**
 * @param git in the work tree's root.
 * @param files that are in the work tree, by their paths; git is asked about them.
 * @returns undefined where git does not tell: where it is not installed, or takes the folder for no work tree.
 */
export async function readLocalState(
  git: Git,
  places: FolderPlaces,
  files: readonly string[],
): Promise<LocalState | undefined> {
  try {
    return await read(git, places, files);
  } catch (error) {
    if (isFault(error)) return undefined;
    throw error;
  }
}

async function read(
  git: Git,
  { repository, folder, root }: FolderPlaces,
  files: readonly string[],
): Promise<LocalState | undefined> {
  const toPath = (absolute: string) => relative(git.folder, absolute).split(sep).join('/');
  const prefix = toPath(repository);
  if (prefix.startsWith('..')) return undefined;
  const paths = toPathspecs(toPath(folder), toPath(root));
  const list = async (...words: string[]) => {
    const listed = await git.ask([...words, '-z', ...paths]);
    return listed === undefined ? undefined : toNames(listed.split('\0').slice(0, -1), prefix);
  };
  const differ = (...commits: string[]) => list('diff', '--name-only', '--no-renames', ...commits);
  const [told, tracked] = await Promise.all([readStatus(git, paths), list('ls-files')]);
  if (told === undefined || tracked === undefined) return undefined;
  const { head, changed, unclear } = told;
  const [branch, other] = await Promise.all([
    // A branch may be called so.
    told.branch === '(detached)' ? findBranch(git) : told.branch,
    unclear ? differ('HEAD') : undefined,
  ]);
  const destination = branch === undefined ? undefined : await findDestination(git, branch);
  const findUnpushed = async (): Promise<ReadonlySet<string>> => {
    if (head === undefined || branch === undefined || destination === undefined) return new Set();
    const compare = async (ref: string) => {
      const other = await differ(ref, 'HEAD');
      if (other === undefined || other.size === 0) return other;
      // Where the histories have nothing in common, all that differs counts.
      const since = await differ(`${ref}...HEAD`);
      return since === undefined ? other : toBoth(other, since);
    };
    const found = await Promise.all(destination.tracking.map(compare));
    const known = found.filter((one) => one !== undefined);
    const [first, ...others] = known;
    if (first !== undefined) return others.reduce(toBoth, first);
    const [namesake] = await findNamesakes(git, destination.remote, branch);
    const since = namesake === undefined ? undefined : await compare(namesake);
    return since ?? new Set(files.filter((path) => tracked.has(path)));
  };
  const changes = other ?? toNames(changed, prefix);
  return {
    head,
    branch,
    uncommitted: new Set([...(head === undefined ? files : changes), ...files.filter((path) => !tracked.has(path))]),
    unpushed: await findUnpushed(),
    isTracked: (path) => tracked.has(path),
    destination,
  };
}

interface Status {
  readonly head: string | undefined;
  readonly branch: string;
  /** From the work tree's root. */
  readonly changed: readonly string[];
  /** Whether some of them are staged and changed again: the work tree may hold what HEAD does. */
  readonly unclear: boolean;
}

/** Of files that git tracks (git-status(1), "Porcelain Format Version 2"). */
async function readStatus(git: Git, paths: readonly string[]): Promise<Status | undefined> {
  const listed = await git.ask([
    'status',
    '--porcelain=v2',
    '--branch',
    '--no-ahead-behind',
    '--no-renames',
    '--untracked-files=no',
    '--ignore-submodules=all',
    '-z',
    ...paths,
  ]);
  if (listed === undefined) return undefined;
  const lines = listed.split('\0').slice(0, -1);
  const header = (name: string) => lines.find((line) => line.startsWith(`# ${name} `))?.slice(name.length + 3);
  const oid = header('branch.oid');
  const entries = lines.filter((line) => /^[1u] /.test(line));
  return {
    head: oid === '(initial)' ? undefined : oid,
    branch: header('branch.head') ?? '',
    changed: entries.map((line) =>
      line
        .split(' ')
        .slice(line.startsWith('1') ? 8 : 10)
        .join(' '),
    ),
    unclear: entries.some((line) => !/^1 (\.[MTD]|[MTDA]\.) /.test(line)),
  };
}

function toBoth(one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...one].filter((path) => other.has(path)));
}

async function findBranch(git: Git): Promise<string | undefined> {
  return (await git.ask(['symbolic-ref', '--quiet', '--short', 'HEAD']))?.trimEnd();
}

/** The folder and all below it, and the files of the folders around it. */
function toPathspecs(folder: string, outermost: string): string[] {
  if (folder === '') return [];
  const parts = folder.split('/');
  const depth = outermost === '' ? 0 : outermost.split('/').length;
  const around = parts.slice(depth).map((_, i) => parts.slice(0, depth + i).join('/'));
  return ['--', toLiteral(folder), ...around.map((outer) => toGlob(outer, '*'))];
}

/** Those outside of the prefix are none of ours. */
function toNames(names: readonly string[], prefix: string): Set<string> {
  if (prefix === '') return new Set(names);
  return new Set(names.filter((name) => name.startsWith(`${prefix}/`)).map((name) => name.slice(prefix.length + 1)));
}
