/** What the cluster and the comparer show goes in, and what people and probes ask comes out; the loop does the rest. */
import { isSameSubject } from '../core/analysis/subject.ts';
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { safe } from '../core/diagnostics/safe-text.ts';
import type { AnalysisSubject } from '../core/input/verdict-schema.ts';
import type { Evidence } from '../core/observe/judged-candidate.ts';
import type { Live } from '../core/observe/live-object.ts';
import type { Reading } from '../core/ports/evidence.ts';
import type { LiveAnalyses } from '../core/ports/live-analyses.ts';
import type { VersionReading } from '../core/ports/metrics.ts';
import type { PushTrouble } from '../core/ports/watch.ts';
import type { WatchedModels } from '../output/watched-models.ts';
import { BranchAccess } from './branch-access.ts';
import { BranchFiles } from './branch-files.ts';
import { toLiveAnalyses } from './live-analyses.ts';
import type { LiveChange } from './live-cache.ts';
import { LiveCache } from './live-cache.ts';
import { ModelsView } from './models-view.ts';
import { Planner } from './planner.ts';
import { toReadings } from './readings.ts';
import type { WatcherOptions, WatcherPorts } from './watch-loop.ts';
import { WatchLoop } from './watch-loop.ts';

export class Watcher {
  readonly #ports: WatcherPorts;
  readonly #live: LiveCache;
  readonly #files: BranchFiles;
  readonly #planner: Planner;
  readonly #branch: BranchAccess;
  readonly #view: ModelsView;
  readonly #loop: WatchLoop;

  constructor(options: WatcherOptions, ports: WatcherPorts) {
    this.#ports = ports;
    this.#live = new LiveCache(options.namespaces);
    this.#files = new BranchFiles(options);
    this.#planner = new Planner(options, this.#files, this.#live);
    this.#branch = new BranchAccess(ports, options.pollMs);
    this.#view = new ModelsView({
      files: this.#files,
      planner: this.#planner,
      live: this.#live,
      branch: this.#branch,
      analyses: this.analyses,
      clock: ports.clock,
      cluster: options.cluster,
      carries: ports.carries,
    });
    this.#loop = new WatchLoop(options, ports, {
      live: this.#live,
      files: this.#files,
      planner: this.#planner,
      branch: this.#branch,
      view: this.#view,
    });
  }

  /** For people who look. */
  get models(): WatchedModels {
    return this.#view;
  }

  /** A whole list of one kind in one namespace; undefined: in all. */
  replace(kind: Live['kind'], namespace: string | undefined, objects: readonly Live[]): void {
    this.#note(kind, 'listed', this.#live.replace(kind, namespace, objects));
  }

  /** One object is new or has changed. */
  put(live: Live): void {
    this.#note(live.kind, 'changed', [this.#live.put(live)]);
  }

  /** One object is gone. */
  drop(kind: Live['kind'], namespace: string, name: string): void {
    this.#note(kind, 'deleted', [this.#live.drop(kind, namespace, name)]);
  }

  /** Whether there is anything to learn from the comparer. */
  get isJudging(): boolean {
    return this.#live.isJudging;
  }

  /** What is being judged, as the last look at it showed. */
  readonly analyses: LiveAnalyses = toLiveAnalyses(() => ({
    models: this.#planner.models,
    isReady: this.#loop.isRead,
    isLooked: this.#live.evidence !== undefined,
  }));

  /** Each version as it was last observed, for metrics. */
  get readings(): Iterable<VersionReading> {
    return toReadings(this.#planner.models.values());
  }

  /** Whether that is what the live routes have the comparer compare. @param key the model's. */
  isJudged(key: string, subject: AnalysisSubject): boolean {
    const task = this.#live.routes.get(key)?.task;
    return task !== undefined && isSameSubject(task.subject, subject);
  }

  /**
   * What the comparer has counted.
   *
   * @param changed the models, by their keys, of which there is something new.
   * @param reading who answered.
   */
  judge(evidence: Evidence, changed: readonly string[], reading: Pick<Reading, 'replicas'>): void {
    this.#view.noteReading(reading);
    const isFirst = this.#live.evidence === undefined;
    this.#live.evidence = evidence;
    this.#planner.noteEvidence(changed, this.#ports.clock.now());
    if (isFirst || changed.length > 0) this.#loop.wake();
  }

  /** Why a stream of events is out of date; undefined: it is up to date again. */
  trouble(stream: string, message: SafeText | undefined): void {
    this.#view.noteTrouble(stream, message);
  }

  /** Whether the loop is running. */
  get isAlive(): boolean {
    return this.#loop.isAlive;
  }

  /**
   * Why the watcher's view is incomplete; undefined: the cluster was listed and the branch was read. A push
   * that is refused is not an obstacle: another Pod would be refused as well.
   */
  get obstacle(): SafeText | undefined {
    const { streamTrouble } = this.#view;
    if (streamTrouble !== undefined) return streamTrouble.message;
    if (!this.#live.isComplete) return safe`the cluster was not listed yet`;
    const { fetchTrouble, snapshot } = this.#branch;
    return fetchTrouble ?? (snapshot === undefined ? safe`the branch was not read yet` : undefined);
  }

  /** How long the git host has asked to be left alone still, in seconds; 0: it has not. */
  get gitWaitSeconds(): number {
    return this.#branch.waitSeconds;
  }

  get pushTrouble(): PushTrouble | undefined {
    return this.#branch.pushTrouble;
  }

  /**
   * Runs until `stop` is aborted, or once.
   *
   * @param drop aborted when a push in flight must be given up.
   */
  run(stop: AbortSignal, drop: AbortSignal): Promise<void> {
    return this.#loop.run(stop, drop);
  }

  #note(kind: Live['kind'], event: string, changes: readonly LiveChange[]): void {
    const { clock, meter } = this.#ports;
    const now = clock.now();
    const unexpected = changes.filter((change) => this.#planner.noteEvent(change, now));
    if (unexpected.length > 0) this.#branch.wantFetch();
    meter.event(kind, event);
    // Of twenty thousand Pods and Deployments most events change nothing that counts.
    if (event !== 'listed' && changes.every(({ before, after }) => before === after)) return;
    this.#loop.noteEvent();
  }
}
