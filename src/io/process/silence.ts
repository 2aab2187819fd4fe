/** Gives up on a server that stays silent: the signal is aborted when nothing is heard for too long. */
export class SilenceLimit {
  readonly #limitMs: number;
  readonly #silence = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  /** @param limitMs starts at once. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
    this.restart();
  }

  get signal(): AbortSignal {
    return this.#silence.signal;
  }

  get isExceeded(): boolean {
    return this.#silence.signal.aborted;
  }

  /** Called for whatever is heard. */
  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#silence.abort(), this.#limitMs);
  }

  /** Called at the end, also after an error: the timer would keep the process alive. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}
