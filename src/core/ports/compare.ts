/** What the comparer needs from the outside, and what the outside tells it; `io/compare/` implements it. */

/** The head of a copy, as it arrives. */
export interface CopyHead {
  /** `:authority` or `host`, as it was sent. */
  readonly host: string;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Names in lower case, without pseudo-headers. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A copy whose body is still arriving. */
export interface Reception {
  /** @returns false: it was dropped, and nothing more of it is needed. */
  readonly take: (chunk: Uint8Array) => boolean;
  readonly end: () => void;
  /** The sender has given it up. */
  readonly cutOff: () => void;
}

export interface CopyReceiver {
  /** Counts the copy. @returns undefined: it is dropped, and nothing more of it is needed. */
  readonly receive: (head: CopyHead) => Reception | undefined;
}

/** A request to one version. */
export interface Call {
  readonly host: string;
  readonly port: number;
  /** HTTP/2 without TLS, as gRPC needs it, or else HTTP/1.1. */
  readonly isGrpc: boolean;
  readonly method: string;
  readonly path: string;
  /** Names in lower case, without `host`, `content-length` and pseudo-headers. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** How long the whole answer may take, in milliseconds. */
  readonly deadlineMs: number;
  /** Of the answer, in bytes. */
  readonly maxBytes: number;
}

/**
 * What came of a call, with the milliseconds it took:
 * - deadline: there was no whole answer in time;
 * - unreachable: no connection, or it was closed before anything of an answer came;
 * - refused: the address is none that may be called;
 * - broken-off: the answer began and did not end;
 * - too-large: the answer exceeds `maxBytes`;
 * - full: nobody has room for it;
 * - cancelled: whoever asked no longer wants it.
 */
export type Answer =
  | {
      readonly is: 'reply';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly trailers: Readonly<Record<string, string>>;
      readonly body: Uint8Array;
      readonly ms: number;
    }
  | { readonly is: NoReply; readonly ms: number };

export type NoReply = 'deadline' | 'unreachable' | 'refused' | 'broken-off' | 'too-large' | 'full' | 'cancelled';

/** Room for bytes, which several calls share. */
export interface Room {
  /** @returns false: there is none. */
  readonly take: (bytes: number) => boolean;
  /** @returns at least so many bytes, which may be read and written as long as the answer is needed; undefined: there is no room. */
  readonly reserve: (bytes: number) => Uint8Array | undefined;
}

export interface Asker {
  /**
   * Never throws, and calls `done` once, later.
   *
   * @returns cancels it.
   */
  readonly ask: (call: Call, room: Room, done: (answer: Answer) => void) => () => void;
}

/** How late this process itself was: what it measures then says nothing about others. */
export interface Punctuality {
  /** @returns the most that anything was late since a time of the clock, both in milliseconds. */
  readonly lateness: (since: number) => number;
}

/** Which model a number is about. */
export interface ModelName {
  readonly namespace: string;
  readonly model: string;
}

/** Which candidate a number is about. */
export interface CountedName extends ModelName {
  /** What people call the candidate; undefined: it is not known which one a copy is for. */
  readonly version?: string | undefined;
}

/** Counts what happens. */
export interface CompareMeter {
  /** Each received copy ends in exactly one of the other three. @param of undefined: no model is known. */
  readonly received: (of: CountedName | undefined) => void;
  /** @param overheadMs what the comparer took beside waiting for the slower version. */
  readonly compared: (of: CountedName, result: PairResult, overheadMs: number) => void;
  readonly unknown: (of: CountedName, reason: string) => void;
  readonly dropped: (of: CountedName | undefined, reason: DropReason) => void;
}

/**
 * - agree, disagree: both versions answered;
 * - not-compared: both answered, and no check is about their answers;
 * - the others: which version failed.
 */
export type PairResult = 'agree' | 'disagree' | 'not-compared' | 'candidate-failed' | 'primary-failed' | 'both-failed';

/**
 * Why a copy was not compared:
 * - full-calls, full-bytes: the budget of this process is used up;
 * - too-large: the request or an answer;
 * - unknown-host: no known model has it, or several have;
 * - not-an-inference-path: it could change something, or is not declared;
 * - no-task: nothing is to be compared of this model;
 * - other-version: its routes lead to other versions than those that are to be compared;
 * - no-address: they lead where the comparer must not call: a model's own host, or what is no name of a Service;
 * - unsupported-path: they rewrite paths by an expression that is not run here;
 * - stale-routes: what is known of the routes may be out of date;
 * - busy-primary: more would be in flight at the primary than may be, or more wait for it than should;
 * - event-loop-late: this process is too busy;
 * - changed: the task changed meanwhile;
 * - cut-off: the sender did not send the whole copy;
 * - ending: this process is ending.
 */
export const dropReasons = [
  'full-calls',
  'full-bytes',
  'too-large',
  'unknown-host',
  'not-an-inference-path',
  'no-task',
  'other-version',
  'no-address',
  'unsupported-path',
  'stale-routes',
  'busy-primary',
  'event-loop-late',
  'changed',
  'cut-off',
  'ending',
] as const;
export type DropReason = (typeof dropReasons)[number];
