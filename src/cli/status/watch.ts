/** `status --watch`: reads repeatedly, and shows what changes. */
import type { ReadStatus, StatusReport } from '../../commands/status.ts';
import { watchStatus } from '../../commands/watch-status.ts';
import { exitCodes } from '../../core/diagnostics/fault.ts';
import { maskLine } from '../../core/diagnostics/safe-text.ts';
import { systemClock } from '../../io/process/clock.ts';
import { toProblemText } from '../../output/problem-text.ts';
import type { Host } from '../host.ts';

interface WatchOptions {
  readonly readStatus: ReadStatus;
  readonly show: (report: StatusReport) => string;
  readonly intervalMs: number;
  /** Then problems are part of what is shown. */
  readonly asJson: boolean;
  readonly toPath: (file: string) => string;
  readonly host: Host;
}

/** Cursor home, and clear the screen. */
const clear = '\u001b[H\u001b[2J';

/**
 * Runs until Ctrl-C.
 *
 * @returns the exit code.
 * @throws Fault when the first look fails; later ones are retried.
 */
export async function runWatch({ readStatus, show, intervalMs, asJson, toPath, host }: WatchOptions): Promise<number> {
  const stop = new AbortController();
  const end = () => stop.abort();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  let shown: string | undefined;
  try {
    await watchStatus(intervalMs, {
      readStatus,
      clock: systemClock,
      stop: stop.signal,
      onReport: (report) => {
        const text = show(report) + (asJson ? '' : toProblemText(report.problems, toPath, host.style(1)));
        if (text !== shown) host.write(1, [toFrame(text, shown === undefined, host)]);
        shown = text;
      },
      onTrouble: ({ message }) => host.write(2, [`model-mirror: ${maskLine(message)}: trying again\n`]),
    });
    return exitCodes.fine;
  } finally {
    process.removeListener('SIGINT', end);
    process.removeListener('SIGTERM', end);
  }
}

/** On a terminal it fills the screen; elsewhere it is one more block. */
function toFrame(text: string, isFirst: boolean, host: Host): string {
  if (!host.isTerminal(1)) return isFirst ? text : `\n${text}`;
  const lines = text.trimEnd().split('\n');
  const rows = Math.max(2, (host.size(1)?.rows ?? 25) - 2);
  const fitting =
    lines.length <= rows ? lines : [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more lines`];
  return `${clear}${fitting.join('\n')}\n`;
}
