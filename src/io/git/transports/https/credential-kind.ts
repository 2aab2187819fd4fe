/** What a kind of credentials consists of; each has a file beside this one. */
import type { SafeText } from '../../../../core/diagnostics/safe-text.ts';

/** Name → text without white space around it; empty files are left out. */
export type CredentialFiles = ReadonlyMap<string, string>;

export type Headers = Readonly<Record<string, string>>;

export interface CredentialKind {
  /** The files by which it is recognized; those of two kinds do not belong in one place. */
  readonly names: readonly string[];
  /** Those that must all be there. */
  readonly required: readonly string[];
  /** What the log shows when the watcher starts: never a secret. */
  readonly toTitle: (files: CredentialFiles) => SafeText;
  /**
   * What is sent with each request.
   *
   * @throws BranchTrouble when there is no credential to send.
   */
  readonly toHeaders: (files: CredentialFiles, signal: AbortSignal) => Promise<Headers>;
  /**
   * Called when the host has answered 401.
   *
   * @returns headers to try again at once; undefined: only others than these are worth another request.
   */
  readonly refuse?: (headers: Headers, signal: AbortSignal) => Promise<Headers | undefined>;
}
