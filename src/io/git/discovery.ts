/** What a git server offers at the start of a session: its refs and capabilities, as isomorphic-git reads them. */
import { GitRemoteHTTP } from 'isomorphic-git/managers';
import { safe } from '../../core/diagnostics/safe-text.ts';
import type { GitService, GitSession, GitTransport } from '../../core/ports/git-transport.ts';
import { BranchTrouble } from '../../core/ports/watch.ts';
import { listRefs, selectRefs } from './advertisement.ts';
import { libraryUrl, toLibraryClient } from './library-client.ts';

/** A session, with what the server offers in it. */
export interface OpenService extends AsyncDisposable {
  /** Full name of a ref → commit, of those that were asked for, and perhaps of others. */
  readonly refs: ReadonlyMap<string, string>;
  /** The full names of all refs. */
  readonly listRefs: () => string[];
  readonly capabilities: ReadonlySet<string>;
  readonly session: GitSession;
}

/**
 * Whoever opens it disposes of it.
 *
 * @param names full names of the refs that are asked for. Isomorphic-git takes 100 ms for 40,000.
 * @throws BranchTrouble when the server cannot be reached, or its repository has ids of SHA-256.
 */
export async function openService(
  transport: GitTransport,
  service: GitService,
  names: readonly string[],
  signal: AbortSignal,
): Promise<OpenService> {
  const session = await transport.open(service, signal);
  const end = () => session[Symbol.asyncDispose]();
  try {
    const advertisement = selectRefs(session.advertisement, names);
    const { refs, capabilities } = (await GitRemoteHTTP.discover({
      http: toLibraryClient({ advertisement, request: session.request }, service),
      url: libraryUrl,
      service,
      headers: {},
      protocolVersion: 1,
    })) as Pick<OpenService, 'refs' | 'capabilities'>;
    // gitprotocol-capabilities(5), "object-format".
    if (!capabilities.has('object-format=sha256'))
      return {
        refs,
        listRefs: () => listRefs(session.advertisement),
        capabilities,
        session,
        [Symbol.asyncDispose]: end,
      };
  } catch (error) {
    await end();
    throw error;
  }
  await end();
  throw new BranchTrouble(
    'unsupported',
    safe`the watcher does not support SHA-256 repositories: use one that was made with --object-format=sha1`,
  );
}
