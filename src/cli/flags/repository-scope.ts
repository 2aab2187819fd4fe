/** Which part of which repository is meant, by commands that read revisions and need no work tree. */
import { posix, relative, resolve, sep } from 'node:path';
import { Fault } from '../../core/diagnostics/fault.ts';
import { mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { PathNames } from '../../core/repository/find-model.ts';
import { findRepository, isBareRepository, toRealFolder } from '../../io/files/folder-tree.ts';
import type { Host } from '../host.ts';
import type { PlaceFlags, Places } from './places.ts';
import { toInnerPaths } from './places.ts';

/** Where a repository is, and which part of it is meant. */
export interface Scene extends PathNames {
  readonly repository: string;
  /** From the repository's root. */
  readonly folder: string;
  readonly root: string;
  readonly isBare: boolean;
}

/** The same for what takes folders of this machine; they need not be there. */
export function toScenePlaces({ repository, folder, root, toShownPath, toInnerPaths }: Scene): Places {
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

/** The folder need not be there: it may have come or gone between the two. */
export function toScene(flags: PlaceFlags & { readonly path: string }, host: Host): Scene {
  const from = toRealFolder(resolve(host.workingDirectory, flags.repoRoot ?? '.'));
  const isBare = isBareRepository(from);
  const repository = isBare || flags.repoRoot !== undefined ? from : findRepository(from);
  if (repository === undefined)
    throw new Fault(
      'environment',
      safe`this is not in a git repository`,
      safe`change to one, or name it with --repo-root`,
    );
  // In a bare repository there is no folder to be in: paths count from its root.
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
    throw new Fault(
      'usage',
      safe`the root ${quote(root)} is not a folder around ${quote(folder)}`,
      safe`correct --root`,
    );
  return {
    repository,
    folder,
    root,
    isBare,
    toShownPath: (file) => mask(relative(start, resolve(repository, file)) || '.'),
    toInnerPaths: (typed) => toInnerPaths(typed, start, repository),
  };
}
