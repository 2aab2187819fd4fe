/**
 * Live objects and the branch's files → the plan of the next commit. Of ten thousand models, only those that
 * an event, a commit or the time concerns are observed again.
 */
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { quote, safe } from '../core/diagnostics/safe-text.ts';
import type { VersionStatus } from '../core/input/schema.ts';
import { apiVersion } from '../core/input/schema-parts.ts';
import type { LiveObjects } from '../core/observe/observed-model.ts';
import type { Snapshot } from '../core/ports/watch.ts';
import type { BranchChange, BranchFiles, BranchOptions, StatusFile } from './branch-files.ts';
import type { LiveChange } from './live-cache.ts';
import type { PlannedPage } from './page-planner.ts';
import { planPage } from './page-planner.ts';
import type { WatchScope } from './placement.ts';
import { emptyPlacement, findModels, isUnexpected, movesModels, placeModels } from './placement.ts';
import type { PlannedStatus, TrackedModel } from './status-planner.ts';
import { acceptChange, findOrphans, observe, planStatuses, toUnobserved } from './status-planner.ts';

export interface PlanOptions extends BranchOptions, WatchScope {
  /** How long a change for the worse must hold, in milliseconds. */
  readonly settleMs: number;
}

/** What one commit would change. */
export interface Plan {
  readonly statuses: readonly PlannedStatus[];
  readonly page: PlannedPage | undefined;
  /** Claims to models that are ignored, and status files that another program keeps rewriting. */
  readonly warnings: readonly SafeText[];
  /** When a change that is held back is due, by the clock; undefined: none is. */
  readonly due: number | undefined;
  /** Whether a change is held back that time alone will bring. */
  readonly isSettling: boolean;
}

/** An object that keeps naming other models is not worth a fetch each time. */
const maxAskedPerObject = 5;

export class Planner {
  readonly #options: PlanOptions;
  readonly #files: BranchFiles;
  readonly #live: LiveObjects;
  #placement = emptyPlacement;
  #placementIsStale = true;
  #ignored: readonly SafeText[] = [];
  #models = new Map<string, TrackedModel>();
  /** The keys of models to observe → since when. */
  readonly #touched = new Map<string, number>();
  /** Status files to remove → since when. */
  #orphans = new Map<string, number>();
  #page: PlannedPage | undefined;
  #pageIsStale = true;
  /** Objects of models that are not in the last snapshot → the models that they named when it was fetched for them. */
  readonly #asked = new Map<string, Set<string>>();

  constructor(options: PlanOptions, files: BranchFiles, live: LiveObjects) {
    this.#options = options;
    this.#files = files;
    this.#live = live;
  }

