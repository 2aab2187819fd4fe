import type { Readable, Writable } from 'node:stream';
import type { Environment } from '../io/process/argocd-environment.ts';
import type { Style } from '../output/style.ts';

/** Both ends of a person's terminal. */
export interface Terminal {
  readonly input: Readable;
  readonly output: Writable;
}

/** The process that a command runs in. */
export interface Host {
  /** The version of model-mirror. */
  readonly version: string;
  /** Absolute, without links. */
  readonly workingDirectory: string;
  /** What starts this program again: Node and the file that it was started with, or the single executable. */
  readonly program: readonly string[];
  /** What people type to run it, where that is not `model-mirror`. */
  readonly calledAs?: string | undefined;
  readonly environment: Environment;
  readonly write: (descriptor: 1 | 2, texts: Iterable<string>) => void;
  readonly isTerminal: (descriptor: 1 | 2) => boolean;
  /** Of the terminal, in characters; undefined where there is none. */
  readonly size: (descriptor: 1 | 2) => { readonly columns: number; readonly rows: number } | undefined;
  /** For questions and answers; undefined: no person can answer. */
  readonly terminal?: Terminal | undefined;
  /** Seconds since 1970; absent: the system's clock. */
  readonly now?: () => number;
  /** Colours on a terminal; none elsewhere or with NO_COLOR. */
  readonly style: (descriptor: 1 | 2) => Style;
}
