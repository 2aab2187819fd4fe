/**
 * The objects of fetched commits, in memory, as isomorphic-git fetches and reads them. It is a cache: whatever is
 * missing in it is fetched again from scratch.
 */
import git from 'isomorphic-git';
import { safe } from '../../core/diagnostics/safe-text.ts';
import type { GitTransport } from '../../core/ports/git-transport.ts';
import type { CommitHead } from '../../core/ports/watch.ts';
import { BranchTrouble } from '../../core/ports/watch.ts';
import type { FetchLimit } from './fetch-limit.ts';
import { checkPack, limitDownload } from './fetch-limit.ts';
import { libraryUrl, toLibraryClient } from './library-client.ts';
import { MemoryFiles } from './memory-files.ts';
import { completeUploadPack } from './upload-pack.ts';

const gitdir = '/clone';

export class FetchedObjects {
  readonly #branch: string;
  readonly #limit: FetchLimit;
  #files: MemoryFiles | undefined;
  #cache: object = {};

  constructor(branch: string, limit: FetchLimit) {
    this.#branch = branch;
    this.#limit = limit;
  }

  get isEmpty(): boolean {
    return this.#files === undefined;
  }

  forget(): void {
    this.#files = undefined;
    this.#cache = {};
  }

  /**
   * Fetches what is new since the last fetch or `keep`.
   *
   * @param tip of the branch.
   * @param countsAll whether to find out the whole size of what is too large.
   * @returns the commit that was fetched, how it describes itself, and its tree: the branch may have moved since `tip`.
   * @throws BranchTrouble when it does not fit into memory.
   */
  async fetch(
    transport: GitTransport,
    tip: string,
    countsAll: boolean,
    signal: AbortSignal,
  ): Promise<{ readonly commit: string; readonly head: CommitHead; readonly tree: string }> {
    // What was fetched before has been read, and isomorphic-git keeps whole packs in its cache.
    this.#cache = {};
    this.#files?.forget((path) => path.startsWith(`${gitdir}/objects/pack/`));
    this.#files ??= await this.#init();
    const fs = this.#files;
    await using session = await transport.open('git-upload-pack', signal);
    const { advertisement, request } = completeUploadPack(session, tip);
    const limited = (body: Uint8Array) => limitDownload(request(body), this.#limit, countsAll);
    const { fetchHead } = await git.fetch({
      fs,
      http: toLibraryClient({ advertisement, request: limited }, 'git-upload-pack'),
      gitdir,
      url: libraryUrl,
      ref: this.#ref,
      singleBranch: true,
      depth: 1,
      tags: false,
      cache: this.#cache,
    });
    if (fetchHead === null)
      throw new BranchTrouble('no-branch', safe`the repository is empty: waiting for its first commit`);
    const { commit } = await git.readCommit({ fs, gitdir, oid: fetchHead, cache: this.#cache });
    await git.writeRef({ fs, gitdir, ref: this.#ref, value: fetchHead, force: true });
    const { author, committer, message, tree } = commit;
    const [subject = ''] = message.split('\n', 1);
    return { commit: fetchHead, head: { author: author.name, time: committer.timestamp, subject }, tree };
  }

  /** @throws Error when it was not fetched, or was forgotten. */
  async read(oid: string): Promise<Buffer> {
    const fs = this.#files as MemoryFiles;
    const { object } = await git.readObject({ fs, gitdir, oid, format: 'content', cache: this.#cache });
    return Buffer.from(object as Uint8Array);
  }

  /**
   * Keeps a commit that was pushed from here, and nothing else. The server assumes that whoever has a commit has all
   * that is in it, so that the next fetch brings only what is new.
   */
  async keep(commit: string, content: Buffer): Promise<void> {
    const fs = this.#files;
    if (fs === undefined) return;
    await git.writeObject({ fs, gitdir, type: 'commit', object: content, format: 'content', oid: commit });
    await git.writeRef({ fs, gitdir, ref: this.#ref, value: commit, force: true });
    await fs.promises.writeFile(`${gitdir}/shallow`, `${commit}\n`);
    fs.forget((path) => path.startsWith(`${gitdir}/objects/`) && !path.endsWith(commit.slice(2)));
    this.#cache = {};
  }

  get #ref(): string {
    return `refs/heads/${this.#branch}`;
  }

  async #init(): Promise<MemoryFiles> {
    const fs = new MemoryFiles((path, content) => {
      if (!path.endsWith('.pack') || typeof content === 'string') return;
      checkPack(Buffer.from(content.buffer, content.byteOffset, content.length), this.#limit);
    });
    await git.init({ fs, gitdir, bare: true, defaultBranch: this.#branch });
    await git.addRemote({ fs, gitdir, remote: 'origin', url: libraryUrl });
    return fs;
  }
}
