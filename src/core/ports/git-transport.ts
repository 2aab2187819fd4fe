/** How the watcher reaches a remote repository. Each provider is a folder in `io/git/transports/`. */

/** The programs that a git server runs for its clients (gitprotocol-pack(5)). */
export type GitService = 'git-upload-pack' | 'git-receive-pack';

export interface GitTransport {
  /**
   * Starts a service, which lists the refs before anything else.
   *
   * @throws BranchTrouble when the server does not offer it, or does not offer it to these credentials.
   */
  readonly open: (service: GitService, signal: AbortSignal) => Promise<GitSession>;
}

/** One use of a service: the refs it lists, and at most one request. Whoever opens it disposes of it. */
export interface GitSession extends AsyncDisposable {
  /** In pkt-lines, up to and including the flush packet. */
  readonly advertisement: Uint8Array;
  /**
   * @param body the whole of what the client sends: wants and haves, or ref updates and a pack.
   * @returns the response as it arrives. Reading it throws BranchTrouble when the server fails.
   */
  readonly request: (body: Uint8Array) => AsyncIterable<Uint8Array>;
}
