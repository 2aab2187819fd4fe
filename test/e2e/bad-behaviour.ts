/** How a model server misbehaves, whichever protocol it is called by, and what it was asked meanwhile. */

/** What they are on the wire differs by protocol: `bad-grpc.ts`, `bad-rest.ts`. */
export const behaviours = [
  'answers',
  'answers after 1.5 s',
  'hangs',
  'reads no body',
  'does not read its socket',
  'reads 1 KB/s',
  'closes the connection',
  'resets the call',
  'answers 1 KB/s without end',
  'answers 100 MB',
  'floods',
] as const;
export type Behaviour = (typeof behaviours)[number];

export const tickMs = 1000;
/** Shorter than a mirror's timeout: the answer is one that arrives. */
export const lateMs = 1500;
/** How much is read or answered with every tick. */
export const slowBytes = 1024;
export const hugeBytes = 100 << 20;
/** So many messages that say nothing, every so often: 50,000 a second. */
export const flood = { messages: 500, everyMs: 10 } as const;

export interface Copies {
  readonly begun: number;
  /** By the other side, or with its connection. */
  readonly cancelled: number;
  readonly open: number;
  /** At once, at most. */
  readonly mostOpen: number;
  readonly bytes: number;
}

/** What it does from now on, and what it has got since that began. */
export class Conduct {
  #behaviour: Behaviour = 'answers';
  #copies = { begun: 0, cancelled: 0, open: 0, mostOpen: 0, bytes: 0 };

  get behaviour(): Behaviour {
    return this.#behaviour;
  }

  get copies(): Copies {
    return this.#copies;
  }

  begin(behaviour: Behaviour): void {
    this.#behaviour = behaviour;
    this.#copies = { begun: 0, cancelled: 0, open: 0, mostOpen: 0, bytes: 0 };
  }

  countBegun(): void {
    const copies = this.#copies;
    copies.begun++;
    copies.mostOpen = Math.max(copies.mostOpen, ++copies.open);
  }

  countBytes(bytes: number): void {
    this.#copies.bytes += bytes;
  }

  countEnded(isCancelled: boolean): void {
    this.#copies.open--;
    if (isCancelled) this.#copies.cancelled++;
  }
}
