/** The model that an edit is for, and what is rendered of all that is below the folder. */
import { resolve } from 'node:path';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { isWithin, toFoundFile } from '../../core/input/folder-tree.ts';
import type { Digests } from '../../core/render/digests.ts';
import { renderDigests } from '../../core/render/digests.ts';
import type { ModelTarget } from '../../core/repository/find-model.ts';
import { pickModel, pickModelAt, toOwnTree } from '../../core/repository/find-model.ts';
import { openFolderTree } from '../../io/files/folder-tree.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import { toModelPlaces, toOwnPlaces } from '../flags/model-places.ts';
import type { Places } from '../flags/places.ts';
import type { Host } from '../host.ts';
import type { EditFlags } from './flags.ts';

export interface EditTarget extends ModelTarget {
  readonly places: Places;
  readonly cluster: string | undefined;
}

/** @returns problems when there is no such model; throws a fault when the places or flags are wrong. */
export function findTarget(
  name: string,
  flags: EditFlags,
  host: Host,
): EditTarget | { readonly places: Places; readonly problems: readonly Problem[] } {
  const places = toModelPlaces(name, toOwnPlaces(flags, host), flags);
  return { ...pickModel(name, openFolderTree(places), places), places, cluster: toClusterName(flags.cluster) };
}

/** The same model in another state of the same files. */
export function pickTargetAt(path: string, { tree, places, cluster }: Pick<EditTarget, 'places' | 'tree' | 'cluster'>) {
  const found = pickModelAt(path, tree);
  return found && { ...found, places, cluster };
}

export function renderAll(
  { tree, cluster }: Pick<EditTarget, 'tree' | 'cluster'>,
  { edited }: { readonly edited?: ReadonlyMap<string, string> } = {},
): Digests {
  return renderDigests(tree, { cluster, ...(edited && { edited }) });
}

export function toOwnApplication(target: EditTarget): EditTarget {
  return { ...target, tree: toOwnTree(target) };
}

/** The same with all that a file reaches: a policy further out holds for models that were not looked at. */
export function toReachOf(target: EditTarget, path: string): EditTarget {
  const { places, tree } = target;
  const { folder } = toFoundFile(path);
  if (isWithin(folder, tree.folder)) return target;
  return { ...target, tree: openFolderTree({ ...places, folder: toAbsolute(target, folder) }) };
}

/** The path of a file on this machine. */
export function toAbsolute({ places }: EditTarget, path: string): string {
  return resolve(places.repository, path);
}

/** For which other models the percentage in a policy holds. */
export function toReach(after: Pick<Digests, 'rollouts'>, shownPath: string, path: string, name: string): string[] {
  const others = after.rollouts
    .filter(({ rollout }) => rollout.policy.origins.get('mirrorPercentage')?.source.path === path)
    .map(({ rollout }) => rollout.name)
    .filter((other) => other !== name);
  const shown = others.slice(0, 5).join(', ');
  return others.length === 0 ? [] : [`${shownPath} also holds for ${shown}${others.length > 5 ? ', …' : ''}`];
}
