/** How late the event loop is: a timer measures it all the time. */
import type { Punctuality } from '../../core/ports/compare.ts';

const tickMs = 10;
/** Nobody asks for longer ago. */
const keptMs = 120_000;

interface Late {
  readonly at: number;
  readonly ms: number;
}

export interface LoopDelay extends Punctuality {
  readonly stop: () => void;
}

/** In the milliseconds of `performance.now()`. */
export function measureLoopDelay(): LoopDelay {
  /** By time; each is later than all that come after it, so the first one of a time has the most. */
  const most: Late[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const at = performance.now();
    // Timers fire a millisecond late all the time.
    const ms = Math.max(0, at - last - tickMs - 1);
    last = at;
    while (most.length > 0 && (most.at(-1)?.ms ?? 0) <= ms) most.pop();
    if (ms > 0) most.push({ at, ms });
    while (most[0] !== undefined && most[0].at < at - keptMs) most.shift();
  }, tickMs);
  timer.unref();
  return {
    lateness: (since) => {
      const overdue = performance.now() - last - tickMs - 1;
      return Math.max(0, overdue, most.find(({ at }) => at >= since)?.ms ?? 0);
    },
    stop: () => clearInterval(timer),
  };
}
