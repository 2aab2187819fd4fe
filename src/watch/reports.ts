/** What the watcher logs about files and objects: each thing once, however often it is found. */
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { mask, quote, safe } from '../core/diagnostics/safe-text.ts';
import type { Log, MissingFolder } from '../core/ports/watch.ts';
import type { PlannedStatus } from './status-planner.ts';

/** Anyone with a namespace can cause a new warning every second: these are enough to notice. */
const maxPlanWarnings = 1000;

export class Reports {
  readonly #log: Log;
  readonly #fileWarnings = new Set<SafeText>();
  readonly #planWarnings = new Set<SafeText>();
  /** The last report of how many models the branch has. */
  #found: SafeText | undefined;
  #hasReportedUntracked = false;

  constructor(log: Log) {
    this.#log = log;
  }

  files(warnings: readonly SafeText[]): void {
    this.#warn(warnings, this.#fileWarnings, Number.POSITIVE_INFINITY);
  }

  plan(warnings: readonly SafeText[]): void {
    this.#warn(warnings, this.#planWarnings, maxPlanWarnings);
  }

  /** Otherwise a misspelt path would be watched silently for ever. */
  models(count: number, path: string, missing: MissingFolder | undefined): void {
    const place = path === '.' ? safe`in the branch` : safe`below ${quote(path)}`;
    const models = count === 0 ? safe`no models` : count === 1 ? safe`1 model` : safe`${count} models`;
    const found =
      missing === undefined ? safe`${models} ${place}` : safe`${models} ${place}: ${describeMissing(missing)}`;
    if (found === this.#found) return;
    this.#found = found;
    (count === 0 ? this.#log.warn : this.#log.info)(found);
  }

  /** Once: it depends on Argo CD's settings, which are the same for all models. */
  untracked(statuses: readonly PlannedStatus[]): void {
    const found = statuses.flatMap(({ route }) => route ?? []).find(({ tracking }) => tracking === undefined);
    if (found === undefined || this.#hasReportedUntracked) return;
    this.#hasReportedUntracked = true;
    this.#log.warn(
      safe`cannot request a refresh from Argo CD: ${mask(`${found.kind} ${found.namespace}/${found.name}`)} does not name its Application; set --argocd-instance-label to the application.instanceLabelKey of argocd-cm`,
    );
  }

  #warn(warnings: readonly SafeText[], logged: Set<SafeText>, limit: number): void {
    for (const warning of warnings) {
      if (logged.has(warning) || logged.size >= limit) continue;
      logged.add(warning);
      this.#log.warn(warning);
    }
  }
}

function describeMissing({ path, similar }: MissingFolder): SafeText {
  const advice = similar === undefined ? safe`check --path` : safe`there is ${quote(similar)}, check --path`;
  return safe`the branch has no folder ${quote(path)}; ${advice}`;
}
