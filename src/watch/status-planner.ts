/**
 * Placed models, their live objects and their status files in git → the status files to write.
 *
 * Invariant: pure. What must be remembered of a model goes in and comes out as a value; a status file that
 * would not change by a byte is not planned.
 */
import { toFolder } from '../core/input/folder-tree.ts';
import type { ModelStatus } from '../core/input/schema.ts';
import type { LiveRoute } from '../core/observe/live-object.ts';
import type { LiveObjects, ModelMemory } from '../core/observe/observed-model.ts';
import { observeModel } from '../core/observe/observed-model.ts';
import { isSameDigest } from '../core/serving/digest-text.ts';
import { toStatusText } from '../output/status-text.ts';
import type { BranchContent, StatusFile } from './branch-files.ts';
import type { PlacedModel, WatchScope } from './placement.ts';
import { isWatched } from './placement.ts';

/** A model, and what its last observation left. */
export interface TrackedModel extends PlacedModel {
  /** What its status file should have; undefined: there is nothing to report, and no file. */
  readonly status: ModelStatus['status'] | undefined;
  /** The change that its status file needs; undefined: it is up to date. */
  readonly pending: PendingChange | undefined;
  readonly memory: ModelMemory;
  /** The text that was last written to its status file; undefined: none yet. */
  readonly written: WrittenText | undefined;
  /** Until when its status file is left to another program that keeps rewriting it, by the clock; undefined: it is not. */
  readonly pausedUntil: number | undefined;
  /** When to observe it again although nothing happens, in milliseconds of the clock. */
  readonly due: number | undefined;
  /** Whether a change is held back that time alone will bring. */
  readonly isSettling: boolean;
}

interface WrittenText {
  readonly text: string;
  /** How often in a row. */
  readonly times: number;
  /** When it was written, by the clock. */
  readonly at: number;
}

interface PendingChange {
  readonly text: string;
  /** When the first event of this change came, by the clock. */
  readonly since: number;
}

/** One status file that is written or removed. */
export interface PlannedStatus {
  readonly file: string;
  readonly name: string;
  readonly namespace: string;
  /** Undefined: there was no status file, or none that could be read. */
  readonly before: ModelStatus['status'] | undefined;
  /** Undefined: the model left git. */
  readonly after: ModelStatus['status'] | undefined;
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
  const idle = { status: undefined, pending: undefined, pausedUntil: undefined, due: undefined, isSettling: false };
  return { ...placed, ...idle, memory, written: before?.written };
}

/** To be called when the text of its change is in git. */
export function acceptChange(tracked: TrackedModel, { text }: PendingChange, now: number): TrackedModel {
  const { written } = tracked;
  const isAgain = written?.text === text && now - written.at <= calmMs;
  return { ...tracked, pending: undefined, written: { text, times: isAgain ? written.times + 1 : 1, at: now } };
}

/** After so long without another program's rewriting, what it did is forgotten. */
const calmMs = 3_600_000;
const firstPauseMs = 30_000;
const longestPauseMs = 1_800_000;

/**
 * A text that others replaced is written again at once. If they replace that too, they are a program, such as a
 * watcher of another release: then it is written again later and later, so that the two do not commit in a loop.
 * Only where both report the same states: another opinion must not open a mirror meanwhile.
 */
function findPauseEnd(written: WrittenText | undefined, text: string): number | undefined {
  if (written === undefined || written.text !== text || written.times < 2) return undefined;
  return written.at + Math.min(longestPauseMs, firstPauseMs * 4 ** (written.times - 2));
}

/** @param file the model's status file in git; undefined: there is none. */
export function observe(
  tracked: TrackedModel,
  live: LiveObjects,
  file: StatusFile | undefined,
  { since, now, settleMs }: ObserveOptions,
): TrackedModel {
  const { key, model, namespace, memory: before, written } = tracked;
  const { name } = model;
  const metadata = file?.value?.metadata;
  const isOfThis = metadata?.name === name && metadata.namespace === namespace;
  const { status, memory, isSettling, ...observation } = observeModel(
    { ...model, namespace },
    live,
    isOfThis ? file?.value?.status : undefined,
    before,
    { now, settleMs },
  );
  const { due } = observation;
  const after = { key, namespace, model, memory, due, isSettling, written, pausedUntil: undefined };
  if (file === undefined && status.primary === undefined && status.candidates.length === 0)
    return { ...after, status: undefined, pending: undefined };
  const text = toStatusText({ name, namespace, status });
  if (text === file?.text) return { ...after, status, pending: undefined };
  const pausedUntil = isSameState(file?.value?.status, status) ? findPauseEnd(written, text) : undefined;
  if (pausedUntil !== undefined && now < pausedUntil)
    return { ...after, status, pending: undefined, pausedUntil, due: Math.min(due ?? pausedUntil, pausedUntil) };
  return { ...after, status, pending: { text, since: tracked.pending?.since ?? since } };
}

function isSameState(a: ModelStatus['status'] | undefined, b: ModelStatus['status']): boolean {
  if (a === undefined) return false;
  const [ofA, ofB] = [a, b].map(({ primary, candidates }) => [...(primary ? [primary] : []), ...candidates]);
  return (
    ofA?.length === ofB?.length &&
    ofA?.every((one, i) => {
      const other = ofB?.[i];
      return one.name === other?.name && one.state === other.state && isSameDigest(one.digest, other.digest);
    }) === true
  );
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