  /** Takes note of an event. Returns whether the branch should be fetched because of it. */
  noteEvent(change: LiveChange, now: number): boolean {
    if (movesModels(change)) this.#placementIsStale = true;
    for (const key of findModels(change, this.#placement)) this.#touch(key, now);
    if (!isUnexpected(change, this.#files, this.#placement, this.#options)) return false;
    return change.after === undefined || this.#isFirstAsked(change);
  }

  /**
   * Takes note of a commit by others.
   *
   * @returns what Argo CD wrote on the routes of models that are now rendered differently.
   */
  noteCommit({ models, statusFiles, touched }: BranchChange, now: number): readonly string[] {
    this.#asked.clear();
    this.#pageIsStale = true;
    if (models || statusFiles.length > 0) this.#placementIsStale = true;
    const changed = new Set(statusFiles);
    const trackings: string[] = [];
    for (const [key, { model }] of this.#models) {
      if (changed.has(model.statusFile)) this.#touch(key, now);
      const tracking = touched.has(model) ? this.#live.routes.get(key)?.tracking : undefined;
      if (tracking !== undefined) trackings.push(tracking);
    }
    return trackings;
  }

  /** Takes note of what was counted of models, by their keys. */
  noteEvidence(keys: Iterable<string>, now: number): void {
    for (const key of keys) if (this.#models.has(key)) this.#touch(key, now);
  }

  plan(now: number): Plan {
    const ignored = this.#placementIsStale ? this.#place(now) : [];
    for (const [key, { due }] of this.#models) if (due !== undefined && due <= now) this.#touch(key, due);
    const warnings = [...ignored, ...this.#observe(now)];
    if (this.#pageIsStale) this.#page = planPage(this.#models.values(), this.#files.page, this.#options);
    this.#pageIsStale = false;
    const statuses = planStatuses(this.#models.values(), this.#orphans, this.#files, this.#live);
    return { statuses, page: this.#page, warnings, ...this.#toWait() };
  }

  /** To be called when the plan is in git. */
  accept({ statuses, page }: Plan, snapshot: Snapshot, now: number): void {
    const written = new Map(statuses.map((planned) => [planned.file, toStatusFile(planned)]));
    for (const [key, tracked] of this.#models) {
      const { model, pending } = tracked;
      if (pending !== undefined && written.get(model.statusFile)?.text === pending.text)
        this.#models.set(key, acceptChange(tracked, pending, now));
    }
    for (const file of written.keys()) this.#orphans.delete(file);
    this.#page = undefined;
    this.#files.accept(snapshot, written, page?.text);
  }

  /** By their keys, each as it was last observed. */
  get models(): ReadonlyMap<string, TrackedModel> {
    return this.#models;
  }

  /** The claims to models that are ignored. */
  get ignored(): readonly SafeText[] {
    return this.#ignored;
  }

  /** How many primaries and candidates are in which state. */
  countStates(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    const count = (role: 'primary' | 'candidate', versions: readonly VersionStatus[]) => {
      for (const { state } of versions) counts.set(`${role} ${state}`, (counts.get(`${role} ${state}`) ?? 0) + 1);
    };
    for (const { status } of this.#models.values()) {
      if (status?.primary !== undefined) count('primary', [status.primary]);
      count('candidate', status?.candidates ?? []);
    }
    return counts;
  }

  #touch(key: string, since: number): void {
    if (!this.#touched.has(key)) this.#touched.set(key, since);
  }

  /** Whether the branch was not fetched yet, since it last moved, for the model that an object names. */
  #isFirstAsked({ is, kind, key, after }: LiveChange): boolean {
    const named = (is === 'route' ? after?.path : is === 'version' ? after?.model : undefined) ?? '';
    const asked = this.#asked.get(`${kind} ${key}`) ?? new Set();
    if (asked.has(named) || asked.size >= maxAskedPerObject) return false;
    this.#asked.set(`${kind} ${key}`, asked.add(named));
    return true;
  }

  /** @returns the claims that are ignored. */
  #place(now: number): readonly SafeText[] {
    const { placement, warnings } = placeModels(this.#files, this.#live, this.#options, this.#placement);
    const before = this.#models;
    this.#models = new Map();
    for (const [key, placed] of placement.models) {
      const tracked = before.get(key);
      if (tracked?.model === placed.model) this.#models.set(key, tracked);
      else {
        this.#models.set(key, toUnobserved(placed, tracked));
        this.#touch(key, now);
      }
    }
    const orphans = findOrphans(this.#files.orphans, this.#options);
    this.#orphans = new Map(orphans.map((file) => [file, this.#orphans.get(file) ?? now]));
    this.#placement = placement;
    this.#placementIsStale = false;
    this.#pageIsStale = true;
    this.#ignored = warnings;
    return warnings;
  }

  /** @returns warnings. */
  #observe(now: number): readonly SafeText[] {
    const { settleMs } = this.#options;
    const warnings: SafeText[] = [];
    for (const [key, since] of this.#touched) {
      const tracked = this.#models.get(key);
      if (tracked === undefined) continue;
      const file = this.#files.statusFiles.get(tracked.model.statusFile);
      const observed = observe(tracked, this.#live, file, { since, now, settleMs });
      this.#models.set(key, observed);
      // Workloads come and go all the time, and the page shows states alone.
      if (!isSame(tracked.status, observed.status)) this.#pageIsStale = true;
      if (observed.pausedUntil !== undefined) warnings.push(toContestedText(tracked.model.statusFile));
    }
    this.#touched.clear();
    return warnings;
  }

  #toWait(): Pick<Plan, 'due' | 'isSettling'> {
    let first: number | undefined;
    let settles = false;
    for (const { due, isSettling } of this.#models.values()) {
      if (due !== undefined && (first === undefined || due < first)) first = due;
      if (isSettling) settles = true;
    }
    return { due: first, isSettling: settles };
  }
}

function toContestedText(file: string): SafeText {
  return safe`another program keeps rewriting ${quote(file)}, so it is written less often; make sure that no second watcher, such as one of another release, writes to this branch`;
}

function isSame(a: TrackedModel['status'], b: TrackedModel['status']): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The file after the push; undefined: it is removed. */
function toStatusFile({ name, namespace, text, after: status }: PlannedStatus): StatusFile | undefined {
  if (text === undefined || status === undefined) return undefined;
  return { text, value: { apiVersion, kind: 'ModelStatus', metadata: { name, namespace }, status }, isOurs: true };
}
