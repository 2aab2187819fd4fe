/** Reads the status repeatedly, until it is stopped. */
import type { Fault } from '../core/diagnostics/fault.ts';
import { isFault } from '../core/diagnostics/fault.ts';
import type { Clock } from '../core/ports/watch.ts';
import type { ReadStatus, StatusReport } from './status.ts';

interface WatchPorts {
  readonly readStatus: ReadStatus;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Aborted to end it. */
  readonly stop: AbortSignal;
  readonly onReport: (report: StatusReport) => void;
  /** It is tried again; equal messages in a row are reported once. */
  readonly onTrouble: (trouble: Fault) => void;
}

/** @throws Fault when the first look fails; later ones are retried. */
export async function watchStatus(
  intervalMs: number,
  { readStatus, clock, stop, onReport, onTrouble }: WatchPorts,
): Promise<void> {
  let isFirst = true;
  let trouble: string | undefined;
  while (!stop.aborted) {
    let report: StatusReport | undefined;
    try {
      report = await readStatus(stop);
    } catch (error) {
      if (stop.aborted) return;
      if (isFirst || !isFault(error) || error.code !== 'environment') throw error;
      if (trouble !== error.message) onTrouble(error);
      trouble = error.message;
    }
    if (report !== undefined) {
      onReport(report);
      trouble = undefined;
    }
    isFirst = false;
    await clock.sleep(intervalMs, stop);
  }
}
