/**
 * Which files of a work tree are not committed, or committed but not pushed.
 *
 * Not committed: a file of the work tree that differs from HEAD (staged or not, also an untracked or ignored one), and
 * one that is missing in the work tree; but not a file that is only staged while the work tree equals HEAD. Pushed: a
 * remote-tracking branch, as it was last fetched, has the same file; that is the branch's push destination or its
 * upstream. A branch without either is compared with the branch of the same name at the remote, or with the remote's
 * default branch. Without a remote, and when HEAD is detached, nothing counts as unpushed.
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
 * @param files of the work tree that matter, by their paths.
 * @returns undefined when git cannot tell: it is not installed, or does not accept the folder as a work tree.
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
  const [status, tracked] = await Promise.all([readStatus(git, paths), list('ls-files')]);
  if (status === undefined || tracked === undefined) return undefined;
  const { head, changed, unclear } = status;
  const [branch, other] = await Promise.all([
    // A branch may have that name.
    status.branch === '(detached)' ? findBranch(git) : status.branch,
    unclear ? differ('HEAD') : undefined,
  ]);
  const destination = branch === undefined ? undefined : await findDestination(git, branch);
  const findUnpushed = async (): Promise<ReadonlySet<string>> => {
    if (head === undefined || branch === undefined || destination === undefined) return new Set();
    const compare = async (ref: string) => {
      const other = await differ(ref, 'HEAD');
      if (other === undefined || other.size === 0) return other;
      // Between unrelated histories, every difference counts.
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
  /** Whether some of them are staged and changed again: the work tree may equal HEAD. */
  readonly unclear: boolean;
}

/** The state of tracked files (git-status(1), "Porcelain Format Version 2"). */
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

/** The folder with everything below it, and the files directly in the folders around it. */
function toPathspecs(folder: string, outermost: string): string[] {
  if (folder === '') return [];
  const parts = folder.split('/');
  const depth = outermost === '' ? 0 : outermost.split('/').length;
  const around = parts.slice(depth).map((_, i) => parts.slice(0, depth + i).join('/'));
  return ['--', toLiteral(folder), ...around.map((outer) => toGlob(outer, '*'))];
}

/** Names outside the prefix are left out. */
function toNames(names: readonly string[], prefix: string): Set<string> {
  if (prefix === '') return new Set(names);
  return new Set(names.filter((name) => name.startsWith(`${prefix}/`)).map((name) => name.slice(prefix.length + 1)));
}
