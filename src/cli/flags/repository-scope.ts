/** The repository, folder and root of a command that reads revisions and needs no work tree. */
import { posix, relative, resolve, sep } from 'node:path';
import { Fault } from '../../core/diagnostics/fault.ts';
import { mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { PathNames } from '../../core/repository/find-model.ts';
import { findRepository, isBareRepository, toRealFolder } from '../../io/files/folder-tree.ts';
import type { Host } from '../host.ts';
import type { PlaceFlags, Places } from './places.ts';
import { toInnerPaths } from './places.ts';

/** A part of a repository. */
export interface RepositoryScope extends PathNames {
  readonly repository: string;
  /** From the repository's root. */
  readonly folder: string;
  readonly root: string;
  readonly isBare: boolean;
}

/** The same as folders on this machine, which need not exist. */
export function toScopePlaces({ repository, folder, root, toShownPath, toInnerPaths }: RepositoryScope): Places {
  return {
    repository,
    repositoryPath: '.',
    folder: resolve(repository, folder),
    root: resolve(repository, root),
    problems: [],
    toShownPath,
    toInnerPaths,
  };
}

/**
 * The folder need not exist in the work tree: a revision may have it.
 *
 * @throws Fault when there is no repository, or when a flag names something outside of it.
 */
export function toRepositoryScope(flags: PlaceFlags & { readonly path: string }, host: Host): RepositoryScope {
  const from = toRealFolder(resolve(host.workingDirectory, flags.repoRoot ?? '.'));
  const isBare = isBareRepository(from);
  const repository = isBare || flags.repoRoot !== undefined ? from : findRepository(from);
  if (repository === undefined)
    throw new Fault(
      'environment',
      safe`this is not in a git repository`,
      safe`run this in a repository, or pass its root with --repo-root`,
    );
  // A bare repository has no folders to be in: paths count from its root.
  const start = isBare ? repository : host.workingDirectory;
  const toInner = (path: string, name: '--path' | '--root') => {
    const inner = relative(repository, resolve(start, path)).split(sep).join('/') || '.';
    if (inner === '..' || inner.startsWith('../'))
      throw new Fault(
        'usage',
        safe`${name} ${quote(path)} is not in the repository ${mask(repository)}`,
        safe`correct ${name}`,
      );
    return posix.normalize(inner);
  };
  const folder = toInner(flags.path, '--path');
  const root = flags.root === undefined ? '.' : toInner(flags.root, '--root');
  if (root !== '.' && folder !== root && !folder.startsWith(`${root}/`))
    throw new Fault('usage', safe`the root ${quote(root)} does not contain ${quote(folder)}`, safe`correct --root`);
  return {
    repository,
    folder,
    root,
    isBare,
    toShownPath: (file) => mask(relative(start, resolve(repository, file)) || '.'),
    toInnerPaths: (typed) => toInnerPaths(typed, start, repository),
  };
}
