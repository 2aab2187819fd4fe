/**
 * Which model file a live object belongs to, and so which namespace each model is in.
 *
 * A route claims a model by naming its folder, but anyone may write such an annotation in a namespace of
 * their own: where the model file or the status file names the namespace, a claim from another one is
 * reported and ignored.
 */
import { compareText } from '../core/diagnostics/problem.ts';
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { join, mask, quote, safe } from '../core/diagnostics/safe-text.ts';
import { isWithin } from '../core/input/folder-tree.ts';
import { toKey, toServiceKey } from '../core/observe/live-object.ts';
import type { LiveObjects } from '../core/observe/observed-model.ts';
import { routers } from '../core/routing/routers.ts';
import type { BranchContent, ModelFile } from './branch-files.ts';
import type { LiveChange } from './live-cache.ts';

/** What a watcher is responsible for. */
export interface WatchScope {
  /** The watcher's folder from the repository's root; `.` for the root itself. */
  readonly path: string;
  /** Undefined: all. */
  readonly namespaces: readonly string[] | undefined;
}

export interface PlacedModel {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly model: ModelFile;
}

export interface Placement {
  /** By key: the models that are this watcher's. */
  readonly models: ReadonlyMap<string, PlacedModel>;
  /** The keys of the InferenceServices that these models declare → the model's key. */
  readonly owners: ReadonlyMap<string, string>;
  /** Of models that name no namespace: the status file → the namespace it named when it could last be read. */
  readonly homes: ReadonlyMap<string, string>;
}

export const emptyPlacement: Placement = { models: new Map(), owners: new Map(), homes: new Map() };

/**
 * Finds the namespace of each model.
 *
 * @param before the last placement.
 * @returns the new one, and the claims that are ignored.
 */
export function placeModels(
  branch: BranchContent,
  live: LiveObjects,
  scope: WatchScope,
  before: Placement,
): { readonly placement: Placement; readonly warnings: readonly SafeText[] } {
  const homes = toHomes(branch, before.homes);
  const { claims, strays } = findClaims(branch, live, scope);
  const ignored: SafeText[] = [];
  const models = new Map<string, PlacedModel>();
  const unclaimed: PlacedModel[] = [];
  for (const model of branch.models.values()) {
    const claimants = claims.get(model) ?? [];
    const home = model.namespace ?? homes.get(model.statusFile);
    ignored.push(...explainIgnored(model, home, claimants));
    const namespace = home ?? (claimants.length === 1 ? claimants[0] : undefined);
    if (namespace === undefined || !isWatched(namespace, scope)) continue;
    const placed = { key: toKey({ namespace, name: model.name }), namespace, model };
    if (claimants.includes(namespace)) models.set(placed.key, placed);
    else if (isKnownUnclaimed(placed, branch, live)) unclaimed.push(placed);
  }
  for (const placed of unclaimed)
    if (!models.has(placed.key) && live.routes.get(placed.key)?.path === undefined) models.set(placed.key, placed);
  return { placement: { models, owners: toOwners(models.values()), homes }, warnings: [...strays, ...ignored] };
}

/** The keys of the models that a change concerns; some may not exist. */
export function findModels(change: LiveChange, { owners }: Placement): string[] {
  const { key } = change;
  if (change.is === 'workload') return change.before === change.after ? [] : findOwners(change, owners);
  // Hop 2's route belongs to the model as hop 1's does.
  if (change.is === 'route')
    return [key, ...mirrorEnds.filter((end) => key.endsWith(end)).map((end) => key.slice(0, -end.length))];
  const services = [change.before, change.after].filter((service) => service !== undefined);
  const named = services.map(({ namespace, model }) => model && toKey({ namespace, name: model }));
  const keys = services.length === 0 ? [] : [...named, owners.get(key)];
  return [...new Set(keys)].filter((one) => one !== undefined);
}

/** Of a workload: the model that its InferenceService is labelled with, and the one that declares it. */
function findOwners(
  { of, before, after }: Extract<LiveChange, { readonly is: 'workload' }>,
  owners: Placement['owners'],
): string[] {
  const named = of?.model === undefined ? [] : [toKey({ namespace: of.namespace, name: of.model })];
  const declared = [before, after].flatMap((one) => (one && owners.get(toServiceKey(one))) ?? []);
  return [...new Set([...named, ...declared])];
}

/** Whether a change may place models differently. */
export function movesModels({ is, before, after }: LiveChange): boolean {
  if (is === 'workload') return false;
  if (is === 'route') return before?.path !== after?.path;
  // A model without a route is found by its InferenceServices.
  return after !== undefined && before?.model !== after.model;
}

