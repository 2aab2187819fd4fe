import type { Readable, Writable } from 'node:stream';
import type { Environment } from '../io/process/argocd-environment.ts';
import type { Style } from '../output/style.ts';

/** Both ends of a person's terminal. */
export interface Terminal {
  readonly input: Readable;
  readonly output: Writable;
}

/** What a command may know of the process it runs in. */
export interface Host {
  /** Of model-mirror itself. */
  readonly version: string;
  /** Absolute, without links. */
  readonly workingDirectory: string;
  /** The file by which Node starts this program. */
  readonly program: string;
  readonly environment: Environment;
  readonly write: (descriptor: 1 | 2, texts: Iterable<string>) => void;
  readonly isTerminal: (descriptor: 1 | 2) => boolean;
  /** Of the terminal, in characters; undefined where there is none. */
  readonly size: (descriptor: 1 | 2) => { readonly columns: number; readonly rows: number } | undefined;
  /** Where questions can be asked and answered; undefined: nobody sits there. */
  readonly terminal?: Terminal | undefined;
  /** Seconds since 1970; absent: the system's clock. */
  readonly now?: () => number;
  /** Colours where a terminal shows them; elsewhere, and with NO_COLOR, none. */
  readonly style: (descriptor: 1 | 2) => Style;
}
