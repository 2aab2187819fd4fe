/** Where people's own commands look for models. */
import { resolve } from 'node:path';
import type { PathNames } from '../../core/repository/find-model.ts';
import { hasModel } from '../../core/repository/find-model.ts';
import type { FolderPlaces } from '../../io/files/folder-tree.ts';
import { isFolder, openFolderTree } from '../../io/files/folder-tree.ts';
import { readArgocdEnvironment } from '../../io/process/argocd-environment.ts';
import type { Host } from '../host.ts';
import type { PlaceFlags, Places } from './places.ts';
import { toPlaces } from './places.ts';

/** For a command that a person runs: Argo CD's environment variables do not count. */
export function toOwnPlaces(flags: PlaceFlags & { readonly path: string }, host: Host): Places {
  return toPlaces(host, readArgocdEnvironment({}), flags.path, flags);
}

/** A model is looked for at and below the folder, and in the whole repository if no folder was named and it is not there. */
export function toModelPlaces<P extends FolderPlaces & PathNames>(
  name: string,
  places: P,
  { path }: { readonly path: string },
): P {
  if (path !== '.' || places.folder === places.root) return places;
  const isHere = isFolder(places.folder) && hasModel(name, openFolderTree(places), places);
  return isHere ? places : { ...places, folder: places.root };
}

/** The same places with the folder of one model. */
export function toFolderPlaces<P extends FolderPlaces>(places: P, folder: string): P {
  return { ...places, folder: resolve(places.repository, folder) };
}
