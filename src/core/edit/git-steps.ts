/** What to do next with git, as commands; `output/words/git-steps.ts` makes a line of them. */
import type { Destination, GitStepState, LocalState, UnfinishedKind } from '../ports/clone.ts';

/** Arguments of git, and files behind them. */
export interface GitCommand {
  readonly words: readonly string[];
  /** From the repository's root. */
  readonly files?: readonly string[];
  /** Whether git takes the files as patterns (gitglossary(7), "pathspec"). Default: true. */
  readonly takesPatterns?: boolean;
  /** Whether git would open an editor for a text that exists already. */
  readonly opensEditor?: boolean;
}

/** The next commands, or why there are none. */
export type GitStep =
  | { readonly code: 'run'; readonly commands: readonly GitCommand[] }
  | { readonly code: 'no-branch' }
  | { readonly code: 'no-remote' }
  /** @param conflicts in files that the commit would not resolve. */
  | { readonly code: 'unfinished'; readonly kind: UnfinishedKind; readonly conflicts: readonly string[] };

const pull = ['pull', '--rebase', '--autostash'];

const unhide = ['--no-assume-unchanged', '--no-skip-worktree'];

/** @returns whether {@link toPushStep} is a command. */
export function canPush({ branch, destination }: Pick<LocalState, 'branch' | 'destination'>): boolean {
  return branch !== undefined && destination !== undefined;
}

/** Pushes what is committed. */
export function toPushStep(state: Pick<LocalState, 'branch' | 'destination'>, { isBehind }: GitStepState): GitStep {
  if (state.branch === undefined) return { code: 'no-branch' };
  if (state.destination === undefined) return { code: 'no-remote' };
  return { code: 'run', commands: toPush(state.destination, isBehind) };
}

/**
 * Commits these files and nothing else, and pushes if possible; in the middle of a merge or rebase it finishes that
 * with them.
 *
 * @param hidden those of the files that git is told to treat as unchanged (git-update-index(1)).
 */
export function toCommitStep(
  state: LocalState,
  { unfinished, conflicts, ignored, branches, isBehind }: GitStepState,
  {
    files,
    message,
    hidden = [],
  }: { readonly files: readonly string[]; readonly message: string; readonly hidden?: readonly string[] },
): GitStep {
  const { branch, destination, isTracked } = state;
  const others = conflicts.filter((path) => !files.includes(path));
  if (unfinished !== undefined && others.length > 0) return { code: 'unfinished', kind: unfinished, conflicts: others };
  const shown = hidden.flatMap((file) =>
    unhide.map((flag) => ({ words: ['update-index', flag], files: [file], takesPatterns: false })),
  );
  const add = (some: readonly string[]) => {
    const isIgnored = some.some((file) => ignored.has(file));
    return { words: ['add', ...(isIgnored ? ['--force'] : [])], files: some };
  };
  const push = branch === undefined || destination === undefined ? [] : toPush(destination, isBehind);
  if (unfinished !== undefined) {
    const finish = { words: [unfinished, '--continue'], opensEditor: true };
    return { code: 'run', commands: [...shown, add(files), finish, ...push] };
  }
  const added = files.filter((file) => !isTracked(file));
  return {
    code: 'run',
    commands: [
      ...(branch === undefined ? [toNewBranch(message, branches)] : []),
      ...shown,
      ...(added.length === 0 ? [] : [add(added)]),
      { words: ['commit', '-m', message], files },
      ...push,
    ],
  };
}

/** Creates a branch at HEAD and pushes that, where the one that is checked out may not be pushed to. */
export function toBranchStep(remote: string, message: string, branches: readonly string[]): GitStep {
  const name = toFreeName(message, branches);
  return {
    code: 'run',
    commands: [{ words: ['switch', '--create', name] }, { words: ['push', '--set-upstream', remote, name] }],
  };
}

/** Catches up with the branch that is pushed to. */
export function toPull({ isFirst, remote, branch }: Destination): GitCommand {
  return { words: [...pull, ...(isFirst ? [remote, branch] : [])] };
}

function toPush({ words, isFirst }: Destination, isBehind: boolean): GitCommand[] {
  return [...(isBehind && !isFirst ? [{ words: pull }] : []), { words }];
}

function toNewBranch(message: string, branches: readonly string[]): GitCommand {
  return { words: ['switch', '--create', toFreeName(message, branches)] };
}

/** A name for a branch, made from a commit's subject. */
function toFreeName(message: string, taken: readonly string[]): string {
  const words = message.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const name = words.join('-').slice(0, 40).replace(/-$/, '') || 'edit';
  const isTaken = (one: string) => taken.some((other) => other === one || other.startsWith(`${one}/`));
  for (let i = 1; ; i++) {
    const one = i === 1 ? name : `${name}-${i}`;
    if (!isTaken(one)) return one;
  }
}
