/**
 * Placed models, their live objects and their status files in git → the status files to write.
 *
 * Invariant: pure. What must be remembered of a model goes in and comes out as a value; a status file that
 * would not change by a byte is not planned.
 */
import type { ModelStatus } from '../core/input/schema.ts';
import type { LiveRoute } from '../core/observe/live-object.ts';
import type { LiveObjects, ModelMemory } from '../core/observe/observed-model.ts';
import { observeModel } from '../core/observe/observed-model.ts';
import { toStatusText } from '../output/status-text.ts';
import type { BranchContent, StatusFile } from './branch-files.ts';
import { toFolder } from './branch-path.ts';
import type { StatusChange } from './commit-message.ts';
import type { PlacedModel, WatchScope } from './placement.ts';
import { isWatched } from './placement.ts';

/** A model, and what its last observation left. */
export interface TrackedModel extends PlacedModel {
  /** What its status file should have; undefined: there is nothing to report, and no file. */
  readonly status: ModelStatus['status'] | undefined;
  /** The change that its status file needs; undefined: it is up to date. */
  readonly pending: PendingChange | undefined;
  readonly memory: ModelMemory;
  /** When to observe it again although nothing happens, in milliseconds of the clock. */
  readonly due: number | undefined;
  /** Whether a change is held back that time alone will bring. */
  readonly isSettling: boolean;
}

interface PendingChange {
  readonly text: string;
  /** When the first event of this change came, by the clock. */
  readonly since: number;
}

/** One status file that is written or removed. */
export interface PlannedStatus extends StatusChange {
  readonly file: string;
  /** Undefined: the file is removed. */
  readonly text: string | undefined;
  /** When the change came, by the clock. */
  readonly since: number;
  /** The model's live route. */
  readonly route: LiveRoute | undefined;
}

interface ObserveOptions {
  /** When the event came that calls for this observation. */
  readonly since: number;
  readonly now: number;
  readonly settleMs: number;
}

/** A model before its first observation; what was remembered before its file changed stays. */
export function toUnobserved(placed: PlacedModel, before: TrackedModel | undefined): TrackedModel {
  const memory = before?.memory ?? {};
  return { ...placed, status: undefined, pending: undefined, memory, due: undefined, isSettling: false };
}

/** @param file the model's status file in git; undefined: there is none. */
export function observe(
  tracked: TrackedModel,
  live: LiveObjects,
  file: StatusFile | undefined,
  { since, now, settleMs }: ObserveOptions,
): TrackedModel {
  const { key, model, namespace, memory: before } = tracked;
  const { name } = model;
  const metadata = file?.value?.metadata;
  const isOfThis = metadata?.name === name && metadata.namespace === namespace;
  const { status, memory, due, isSettling } = observeModel(
    { ...model, namespace },
    live,
    isOfThis ? file?.value?.status : undefined,
    before,
    { now, settleMs },
  );
  const after = { key, namespace, model, memory, due, isSettling };
  if (file === undefined && status.primary === undefined && status.candidates.length === 0)
    return { ...after, status: undefined, pending: undefined };
  const text = toStatusText({ name, namespace, status });
  const pending = text === file?.text ? undefined : { text, since: tracked.pending?.since ?? since };
  return { ...after, status, pending };
}

/** Which of the status files without a model this watcher removes. */
export function findOrphans(orphans: ReadonlyMap<string, StatusFile>, scope: Pick<WatchScope, 'namespaces'>): string[] {
  const isOwn = ({ value }: StatusFile) =>
    value === undefined ? scope.namespaces === undefined : isWatched(value.metadata.namespace, scope);
  return [...orphans].filter(([, file]) => isOwn(file)).map(([path]) => path);
}

/**
 * @param orphans status files of models that left git → since when.
 * @returns the status files to write and to remove.
 */
export function planStatuses(
  models: Iterable<TrackedModel>,
  orphans: ReadonlyMap<string, number>,
  { statusFiles }: BranchContent,
  { routes }: LiveObjects,
): PlannedStatus[] {
  const planned: PlannedStatus[] = [];
  for (const { key, namespace, model, status, pending } of models)
    if (pending !== undefined)
      planned.push({
        file: model.statusFile,
        text: pending.text,
        name: model.name,
        namespace,
        before: statusFiles.get(model.statusFile)?.value?.status,
        after: status,
        since: pending.since,
        route: routes.get(key),
      });
  for (const [file, since] of orphans) {
    const { metadata, status } = statusFiles.get(file)?.value ?? {};
    planned.push({
      file,
      text: undefined,
      name: metadata?.name ?? toFolder(file),
      namespace: metadata?.namespace ?? '',
      before: status,
      after: undefined,
      since,
      route: undefined,
    });
  }
  return planned;
}
