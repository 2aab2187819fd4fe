import type { ServerResponse } from 'node:http';
import type { LabelTest } from './selector.ts';
import type { Stored, StoreEvent } from './store.ts';
import { toLine } from './store.ts';

export interface WatchScope {
  /** Undefined: all. */
  readonly namespace: string | undefined;
  readonly matches: LabelTest;
}

/** Like a real API, the fake disconnects a client that does not read before memory fills up. */
const longestBacklog = 256 * 1024 * 1024;

/** One open watch, which sends the changes in its scope as lines of JSON. */
export class WatchStream {
  readonly #response: ServerResponse;
  readonly #scope: WatchScope;
  #isCorked = false;

  constructor(response: ServerResponse, scope: WatchScope) {
    this.#response = response;
    this.#scope = scope;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
  }

  /** Sends an existing object. */
  add(stored: Stored): void {
    if (this.#sees(stored)) this.write(toLine('ADDED', stored.json));
  }

  /** Sends a change: an object that no longer matches is deleted for this stream, one that starts to match is added. */
  take(event: StoreEvent): void {
    const had = this.#sees(event.before);
    const has = this.#sees(event.after);
    if (has) this.write(event.line(had ? 'MODIFIED' : 'ADDED'));
    else if (had) this.write(event.line('DELETED'));
  }

  /** Everything that is written in one turn of the event loop is sent together. */
  write(line: Buffer): void {
    const response = this.#response;
    if (response.destroyed || response.writableEnded) return;
    if (!this.#isCorked) {
      this.#isCorked = true;
      response.cork();
      setImmediate(() => {
        this.#isCorked = false;
        response.uncork();
      });
    }
    response.write(line);
    if (response.writableLength > longestBacklog) response.destroy();
  }

  end(line?: Buffer): void {
    if (line !== undefined) this.write(line);
    this.#response.end();
  }

  close(): void {
    this.#response.destroy();
  }

  onClose(listener: () => void): void {
    this.#response.once('close', listener);
  }

  #sees(stored: Stored | undefined): boolean {
    if (stored === undefined) return false;
    const { namespace, labels } = stored.object.metadata;
    const { namespace: selected = namespace, matches } = this.#scope;
    return namespace === selected && matches(labels);
  }
}
