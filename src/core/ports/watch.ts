/** What the watcher needs from the outside; `io/` implements it. */
import type { SourceCommit } from '../carry/carry.ts';
import type { CarryPlan } from '../carry/plan.ts';
import type { Finding, Problem } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';

/** Time in milliseconds that only goes forward, and randomness. */
export interface Clock {
  readonly now: () => number;
  /** Seconds since 1970, for the date of a commit. */
  readonly date: () => number;
  /** Resolves early, without an error, when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 up to 1. */
  readonly random: () => number;
}

export type LogFields = Readonly<Record<string, SafeText | number | boolean | undefined>>;

export interface Log {
  readonly info: (message: SafeText, fields?: LogFields) => void;
  readonly warn: (message: SafeText, fields?: LogFields) => void;
  readonly error: (message: SafeText, fields?: LogFields) => void;
}

/** The branch at one commit. */
export interface Snapshot {
  readonly commit: string;
  readonly head: CommitHead;
  /** Path from the repository's root → blob id; only the files that pass the filter. */
  readonly files: ReadonlyMap<string, string>;
  /** What cannot be read of the branch, such as links that leave it. */
  readonly problems: readonly Problem[];
  /** Present when the commit does not have the watcher's folder. */
  readonly missing?: MissingFolder | undefined;
}

/** How a commit describes itself. */
export interface CommitHead {
  /** The author's name. */
  readonly author: string;
  /** The committer's time, in seconds since 1970. */
  readonly time: number;
  /** The first line of the message. */
  readonly subject: string;
  /** The commit of the source branch that it names as carried last; undefined: it names none. */
  readonly carried?: string | undefined;
}

export interface MissingFolder {
  /** The first part of the path that does not exist, from the repository's root. */
  readonly path: string;
  /** A folder that exists and may be meant, from the repository's root. */
  readonly similar: string | undefined;
}

export interface StatusCommit {
  /** Path from the repository's root → the new text; undefined removes the file. */
  readonly changes: ReadonlyMap<string, string | undefined>;
  readonly message: SafeText;
}

/**
 * Why the branch cannot be read or written now:
 * - unreachable: there was no answer, or half of one;
 * - unavailable: the server answers that it cannot (HTTP 5xx);
 * - denied: it does not accept the credentials;
 * - refused: it does not accept what was pushed;
 * - throttled: it asks for fewer requests;
 * - no-branch: the repository does not have the branch;
 * - unsupported: the repository has a format that the watcher does not support;
 * - too-large: the branch does not fit into memory.
 */
export const branchTroubleCodes = [
  'unreachable',
  'unavailable',
  'denied',
  'refused',
  'throttled',
  'no-branch',
  'unsupported',
  'too-large',
] as const;
export type BranchTroubleCode = (typeof branchTroubleCodes)[number];

/** The message never holds a credential. */
export class BranchTrouble extends Error {
  declare readonly message: SafeText;
  readonly code: BranchTroubleCode;
  /** How long the server asks to wait. */
  readonly retryAfterMs: number | undefined;
  /** Whether a push failed before anything was sent, when it read the branch: a fetch would fail as well. */
  readonly isOfLook: boolean;

  constructor(
    code: BranchTroubleCode,
    message: string,
    retryAfterMs?: number,
    { isOfLook = false, ...options }: ErrorOptions & { readonly isOfLook?: boolean } = {},
  ) {
    super(message, options);
    this.name = 'BranchTrouble';
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.isOfLook = isOfLook;
  }
}

/** The tracked branch. One call at a time. All throw BranchTrouble. */
export interface StatusBranch {
  /** The newest commit; the same snapshot when the branch has not moved. */
  readonly fetch: (signal: AbortSignal) => Promise<Snapshot>;
  /** The text of files of the last snapshot, or why there is none, by blob id. */
  readonly read: (ids: ReadonlySet<string>, maxBytes?: number) => Promise<ReadonlyMap<string, string | Finding>>;
  /** Pushes one commit on top of the last snapshot. Returns the new one, or `moved` when the branch has moved. */
  readonly push: (commit: StatusCommit, signal: AbortSignal) => Promise<Snapshot | 'moved'>;
  /** The commit that the last push has sent; undefined: it failed before it sent one. */
  readonly sent: string | undefined;
}

export const retryCauses = ['api', 'git-fetch', 'git-push', 'argocd', 'notify'] as const;
type RetryCause = (typeof retryCauses)[number];

/** What is counted. */
export interface Meter {
  readonly event: (kind: string, change: string) => void;
  /** The branch was read. */
  readonly look: () => void;
  readonly commit: (secondsFromEvent: readonly number[]) => void;
  readonly conflict: () => void;
  readonly retry: (cause: RetryCause) => void;
  readonly pushFailed: (cause: BranchTroubleCode) => void;
  /** How many pushes in a row have failed; 0: the last one was accepted, or there is nothing to push. */
  readonly pushFailures: (count: number) => void;
  readonly models: (byState: ReadonlyMap<string, number>) => void;
  /** How many models the branch declares below the watcher's path. */
  readonly declared: (count: number) => void;
}

export interface CarryMeter {
  /** The source branch was carried to the deploy branch. */
  readonly carried: () => void;
  /** How many carries in a row have failed; 0: the last one was accepted, or there is nothing to carry. */
  readonly carryFailures: (count: number) => void;
}

/** What becomes of carries from the source branch to the deploy branch. */
export interface CarryReports {
  /** The deploy branch has the source's newest commit. */
  readonly current: () => void;
  /** It does not, or nobody knows. */
  readonly behind: () => void;
  readonly carried: (carried: Carried) => void;
  /** People have changed these files on the deploy branch itself. @param commit its tip. */
  readonly edited: (commit: string, paths: readonly string[]) => void;
  /** @param failures in a row. @param retryMs how long until the next try, at the latest. */
  readonly failed: (trouble: BranchTrouble, failures: number, retryMs: number) => void;
}

/** A carry that is pushed. */
export interface Carried extends Pick<CarryPlan, 'undone'> {
  readonly source: SourceCommit;
  /** The new tip of the deploy branch. */
  readonly commit: string;
  /** `first`: the branch was made by somebody else. */
  readonly code: 'created' | 'first' | 'carried';
}

/** Why pushes, or carries, fail. */
export interface PushTrouble {
  readonly message: SafeText;
  /** How many in a row. */
  readonly failures: number;
  /** When the first of them failed, in seconds since 1970. */
  readonly since: number;
}
