import { findPending } from '../../commands/pending.ts';
import type { FindPending } from '../../core/assess/pending.ts';
import type { FolderTree } from '../../core/input/folder-tree.ts';
import type { FolderPlaces } from '../../io/files/folder-tree.ts';
import { findRepository } from '../../io/files/folder-tree.ts';
import { GitClone } from '../../io/git-cli/clone.ts';
import { Git } from '../../io/git-cli/git.ts';
import { toSubject } from '../../output/words/edit.ts';
import type { Host } from '../host.ts';

/** @param tree of the work tree. */
export async function findPendingHere(
  places: FolderPlaces,
  tree: FolderTree,
  { environment }: Pick<Host, 'environment'>,
): Promise<FindPending> {
  const root = findRepository(places.folder);
  if (root === undefined) return () => undefined;
  // It only reads, so git may not ask for a password.
  const clone = new GitClone(new Git(root, { environment }), places);
  return findPending(tree, { clone, toMessage: (files) => toSubject({ code: 'edit', files }) });
}
