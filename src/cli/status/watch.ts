/** `status --watch`: looks again and again, and shows what is other than before. */

import { exitCodes, isFault } from '../../core/diagnostics/fault.ts';
import { maskLine } from '../../core/diagnostics/safe-text.ts';
import { systemClock } from '../../io/process/clock.ts';
import { toProblemText } from '../../output/problem-text.ts';
import type { Places } from '../flags/places.ts';
import type { Host } from '../host.ts';
import type { Look, Seen } from './look.ts';

interface WatchOptions {
  readonly look: Look;
  readonly show: (seen: Seen) => string;
  readonly intervalMs: number;
  /** Problems are part of it then. */
  readonly asJson: boolean;
  readonly places: Places;
  readonly host: Host;
}

/** Home, and all that was there goes. */
const clear = '\u001b[H\u001b[2J';

/**
 * Ends with Ctrl-C. What cannot be looked at at first is a fault; later it is tried again.
 *
 * @returns the exit code.
 */
export async function watchStatus({ look, show, intervalMs, asJson, places, host }: WatchOptions): Promise<number> {
  const stop = new AbortController();
  const end = () => stop.abort();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  let shown: string | undefined;
  let trouble: string | undefined;
  try {
    while (!stop.signal.aborted) {
      let text = shown ?? '';
      try {
        const seen = await look(stop.signal);
        trouble = undefined;
        text = show(seen) + (asJson ? '' : toProblemText(seen.problems, places.toShownPath, host.style(1)));
      } catch (error) {
        if (stop.signal.aborted) break;
        if (shown === undefined || !isFault(error) || error.code !== 'environment') throw error;
        if (trouble !== error.message) host.write(2, [`model-mirror: ${maskLine(error.message)}: trying again\n`]);
        trouble = error.message;
      }
      if (text !== shown) host.write(1, [toFrame(text, shown === undefined, host)]);
      shown = text;
      await systemClock.sleep(intervalMs, stop.signal);
    }
    return exitCodes.fine;
  } finally {
    process.removeListener('SIGINT', end);
    process.removeListener('SIGTERM', end);
  }
}

/** On a terminal a screen, elsewhere a block. */
function toFrame(text: string, isFirst: boolean, host: Host): string {
  if (!host.isTerminal(1)) return isFirst ? text : `\n${text}`;
  const lines = text.trimEnd().split('\n');
  const rows = Math.max(2, (host.size(1)?.rows ?? 25) - 2);
  const fitting =
    lines.length <= rows ? lines : [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more lines`];
  return `${clear}${fitting.join('\n')}\n`;
}
