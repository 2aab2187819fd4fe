/** What the watcher logs, counts and shows of carries to the deploy branch. */
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { mask, safe } from '../core/diagnostics/safe-text.ts';
import type { BranchTrouble, Carried, CarryMeter, CarryReports, Clock, Log, PushTrouble } from '../core/ports/watch.ts';
import { toCarriedText, toEditedText, toUndoneText } from '../output/words/carry.ts';

interface Ports {
  readonly clock: Pick<Clock, 'date'>;
  readonly log: Log;
  readonly meter: CarryMeter;
}

/** The branches' names. */
export interface CarryNames {
  readonly source: string;
  readonly deploy: string;
}

export class CarryRecord implements CarryReports {
  readonly #ports: Ports;
  readonly #names: CarryNames;
  #behindSince: number | undefined;
  #trouble: PushTrouble | undefined;

  constructor(ports: Ports, names: CarryNames) {
    this.#ports = ports;
    this.#names = names;
  }

  /** Why the source is not carried; undefined: it is, or will be at once. */
  get trouble(): PushTrouble | undefined {
    return this.#trouble;
  }

  /** For how long the source has had a commit that the deploy branch has not, in seconds; 0: it has all. */
  get secondsBehind(): number {
    return this.#behindSince === undefined ? 0 : Math.max(0, this.#ports.clock.date() - this.#behindSince);
  }

  readonly behind = (): void => {
    this.#behindSince ??= this.#ports.clock.date();
  };

  readonly current = (): void => {
    this.#behindSince = undefined;
    if (this.#trouble === undefined) return;
    const { log, meter } = this.#ports;
    log.info(safe`${mask(this.#names.source)} is carried again`, { after: this.#trouble.failures });
    meter.carryFailures(0);
    this.#trouble = undefined;
  };

  readonly carried = (carried: Carried): void => {
    const { log, meter } = this.#ports;
    const { commit, undone } = carried;
    meter.carried();
    log.info(toCarriedText(carried, this.#names), { commit: mask(commit) });
    if (undone.length > 0) log.warn(toUndoneText(carried, this.#names), { commit: mask(commit) });
    this.current();
  };

  readonly edited = (commit: string, paths: readonly string[]): void => {
    this.#ports.log.warn(toEditedText(paths, this.#names), { commit: mask(commit) });
  };

  readonly failed = ({ code, message }: BranchTrouble, failures: number, retryMs: number): void => {
    const { clock, log, meter } = this.#ports;
    this.behind();
    const text: SafeText = safe`${mask(this.#names.source)} is not carried to ${mask(this.#names.deploy)}: ${message}`;
    const write = text === this.#trouble?.message ? log.warn : log.error;
    write(text, { cause: safe`${code}`, attempt: failures, retryInSeconds: Math.round(retryMs / 100) / 10 });
    meter.carryFailures(failures);
    this.#trouble = { message: text, failures, since: this.#trouble?.since ?? clock.date() };
  };
}
