import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../src/core/ports/watch.ts';

/** A clock that goes forward only when a test says so. */
export class ManualClock implements Clock {
  #time = 0;
  readonly #sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();

  readonly now = () => this.#time;
  readonly date = () => 1_700_000_000 + Math.floor(this.#time / 1000);
  readonly random = () => 0.5;

  readonly sleep = (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const sleeper = {
        at: this.#time + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal.removeEventListener('abort', sleeper.wake);
          resolve();
        },
      };
      if (signal.aborted) resolve();
      else {
        this.#sleepers.add(sleeper);
        signal.addEventListener('abort', sleeper.wake);
      }
    });

  /** Wakes everybody in their order; what they do in between takes no time. */
  async advance(ms: number): Promise<void> {
    const end = this.#time + ms;
    for (let still = 0; ; still++) {
      if (still > ms / 5 + 10_000) throw new Error('somebody sleeps again and again for no time');
      await settled();
      const [next] = [...this.#sleepers].sort((a, b) => a.at - b.at);
      if (next === undefined || next.at > end) break;
      this.#time = Math.max(this.#time, next.at);
      next.wake();
    }
    this.#time = end;
    await settled();
  }
}

/** Lets all that is under way come to where it waits for the clock. */
async function settled(): Promise<void> {
  for (let i = 0; i < 4; i++) await nextTurn();
}
