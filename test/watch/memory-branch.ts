import { createHash } from 'node:crypto';
import type { Finding, Problem } from '../../src/core/diagnostics/problem.ts';
import { safe } from '../../src/core/diagnostics/safe-text.ts';
import type { CommitHead, Snapshot, StatusBranch, StatusCommit } from '../../src/core/ports/watch.ts';
import { BranchTrouble } from '../../src/core/ports/watch.ts';

/** A repository with one branch, in memory: what watchers and people share. */
export class MemoryRepository {
  readonly files = new Map<string, string>();
  readonly messages: string[] = [];
  /** What of it cannot be read. */
  problems: readonly Problem[] = [];
  /** Files that cannot be read as text, by their texts here. */
  readonly refusals = new Map<string, Finding>();
  readonly #now: () => number;
  #head: CommitHead = { author: '', subject: '', time: 0 };
  #commits = 0;

  /** @param now seconds since 1970. */
  constructor(now = () => 1_700_000_000) {
    this.#now = now;
  }

  /** The last commit's. */
  get head(): CommitHead {
    return this.#head;
  }

  get commit(): string {
    return `c${this.#commits}`;
  }

  /** A person's commit; undefined removes a file. */
  edit(changes: Readonly<Record<string, string | undefined>>): void {
    this.apply(new Map(Object.entries(changes)));
  }

  apply(changes: ReadonlyMap<string, string | undefined>, author = 'Ada', subject = 'by a person'): void {
    this.#head = { author, subject, time: this.#now() };
    for (const [path, text] of changes) {
      if (text === undefined) this.files.delete(path);
      else this.files.set(path, text);
    }
    this.#commits++;
  }
}

/** One watcher's view of it. */
export class MemoryBranch implements StatusBranch {
  readonly #repository: MemoryRepository;
  readonly #isWanted: (folder: string, name: string) => boolean;
  sent: string | undefined;
  #snapshot: Snapshot | undefined;
  fetches = 0;
  pushes: StatusCommit[] = [];
  /** Thrown by the next calls. */
  readonly troubles: Error[] = [];
  /** Thrown by each push. */
  refusal: Error | undefined;
  attempts = 0;
  /** The next push is taken, and nobody hears of it. */
  losesAnswer = false;
  /** Called before a push arrives. */
  onPush: () => void = () => {};

  constructor(repository: MemoryRepository, isWanted: (folder: string, name: string) => boolean = () => true) {
    this.#repository = repository;
    this.#isWanted = isWanted;
  }

  readonly fetch = async () => {
    this.fetches++;
    this.#raise();
    if (this.#snapshot?.commit !== this.#repository.commit) this.#snapshot = this.#toSnapshot();
    return this.#snapshot;
  };

  readonly read = async (ids: ReadonlySet<string>) => {
    const { refusals } = this.#repository;
    const texts = new Map<string, string | Finding>();
    for (const text of this.#repository.files.values())
      if (ids.has(toId(text))) texts.set(toId(text), refusals.get(text) ?? text);
    return texts;
  };

  readonly push = async (commit: StatusCommit) => {
    this.attempts++;
    this.sent = undefined;
    this.#raise();
    this.onPush();
    if (this.#snapshot?.commit !== this.#repository.commit) return 'moved';
    if (this.refusal !== undefined) throw this.refusal;
    this.pushes.push(commit);
    const [subject = ''] = commit.message.split('\n', 1);
    this.#repository.apply(commit.changes, 'model-mirror watcher', subject);
    this.#repository.messages.push(commit.message);
    this.sent = this.#repository.commit;
    if (this.losesAnswer) {
      this.losesAnswer = false;
      throw new BranchTrouble('unreachable', safe`the connection was closed`);
    }
    this.#snapshot = this.#toSnapshot();
    return this.#snapshot;
  };

  #raise(): void {
    const trouble = this.troubles.shift();
    if (trouble !== undefined) throw trouble;
  }

  #toSnapshot(): Snapshot {
    const files = [...this.#repository.files].filter(([path]) => {
      const end = path.lastIndexOf('/');
      return this.#isWanted(end < 0 ? '.' : path.slice(0, end), path.slice(end + 1));
    });
    return {
      commit: this.#repository.commit,
      head: this.#repository.head,
      files: new Map(files.map(([path, text]) => [path, toId(text)])),
      problems: this.#repository.problems,
    };
  }
}

function toId(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
