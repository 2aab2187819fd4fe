/** What to do next with git, as one line that does it from the folder where the command was run. */
import { dirname, relative, resolve, sep } from 'node:path';
import type { Step } from '../../core/assess/pending.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../../core/diagnostics/safe-text.ts';
import { findRepository } from '../../io/files/folder-tree.ts';
import type { Destination } from '../../io/git-cli/destination.ts';
import type { Git } from '../../io/git-cli/git.ts';
import type { LocalState } from '../../io/git-cli/local-state.ts';
import type { Unfinished } from '../../io/git-cli/unfinished.ts';
import { findUnfinished } from '../../io/git-cli/unfinished.ts';
import { toCommitWords } from '../../output/commit-words.ts';
import type { GitCommand } from '../../output/shell-word.ts';
import { toGitLine, toPathspec } from '../../output/shell-word.ts';

/** Where lines are typed. */
export interface StepPlace {
  readonly workingDirectory: string;
  /** The folder that paths count from. */
  readonly repository: string;
}

type StepState = Pick<LocalState, 'head' | 'branch' | 'destination' | 'isTracked'>;

export interface GitSteps {
  /**
   * Commits these files and nothing else, and pushes where that can be done; in the middle of a merge or rebase it
   * ends that with them.
   *
   * @param hidden of them, those that git is told to take for unchanged.
   */
  readonly toCommit: (files: readonly string[], message?: string, hidden?: readonly string[]) => Step;
  /** Pushes what is committed. */
  readonly push: Step;
  readonly canPush: boolean;
}

const pull = ['pull', '--rebase', '--autostash'];

const flags = ['--no-assume-unchanged', '--no-skip-worktree'];

/**
 * Reads what such a line depends on.
 *
 * @param files that may be committed.
 */
export async function readGitSteps(
  git: Git,
  state: StepState,
  files: readonly string[],
  place: StepPlace,
): Promise<GitSteps> {
  const { branch, isTracked } = state;
  const fresh = files.filter((file) => !isTracked(file)).map((file) => toInner(git, place, file));
  const [unfinished, pushing, branches, ignored] = await Promise.all([
    // Whatever is unfinished, a push is not affected.
    files.length === 0 ? undefined : findUnfinished(git),
    findPush(git, state),
    branch === undefined ? listBranches(git) : [],
    listIgnored(git, fresh),
  ]);
  const conflicts = unfinished === undefined ? [] : await listConflicts(git);
  const { folder, toPath } = toLinePlace(git, place);
  const words = (some: readonly string[]) => some.map((file) => toPathspec(toPath(file)));
  const add = (some: readonly string[]): GitCommand => {
    const isIgnored = some.some((file) => ignored.has(toInner(git, place, file)));
    return { words: ['add', ...(isIgnored ? ['--force'] : []), ...words(some)] };
  };
  return {
    push:
      pushing === undefined
        ? { words: branch === undefined ? safe`no branch is checked out` : safe`there is no remote to push it to yet` }
        : { command: toGitLine(pushing, folder) },
    canPush: pushing !== undefined,
    toCommit: (chosen, message = toMessage(chosen), hidden = []) => {
      const own = new Set(chosen.map((file) => toInner(git, place, file)));
      const others = conflicts.filter((path) => !own.has(path));
      if (unfinished !== undefined && others.length > 0)
        return {
          words: safe`a ${unfinished.what} is not finished here: resolve the conflicts in ${toList(others)} first`,
        };
      const shown = hidden.flatMap((file) =>
        flags.map((flag) => ({ words: ['update-index', flag, toOwn(toPath(file))] })),
      );
      if (unfinished !== undefined)
        return {
          command: toGitLine([...shown, add(chosen), toContinue(unfinished), ...(pushing ?? [])], folder),
        };
      const added = chosen.filter((file) => !isTracked(file));
      return {
        command: toGitLine(
          [
            ...(branch === undefined ? [{ words: ['switch', '--create', toFreeName(message, branches)] }] : []),
            ...shown,
            ...(added.length === 0 ? [] : [add(added)]),
            { words: ['commit', '-m', message, ...words(chosen)] },
            ...(pushing ?? []),
          ],
          folder,
        ),
      };
    },
  };
}

/** Makes a branch of what is committed, and pushes that; for who may not push to the one that is checked out. */
export async function findBranchCommands(git: Git, remote: string, message: string): Promise<GitCommand[]> {
  const free = toFreeName(message, await listBranches(git));
  return [{ words: ['switch', '--create', free] }, { words: ['push', '--set-upstream', remote, free] }];
}

