/** How late the event loop is: a timer measures it all the time. */
import type { Punctuality } from '../../core/ports/compare.ts';

const tickMs = 5;
/** Nobody asks for longer ago. */
const keptMs = 120_000;

interface Late {
  readonly at: number;
  readonly ms: number;
}

export interface LoopDelay extends Punctuality {
  readonly stop: () => void;
}

/** Milliseconds since some time, and in how many of them the event loop waited for something to happen. */
export interface LoopTime {
  readonly now: number;
  readonly idle: number;
}

/**
 * How late anything may have been noticed, from ticks of a timer. What happens while the loop is busy is found when it looks
 * next, and waits for what was found before it: so no longer than the loop was busy between this tick, the last one and the one
 * before. A tick that is late itself shows that this process had no processor, which looks like waiting.
 */
export class Lateness {
  /** By time; each is later than all that come after it, so the first one of a time has the most. */
  readonly #most: Late[] = [];
  #last: LoopTime;
  #lastBusyMs = 0;

  constructor(start: LoopTime) {
    this.#last = start;
  }

  tick(time: LoopTime): void {
    const ms = this.#measure(time);
    this.#lastBusyMs = this.#toBusyMs(time);
    this.#last = time;
    const most = this.#most;
    while (most.length > 0 && (most.at(-1)?.ms ?? 0) <= ms) most.pop();
    most.push({ at: time.now, ms });
    while (most[0] !== undefined && most[0].at < time.now - keptMs) most.shift();
  }

  /** @returns the most that anything was late since then, in milliseconds. */
  find(since: number, time: LoopTime): number {
    return Math.max(this.#measure(time), this.#most.find(({ at }) => at >= since)?.ms ?? 0);
  }

  #measure(time: LoopTime): number {
    // Timers fire a millisecond late all the time.
    return Math.max(0, time.now - this.#last.now - tickMs - 1, this.#lastBusyMs + this.#toBusyMs(time));
  }

  #toBusyMs({ now, idle }: LoopTime): number {
    return Math.max(0, now - this.#last.now - (idle - this.#last.idle));
  }
}

const read = (): LoopTime => ({ now: performance.now(), idle: performance.nodeTiming.idleTime });

/** In the milliseconds of `performance.now()`. */
export function measureLoopDelay(): LoopDelay {
  const lateness = new Lateness(read());
  const timer = setInterval(() => lateness.tick(read()), tickMs);
  timer.unref();
  return { lateness: (since) => lateness.find(since, read()), stop: () => clearInterval(timer) };
}
