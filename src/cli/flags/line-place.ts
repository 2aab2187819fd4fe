import { relative, resolve } from 'node:path';
import { findRepository } from '../../io/files/folder-tree.ts';
import type { LinePlace } from '../../output/words/git-steps.ts';
import type { Host } from '../host.ts';

/**
 * How to name a work tree and its files to git, from where the command was run.
 *
 * @param root of the work tree.
 * @param repository the folder that paths count from.
 */
export function toLinePlace(
  root: string,
  repository: string,
  { workingDirectory }: Pick<Host, 'workingDirectory'>,
): LinePlace {
  const isFound = findRepository(workingDirectory) === root;
  const from = isFound ? workingDirectory : root;
  const shortest = [relative(workingDirectory, root), root].sort((a, b) => a.length - b.length)[0];
  return {
    folder: isFound ? undefined : shortest,
    toPath: (file) => relative(from, resolve(repository, file)) || '.',
  };
}