/** Catches up with the branch that is pushed to. */
export function toPull({ isFirst, remote, branch }: Destination): GitCommand {
  return { words: [...pull, ...(isFirst ? [remote, branch] : [])] };
}

/** A line of commands of git for this work tree. */
export function toStepLine(git: Git, commands: readonly GitCommand[], place: StepPlace): SafeText {
  return toGitLine(commands, toLinePlace(git, place).folder);
}

/** Makes a whole file as HEAD has it; undefined outside of a repository. */
export function toUndoLine(file: string, place: StepPlace): SafeText | undefined {
  const root = findRepository(dirname(resolve(place.repository, file)));
  if (root === undefined) return undefined;
  const { folder, toPath } = toLinePlace({ folder: root }, place);
  return toGitLine([{ words: ['checkout', 'HEAD', '--', toPathspec(toPath(file))] }], folder);
}

function toContinue({ what }: Unfinished): GitCommand {
  return { words: [what, '--continue'], isEditing: true };
}

/** From where a line is typed, git is in this work tree or must be told of it. */
function toLinePlace(
  { folder: root }: Pick<Git, 'folder'>,
  { workingDirectory, repository }: StepPlace,
): { readonly folder: string | undefined; readonly toPath: (file: string) => string } {
  const isWithin = findRepository(workingDirectory) === root;
  const from = isWithin ? workingDirectory : root;
  return {
    folder: isWithin ? undefined : toShorter(relative(workingDirectory, root), root),
    toPath: (file) => relative(from, resolve(repository, file)) || '.',
  };
}

function toShorter(one: string, other: string): string {
  return one.length < other.length ? one : other;
}

function toInner({ folder }: Git, { repository }: StepPlace, file: string): string {
  return relative(folder, resolve(repository, file)).split(sep).join('/');
}

/** Where paths are no patterns. */
function toOwn(path: string): string {
  return path.startsWith('-') ? `./${path}` : path;
}

/** Pulls first where the upstream is ahead of what it would be pushed onto. */
async function findPush(git: Git, { head, branch, destination }: StepState): Promise<GitCommand[] | undefined> {
  if (branch === undefined || destination === undefined) return undefined;
  const { words, isFirst, tracking } = destination;
  const [pushed, ...others] = tracking;
  const isOne = !isFirst && pushed !== undefined && others.length === 0;
  const ahead =
    isOne && head !== undefined
      ? await git.ask(['rev-list', '--max-count=1', '--end-of-options', `HEAD..${pushed}`, '--'])
      : undefined;
  return [...(ahead === undefined || ahead === '' ? [] : [{ words: pull }]), { words }];
}

/** Of these paths, those that git is told to ignore. */
async function listIgnored(git: Git, paths: readonly string[]): Promise<ReadonlySet<string>> {
  if (paths.length === 0) return new Set();
  const listed = await git.ask(['check-ignore', '-z', '--stdin'], { input: paths.map((path) => `${path}\0`).join('') });
  return new Set((listed ?? '').split('\0'));
}

async function listConflicts(git: Git): Promise<string[]> {
  const listed = await git.ask(['diff', '--name-only', '--diff-filter=U', '-z']);
  return (listed ?? '').split('\0').filter((path) => path !== '');
}

async function listBranches(git: Git): Promise<string[]> {
  return ((await git.ask(['for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads/'])) ?? '').split('\n');
}

/** A name for a branch that tells what is done there. */
function toFreeName(message: string, taken: readonly string[]): string {
  const words = message.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const name = words.join('-').slice(0, 40).replace(/-$/, '') || 'edit';
  const isTaken = (one: string) => taken.some((other) => other === one || other.startsWith(`${one}/`));
  for (let i = 1; ; i++) {
    const one = i === 1 ? name : `${name}-${i}`;
    if (!isTaken(one)) return one;
  }
}

/** Of files that somebody has edited by hand. */
function toMessage(files: readonly string[]): string {
  const all = `Edit ${files.join(', ')}`;
  return toCommitWords(all.length <= 72 ? all : `Edit ${files.length === 1 ? files[0] : `${files.length} files`}`, 200);
}

function toList(paths: readonly string[]): SafeText {
  const shown = paths.slice(0, 3).map(mask);
  return join(paths.length > 3 ? [...shown, safe`${paths.length - 3} more`] : shown, ', ');
}
