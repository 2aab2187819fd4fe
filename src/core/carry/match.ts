/**
 * Which model a status file belongs to, once the source branch has changed models: for a carry, and for commands in a clone
 * of the source branch.
 *
 * Invariants: a status file stays beside a model that has its name and namespace, or that cannot be compared with it. A model
 * without one gets those that were left beside one other path. Where another model or another path could be meant, it
 * belongs to nobody, which keeps a mirror closed. Models that the source has not changed are where they were, and get none.
 */
import { toFileRole, toStatusName } from '../input/file-role.ts';
import { toFolder, toName, toPath } from '../input/folder-tree.ts';

/** Whom a file is about. */
export interface Subject {
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** A model file that the source has changed or added; its subject is undefined where it cannot be read. */
export interface ModelPlace {
  readonly path: string;
  readonly subject: Subject | undefined;
}

/** A status file of the deploy branch, beside a model file that the source has changed, added or removed. */
export interface StatusPlace {
  readonly modelPath: string;
  readonly cluster: string | undefined;
  /** Undefined: it cannot be read. */
  readonly subject: Subject | undefined;
}

/** @returns the path of the model that each status file belongs to; those that are left out belong to nobody. */
export function matchStatuses<S extends StatusPlace>(
  models: readonly ModelPlace[],
  statuses: readonly S[],
): ReadonlyMap<S, string> {
  const byPath = new Map(models.map((model) => [model.path, model]));
  const [homes, freed] = [new Map<S, string>(), new Set<S>()];
  for (const status of statuses) {
    const model = byPath.get(status.modelPath);
    const isUnsure = model?.subject === undefined || status.subject === undefined;
    if (model !== undefined && (isUnsure || isAbout(status.subject, model.subject))) homes.set(status, model.path);
    else freed.add(status);
  }
  const settled = new Set(homes.values());
  const modelsByName = Map.groupBy(models, ({ subject }) => subject?.name);
  const freedByName = Map.groupBy(freed, ({ subject }) => subject?.name);
  const owners = new Map(homes);
  for (const { path, subject } of models) {
    if (subject === undefined || settled.has(path)) continue;
    const meant = (freedByName.get(subject.name) ?? []).filter((status) => isAbout(status.subject, subject));
    const namesakes = modelsByName.get(subject.name) ?? [];
    const isShared = namesakes.some(
      (one) => one.path !== path && meant.some((status) => isAbout(status.subject, one.subject)),
    );
    if (!isShared && new Set(meant.map(({ modelPath }) => modelPath)).size === 1)
      for (const status of meant) owners.set(status, path);
  }
  return owners;
}

/** The path of a model's status file. */
export function toStatusPath(modelPath: string, cluster: string | undefined): string {
  const role = toFileRole(toName(modelPath));
  return toPath(toFolder(modelPath), toStatusName(role?.kind === 'Model' ? role.stem : '', cluster));
}

/** A model without a namespace is in that of its Application. */
export function isAbout(status: Subject | undefined, model: Subject | undefined): boolean {
  if (status === undefined || model === undefined) return false;
  return status.name === model.name && (model.namespace === undefined || status.namespace === model.namespace);
}
