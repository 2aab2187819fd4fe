/** A work tree, HEAD and a remote in memory, for the use cases that edit: each is a set of texts. */
import type { EditPorts, EditRequest } from '../../src/commands/edit/plan.ts';
import { mask, safe } from '../../src/core/diagnostics/safe-text.ts';
import type { Clone, Destination, GitStepState, LocalState, Pushed } from '../../src/core/ports/clone.ts';
import type { Files } from '../core/render/memory-tree.ts';
import { toMemoryTree } from '../core/render/memory-tree.ts';
import { MemoryRevisions } from './memory-revisions.ts';

export const policy = 'models/wisdom/policy.yaml';
export const model = 'models/wisdom/model.yaml';

export class MemoryClone {
  work: Files;
  head: Files;
  remote: Files;
  branch: string | undefined = 'main';
  readonly commits: { readonly message: string; readonly branch: string | undefined }[] = [];
  readonly questions: number[] = [];
  readonly links = new Set<string>();
  /** Files that git is told to treat as unchanged. */
  readonly hidden = new Set<string>();
  /** In seconds since 1970. */
  now = 1_800_000_000;
  /** What somebody at a terminal answers. */
  answer = true;
  /** What the next push comes to; undefined: it is pushed. */
  refusal: Exclude<Pushed, { readonly kind: 'pushed' }> | undefined;
  /** A hook changes what is committed. */
  hook: ((text: string) => string) | undefined;
  /** While a step is carried out. */
  interruptedAt: 'commit' | 'push' | undefined;
  steps: Partial<GitStepState> = {};
  destination: Destination | undefined = {
    words: ['push'],
    remote: 'origin',
    branch: 'main',
    isFirst: false,
    isUnclear: false,
    tracking: ['refs/remotes/origin/main'],
  };
  /** The commits of the branch. */
  readonly past = new MemoryRevisions();
  #tip: string;
  #isInterrupted = false;

  constructor(files: Files) {
    this.work = files;
    this.head = files;
    this.remote = files;
    this.#tip = this.past.commit('main', 'start', files);
  }

  /** Committed and pushed by somebody. */
  share(files: Files, message = 'share'): void {
    this.work = { ...this.work, ...files };
    this.commitAll(message);
    this.#push();
  }

  put(path: string, text: string): void {
    this.work = { ...this.work, [path]: text };
  }

  commitAll(message = 'by hand'): void {
    this.#commit(this.work, message);
  }

  #push(): void {
    this.remote = this.head;
    for (const ref of this.destination?.tracking ?? []) this.past.point(ref, this.#tip);
  }

  #commit(files: Files, message: string): void {
    this.head = files;
    this.#tip = this.past.commit('main', message, files);
  }

  /** @param isRepository false: there is no repository. */
  toPorts(isRepository = true): EditPorts {
    return {
      files: {
        openTree: () => toMemoryTree(this.work),
        isLink: (path) => this.links.has(path),
        write: (path, before, after) => {
          if (this.work[path] !== before) throw new Error(`${path} does not hold what was read`);
          this.put(path, after);
        },
      },
      openClone: () => (isRepository ? this.#toClone() : undefined),
      names: { toShownPath: mask, toInnerPaths: (typed) => [typed] },
      words: {
        toSubject: ({ code }) => code,
        toMessage: ({ code }) => code,
        toReasonText: ({ code }) => safe`${code}`,
      },
      now: () => this.now,
      confirm: async ({ percentage }) => {
        this.questions.push(percentage);
        return this.answer;
      },
    };
  }

  #toClone(): Clone {
    return {
      assertInstalled: async () => {},
      readState: async () => this.#readState(),
      readCommit: async () => toMemoryTree(this.head),
      readPast: (path, read) => read({ history: this.past, path, part: { folder: '.', root: '.' } }),
      readStepState: async () => ({
        unfinished: undefined,
        conflicts: [],
        ignored: new Set(),
        branches: [],
        isBehind: false,
        ...this.steps,
      }),
      listBranches: async () => this.steps.branches ?? [],
      findDestination: async () => this.destination,
      commitFile: async ({ path, after }, { message, branch }, write) => {
        write();
        if (this.head[path] === after)
          return { id: undefined, branch: this.branch, unstaged: undefined, isChanged: false, remarks: [] };
        const committed = this.hook?.(after) ?? after;
        this.#commit({ ...this.head, [path]: committed }, message);
        this.branch = branch ?? this.branch;
        this.commits.push({ message, branch: this.branch });
        if (this.interruptedAt === 'commit') this.#isInterrupted = true;
        const isChanged = committed !== after;
        return { id: '1234567890abcdef', branch: this.branch, unstaged: undefined, isChanged, remarks: [] };
      },
      push: async () => {
        if (this.interruptedAt === 'push') this.#isInterrupted = true;
        if (this.refusal !== undefined) return this.refusal;
        this.#push();
        return { kind: 'pushed', branch: 'main', rebased: undefined, said: undefined };
      },
      findDeployBranches: async () => [],
      holdInterrupts: () => ({ isInterrupted: () => this.#isInterrupted, release: () => {} }),
    };
  }

  #readState(): LocalState {
    return {
      head: this.#tip,
      branch: this.branch,
      uncommitted: new Set(differing(this.work, this.head).filter((path) => !this.hidden.has(path))),
      unpushed: new Set(this.destination === undefined ? [] : differing(this.head, this.remote)),
      isTracked: (path) => path in this.head,
      destination: this.branch === undefined ? undefined : this.destination,
    };
  }
}

function differing(one: Files, other: Files): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((path) => one[path] !== other[path]);
}

export function toRequest(wishes: Partial<EditRequest> = {}): EditRequest {
  return {
    name: 'wisdom',
    cluster: undefined,
    dryRun: false,
    commit: false,
    branch: undefined,
    push: false,
    ...wishes,
  };
}
