/**
 * Objects of a repository, read by one `git cat-file --batch` that runs as long as it is needed (git-cat-file(1),
 * "BATCH OUTPUT"). Git answers in the order of the requests, so that many can be sent at once: one at a time, each would
 * cost a round trip to another process.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { Fault } from '../../core/diagnostics/fault.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import { maxFileBytes } from '../../core/repository/file-text.ts';
import { toNotStarted, toSaid } from './ended.ts';
import type { Git } from './git.ts';
import type { RevisionNames } from './revision-names.ts';
import { deepen, toShortId } from './revision-names.ts';

export interface GitObject {
  readonly id: string;
  readonly type: 'commit' | 'tree' | 'blob' | 'tag';
  /** Of a file above the size limit, only one byte more than the limit. */
  readonly content: Buffer;
}

interface Asked {
  readonly resolve: (object: GitObject | undefined) => void;
  readonly reject: (reason: unknown) => void;
}

const refetch = safe`this is a partial clone: check that git fetch works here`;

/** An object that is still arriving. */
interface Arriving {
  readonly object: Omit<GitObject, 'content'>;
  /** How many bytes are kept. */
  readonly kept: number;
  content?: Buffer;
  /** How many bytes follow that are not kept, including the end of the line. */
  rest: number;
}

const newline = 0x0a;

/** Weights that were committed under one of our file names would not fit into memory. */
function toArriving(object: Arriving['object'], size: number): Arriving {
  const kept = object.type === 'blob' ? Math.min(size, maxFileBytes + 1) : size;
  return { object, kept, rest: size - kept + 1 };
}

export class GitObjects implements Disposable {
  readonly #git: Git;
  readonly #names: RevisionNames;
  #process: ChildProcessWithoutNullStreams | undefined;
  #asked: Asked[] = [];
  /** The index of the first request that waits; those before it are answered. */
  #next = 0;
  #chunks: Buffer[] = [];
  #length = 0;
  #arriving: Arriving | undefined;
  /** Ids that are written together at the end of this turn. */
  #unsent: string[] = [];
  #complaint = '';

  /** @param names by which it is known what a clone was made without. */
  constructor(git: Git, names: RevisionNames) {
    this.#git = git;
    this.#names = names;
  }

  /**
   * @param id in full, in hexadecimal.
   * @returns undefined when the repository does not have it; a partial clone fetches it.
   * @throws Fault when git fails.
   */
  read(id: string): Promise<GitObject | undefined> {
    const child = this.#open();
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      this.#unsent.push(id);
      if (this.#unsent.length === 1)
        queueMicrotask(() => {
          child.stdin.write(`${this.#unsent.join('\n')}\n`);
          this.#unsent = [];
        });
    });
  }

  /** The same. @throws Fault also when the repository does not have it. */
  async require(id: string): Promise<GitObject> {
    const found = await this.read(id);
    if (found !== undefined) return found;
    const [isShallow, promisor] = await Promise.all([this.#names.isShallow(), this.#names.findPromisor()]);
    // An older git continues after it failed to fetch a promised object.
    const said = toSaid(this.#complaint);
    const hint = promisor === undefined ? safe`run git fsck, or clone it again` : refetch;
    throw new Fault(
      'environment',
      safe`this clone does not have ${toShortId(id)}, or it is damaged there${said === undefined ? '' : safe`: ${said}`}`,
      isShallow ? deepen : hint,
    );
  }

  [Symbol.dispose](): void {
    this.#process?.stdin.end();
    this.#process = undefined;
  }

  #open(): ChildProcessWithoutNullStreams {
    if (this.#process !== undefined) return this.#process;
    const child = this.#git.open(['cat-file', '--batch']);
    this.#process = child;
    child.stderr.on('data', (chunk: Buffer) => {
      this.#complaint += chunk.toString('utf8');
    });
    child.stdout.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#take();
    });
    child.on('error', (error) => this.#fail(error));
    child.on('close', () => this.#fail());
    return child;
  }

  /** Answers the requests whose objects have arrived. */
  #take(): void {
    for (;;) {
      if (this.#arriving === undefined) {
        const line = this.#takeLine();
        if (line === undefined) return;
        const [id = '', type = '', size] = line.split(' ');
        if (size === undefined) this.#answer(undefined);
        else this.#arriving = toArriving({ id, type: type as GitObject['type'] }, Number(size));
      } else {
        const arriving = this.#arriving;
        if (arriving.content === undefined && this.#length < arriving.kept) return;
        arriving.content ??= this.#cut(arriving.kept);
        const dropped = Math.min(this.#length, arriving.rest);
        if (dropped === 0) return;
        this.#cut(dropped);
        arriving.rest -= dropped;
        if (arriving.rest > 0) return;
        this.#arriving = undefined;
        this.#answer({ ...arriving.object, content: arriving.content });
      }
    }
  }

  #takeLine(): string | undefined {
    let before = 0;
    for (const chunk of this.#chunks) {
      const end = chunk.indexOf(newline);
      if (end >= 0) return this.#cut(before + end + 1).toString('utf8', 0, before + end);
      before += chunk.length;
    }
    return undefined;
  }

  #cut(length: number): Buffer {
    const [first] = this.#chunks;
    const all = first !== undefined && first.length >= length ? first : Buffer.concat(this.#chunks);
    if (all === first) this.#chunks[0] = first.subarray(length);
    else this.#chunks = [all.subarray(length)];
    this.#length -= length;
    return all.subarray(0, length);
  }

  #answer(object: GitObject | undefined): void {
    this.#asked[this.#next++]?.resolve(object);
    if (this.#next < this.#asked.length) return;
    this.#asked = [];
    this.#next = 0;
  }

  /** All pending reads fail; the next read starts a new process. */
  #fail(error?: unknown): void {
    const waiting = this.#asked.slice(this.#next);
    this.#asked = [];
    this.#next = 0;
    this.#chunks = [];
    this.#length = 0;
    this.#arriving = undefined;
    this.#process = undefined;
    const said = toSaid(this.#complaint) ?? safe`git ended`;
    // Git's message (promisor-remote.c), which is English here.
    const isPromised = this.#complaint.includes('from promisor remote');
    this.#complaint = '';
    const fault =
      error === undefined
        ? new Fault(
            'environment',
            safe`the repository cannot be read: ${said}`,
            isPromised ? refetch : safe`run git fsck`,
          )
        : toNotStarted(error);
    for (const { reject } of waiting) reject(fault);
  }
}