/**
 * Whether the branch may have moved since it was read: an object names a model that is not declared, or an
 * object of a declared model is gone.
 */
export function isUnexpected(
  { is, key, before, after }: LiveChange,
  branch: BranchContent,
  { models, owners }: Placement,
  { path }: WatchScope,
): boolean {
  if (is === 'workload') return false;
  if (after === undefined) return before !== undefined && (is === 'route' ? models.has(key) : owners.has(key));
  const { namespace, name } = after;
  if (after.is === 'version')
    return after.model !== undefined && owners.get(key) !== toKey({ namespace, name: after.model });
  if (after.path === undefined || !isWithin(after.path, path)) return false;
  return branch.byFolder.get(after.path)?.some((model) => model.name === name) !== true;
}

export function isWatched(namespace: string, { namespaces }: Pick<WatchScope, 'namespaces'>): boolean {
  return namespaces === undefined || namespaces.includes(namespace);
}

const mirrorEnds = routers.map(({ toMirrorName }) => toMirrorName(''));

function toHomes({ models, statusFiles }: BranchContent, before: Placement['homes']): Placement['homes'] {
  const homes = new Map(before);
  for (const { name, namespace, statusFile } of models.values()) {
    if (namespace !== undefined) continue;
    const file = statusFiles.get(statusFile);
    const metadata = file?.value?.metadata;
    if (metadata?.name === name) homes.set(statusFile, metadata.namespace);
    // People move a model by removing the file; a file that cannot be read moves nothing.
    else if (file === undefined) homes.delete(statusFile);
  }
  return homes;
}

function toOwners(models: Iterable<PlacedModel>): Placement['owners'] {
  const owners = new Map<string, string>();
  for (const { key, namespace, model } of models)
    for (const name of [model.primary, ...model.candidates]) owners.set(toKey({ namespace, name }), key);
  return owners;
}

interface Claims {
  /** The namespaces of the routes that name a model's folder, in a fixed order. */
  readonly claims: ReadonlyMap<ModelFile, readonly string[]>;
  /** Reports of routes that name a folder without their model. */
  readonly strays: readonly SafeText[];
}

function findClaims({ byFolder }: BranchContent, { routes }: LiveObjects, { path: outer }: WatchScope): Claims {
  const claims = new Map<ModelFile, string[]>();
  const strays: SafeText[] = [];
  for (const [key, { kind, name, namespace, path }] of routes) {
    if (path === undefined || !isWithin(path, outer)) continue;
    const named = (byFolder.get(path) ?? []).filter((model) => model.name === name);
    const model =
      named.find((one) => one.namespace === namespace) ?? named.find((one) => one.namespace === undefined) ?? named[0];
    if (model === undefined)
      strays.push(
        safe`${mask(kind)} ${mask(key)} names the folder ${quote(path)}, but the branch has no model of its name there: it is ignored`,
      );
    else claims.set(model, [...(claims.get(model) ?? []), namespace].sort(compareText));
  }
  return { claims, strays };
}

/** Whether a model that no route claims is in this cluster, by its status file or its InferenceServices. */
function isKnownUnclaimed(
  { namespace, model }: PlacedModel,
  { statusFiles }: BranchContent,
  { services }: LiveObjects,
): boolean {
  // Then its namespace comes from the status file.
  if (model.namespace === undefined) return true;
  const recorded = statusFiles.get(model.statusFile)?.value?.metadata;
  if (recorded?.name === model.name && recorded.namespace === namespace) return true;
  return [model.primary, ...model.candidates].some(
    (name) => services.get(toKey({ namespace, name }))?.model === model.name,
  );
}

/** Which claims to a model are ignored, and what a person can do about it. */
function explainIgnored(
  { file, folder, name, namespace, statusFile }: ModelFile,
  home: string | undefined,
  claimants: readonly string[],
): SafeText[] {
  const toName = (claimant: string) => mask(toKey({ namespace: claimant, name }));
  if (home === undefined)
    return claimants.length < 2
      ? []
      : [
          safe`${claimants.length} routes claim the model of ${quote(folder)}: ${mask(join(claimants.map(toName), ', '))}. Its status is not written until ${quote(file)} names its namespace (metadata.namespace), or one of them alone is left`,
        ];
  const [by, advice] =
    namespace === undefined
      ? [statusFile, safe`set metadata.namespace in ${quote(file)} if the model moved`]
      : [file, safe`change that field if the model moved`];
  return claimants
    .filter((claimant) => claimant !== home)
    .map(
      (claimant) =>
        safe`the route ${toName(claimant)} claims the model of ${quote(folder)}, but ${quote(by)} names the namespace ${mask(home)}: the claim is ignored; ${advice}`,
    );
}
