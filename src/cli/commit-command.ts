import type { SafeText } from '../input/safe-text.ts';
import { mask } from '../input/safe-text.ts';
import type { LocalState } from '../io/git-local-state.ts';
import { toShellPath, toShellWord } from '../output/shell-word.ts';

/**
 * One line that commits these files and nothing else, and pushes where that can be done; in the middle of a merge
 * or rebase one that ends it with them.
 */
export function toCommitCommand(
  { branch, push, isTracked, unfinished }: Pick<LocalState, 'branch' | 'push' | 'isTracked' | 'unfinished'>,
  files: readonly string[],
  toPath: (file: string) => string,
  message?: string,
): SafeText {
  const words = (some: readonly string[]) => some.map((file) => toShellPath(toPath(file))).join(' ');
  const added = files.filter((file) => !isTracked(file));
  if (unfinished !== undefined)
    return mask([`git add ${words(files)}`, unfinished, ...(push === undefined ? [] : [push])].join(' && '));
  const parts = [
    ...(branch === undefined ? ['git switch --create BRANCH'] : []),
    ...(added.length === 0 ? [] : [`git add ${words(added)}`]),
    `git commit ${message === undefined ? '' : `-m ${toShellWord(message)} `}${words(files)}`,
    ...(push === undefined ? [] : [push]),
  ];
  return mask(parts.join(' && '));
}
