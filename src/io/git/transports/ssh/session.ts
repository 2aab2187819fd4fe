/**
 * A git service on a channel: unlike HTTP, one process of the server lists the refs, and then waits for the request.
 *
 * Invariants: a service that was only looked at is ended by a flush packet (gitprotocol-pack(5)), else the server logs that
 * its client hung up; a response whose end is missing is an error, never a short response.
 */
import type { ClientChannel } from 'ssh2';
import { mask, safe } from '../../../../core/diagnostics/safe-text.ts';
import type { GitService, GitSession } from '../../../../core/ports/git-transport.ts';
import { BranchTrouble } from '../../../../core/ports/watch.ts';
import { SilenceLimit } from '../../../process/silence.ts';
import { bound, mostOfList } from '../../bounded.ts';
import { flushPacket, readPackets } from '../../packets.ts';
import type { SshConnection } from './connection.ts';
import { toEndingTrouble } from './server-words.ts';

/** The server did nothing yet: it is safe to try on another connection. */
export class NotBegun extends BranchTrouble {}

/** What is kept of stderr, in characters. */
const textLength = 8192;
const pieceLength = 1 << 18;
/** How long the refs may take, however steadily they arrive, as a multiple of how long the server may be silent. */
const listSilences = 3;

export interface SessionOptions {
  readonly connection: SshConnection;
  readonly service: GitService;
  readonly path: string;
  readonly silenceMs: number;
  readonly signal: AbortSignal;
}

/** @throws BranchTrouble; NotBegun when nothing was heard of the service. */
export async function openSession(options: SessionOptions): Promise<GitSession> {
  const { connection, service, path, signal } = options;
  signal.throwIfAborted();
  const limits = new Limits(options);
  const opening = connection.exec(
    `${service} ${toShellWord(path)}`,
    (channel) => new SshSession(channel, options, limits),
  );
  let session: SshSession | undefined;
  try {
    session = await limits.wait(opening);
    await session.list();
    limits.endList();
    return session;
  } catch (error) {
    if (session === undefined) opening.then((late) => late[Symbol.asyncDispose](), ignore);
    limits.end();
    await session?.[Symbol.asyncDispose]();
    if (error instanceof BranchTrouble || signal.aborted) throw error;
    // By then the library would have reported what is wrong with the connection.
    const { message } = error as Error;
    throw new NotBegun(
      connection.isOver() ? 'unreachable' : 'unavailable',
      connection.isOver()
        ? safe`the git server closed the connection`
        : safe`the git server does not start ${service}: ${mask(message)}`,
    );
  }
}

/** In single quotes, as git writes it: an exclamation mark ends them too, for csh (quote.c). */
function toShellWord(path: string): string {
  return `'${path.replace(/['!]/g, "'\\$&'")}'`;
}

function isBlank(output: Buffer): boolean {
  return output.toString('latin1').trim() === '';
}

class SshSession implements GitSession {
  advertisement: Uint8Array = Buffer.alloc(0);
  readonly #channel: ClientChannel;
  readonly #options: SessionOptions;
  readonly #limits: Limits;
  readonly #output: AsyncIterator<Buffer>;
  readonly #closed: Promise<unknown>;
  #text = '';
  #status: number | null | undefined;
  #isHeard = false;
  #isRequested = false;
  #isClosed = false;

  constructor(channel: ClientChannel, options: SessionOptions, limits: Limits) {
    this.#channel = channel;
    this.#options = options;
    this.#limits = limits;
    this.#output = channel[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    this.#closed = new Promise<void>((resolve) => channel.once('close', resolve)).then(() => {
      this.#isClosed = true;
    });
    channel.on('error', ignore);
    channel.on('exit', (status: number | null) => {
      this.#status = status;
    });
    channel.stderr.on('data', (chunk: Buffer) => {
      this.#isHeard = true;
      limits.restart();
      if (this.#text.length < textLength) this.#text += chunk.toString('utf8');
    });
  }

  /** Reads the refs. */
  async list(): Promise<void> {
    const packets: Buffer[] = [];
    for await (const packet of readPackets(bound(this.#read(), mostOfList, safe`list of refs`))) {
      if (packet.toString('latin1', 4, 8) === 'ERR ') {
        this.#text += packet.toString('utf8', 8);
        break;
      }
      packets.push(packet);
      if (!packet.equals(flushPacket)) continue;
      this.advertisement = Buffer.concat(packets);
      return;
    }
    throw this.#toTrouble();
  }

  async *request(body: Uint8Array): AsyncIterable<Uint8Array> {
    this.#isRequested = true;
    this.#send(body);
    let end = Buffer.alloc(0);
    for await (const chunk of this.#read()) {
      end = Buffer.concat([end, chunk.subarray(-4)]).subarray(-4);
      yield chunk;
    }
    // Some servers send no status, and some report a refused push by one, too.
    if (this.#status === 0 || end.equals(flushPacket)) return;
    if (this.#status === undefined && !this.#options.connection.isOver()) return;
    throw this.#toTrouble();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#limits.end();
    if (this.#isClosed) return;
    if (this.advertisement.length > 0 && !this.#isRequested) this.#channel.end(flushPacket);
    else this.#channel.destroy();
    // Nobody waits for it; a channel that stays open would count against the server's limit for ever.
    const late = setTimeout(() => this.#options.connection.drop(), this.#options.silenceMs).unref();
    this.#drain().then(() => clearTimeout(late), ignore);
  }

  /** To the end of the service, when its status is known too. */
  async *#read(): AsyncGenerator<Buffer> {
    for (let isFirst = this.advertisement.length === 0; ; isFirst = false) {
      let { done, value } = await this.#limits.wait(this.#output.next());
      // Gitea writes an empty line there before it says on stderr what is wrong (cmd/serv.go, fail).
      while (isFirst && !done && isBlank(value)) ({ done, value } = await this.#limits.wait(this.#output.next()));
      if (done) break;
      if (isFirst && !/^[\da-f]{0,4}$/i.test(value.toString('latin1', 0, 4)))
        throw new BranchTrouble(
          'denied',
          safe`the server answers with text in place of git: ${mask(value.toString('utf8', 0, 200).split(/[\r\n]/)[0] ?? '')}`,
        );
      this.#isHeard = true;
      yield value;
    }
    await this.#limits.wait(this.#closed);
  }

  async #drain(): Promise<void> {
    for (;;) if ((await this.#output.next()).done) break;
    await this.#closed;
  }

  /** Until the server stops reading, which shows in its response. */
  async #send(body: Uint8Array): Promise<void> {
    for (let at = 0; at < body.length; at += pieceLength) {
      const piece = body.subarray(at, at + pieceLength);
      await new Promise<void>((resolve) => this.#channel.write(piece, () => resolve()));
      this.#limits.restart();
    }
    // As git does it: a pack that is pushed ends the conversation, and whoever fetches goes on listening.
    if (this.#options.service === 'git-receive-pack') this.#channel.end();
  }

  #toTrouble(): BranchTrouble {
    const isBegun = this.advertisement.length > 0;
    if (this.#status !== undefined || this.#text !== '')
      return toEndingTrouble(this.#options.service, { text: this.#text, status: this.#status }, isBegun);
    const message = safe`the git server closed the connection in the middle of ${this.#options.service}`;
    return this.#isHeard ? new BranchTrouble('unreachable', message) : new NotBegun('unreachable', message);
  }
}

/** What ends a session from outside: its signal, a server that stays silent while something is waited for, and a list without an end. */
class Limits {
  readonly #silence: SilenceLimit;
  #list: NodeJS.Timeout | undefined;
  readonly #failed: Promise<never>;
  readonly #ended = new AbortController();
  #isWaiting = false;

  constructor({ connection, silenceMs, signal }: SessionOptions) {
    this.#silence = new SilenceLimit(silenceMs);
    this.#failed = new Promise((_, reject) => {
      const once = { once: true, signal: this.#ended.signal };
      signal.addEventListener('abort', () => reject(signal.reason), once);
      const giveUp = () => {
        // Whatever comes later on it would be as late.
        connection.drop();
        reject(new BranchTrouble('unreachable', safe`the git server was silent for ${silenceMs / 1000} s`));
      };
      this.#silence.signal.addEventListener('abort', giveUp, once);
      const listMs = listSilences * silenceMs;
      const toLate = () =>
        new BranchTrouble('unreachable', safe`the git server did not list the refs within ${listMs / 1000} s`);
      this.#list = setTimeout(() => reject(toLate()), listMs);
    });
    this.#failed.catch(ignore);
  }

  /** A slow reader is not a silent server: time counts only in here. */
  async wait<T>(what: Promise<T>): Promise<T> {
    this.#isWaiting = true;
    this.#silence.restart();
    try {
      return await Promise.race([what, this.#failed]);
    } finally {
      this.#isWaiting = false;
      this.#silence.stop();
    }
  }

  restart(): void {
    if (this.#isWaiting) this.#silence.restart();
  }

  /** The refs are there. */
  endList(): void {
    clearTimeout(this.#list);
  }

  end(): void {
    this.endList();
    this.#silence.stop();
    this.#ended.abort();
  }
}

function ignore(): void {}
