/**
 * Carries by the installed git, as people's own commits are made: with their identity, signature and credentials.
 *
 * Invariants: neither the work tree, the index nor a branch of the clone changes; remote-tracking branches follow the
 * remote; nothing is forced.
 */
import { join } from 'node:path';
import type { CarryTips } from '../../core/carry/carry.ts';
import type { Listing } from '../../core/carry/folders.ts';
import type { CarryChanges } from '../../core/carry/plan.ts';
import { Fault } from '../../core/diagnostics/fault.ts';
import { mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { CarryClone, CarryDraft } from '../../core/ports/carry.ts';
import { toFileText } from '../../core/repository/file-text.ts';
import { makeTemporaryFolder, removeFolder } from '../files/work-folder.ts';
import type { CommitContent } from '../git/objects.ts';
import { parseTree } from '../git/objects.ts';
import type { Git } from './git.ts';
import { GitObjects } from './objects.ts';
import { pushTo } from './push.ts';
import { deepen, RevisionNames } from './revision-names.ts';
import { GitRevisions } from './revisions.ts';
import { fetchUpstream, findUpstream } from './upstream.ts';

export interface CarryBranches {
  readonly source: string;
  readonly deploy: string;
}

export class GitCarryClone implements CarryClone, Disposable {
  /** The remote; undefined before `fetchTips`. */
  remote: string | undefined;
  readonly #git: Git;
  readonly #branches: CarryBranches;
  readonly #objects: GitObjects;
  readonly #revisions: GitRevisions;

  constructor(git: Git, branches: CarryBranches) {
    this.#git = git;
    this.#branches = branches;
    this.#objects = new GitObjects(git, new RevisionNames(git));
    this.#revisions = new GitRevisions(git);
  }

  [Symbol.dispose](): void {
    this.#objects[Symbol.dispose]();
    this.#revisions[Symbol.dispose]();
  }

  async fetchTips(): Promise<CarryTips> {
    const never = new AbortController().signal;
    const source = await findUpstream(this.#git, this.#branches.source);
    const deploy = await findUpstream(this.#git, this.#branches.deploy);
    if (source.remote === '.')
      throw new Fault(
        'usage',
        safe`the branch that is checked out follows one of this clone, not of a remote`,
        safe`check out a branch that follows the remote's, such as git switch ${mask(this.#branches.source)}`,
      );
    this.remote = source.remote;
    await fetchUpstream(this.#git, source, never);
    const isThere = await this.#git.read(['ls-remote', '--', deploy.remote, deploy.source]);
    if (isThere.trim() !== '') await fetchUpstream(this.#git, deploy, never);
    return {
      source: await this.#revisions.names.resolve(source.ref),
      deploy: isThere.trim() === '' ? undefined : await this.#revisions.names.resolve(deploy.ref),
    };
  }

  readCommit(id: string): Promise<CommitContent> {
    return this.#revisions.readCommit(id);
  }

  async *listMessages(tip: string, count: number): AsyncGenerator<string> {
    let next: string | undefined = tip;
    for (let i = 0; i < count && next !== undefined; i++) {
      const { message, parents }: CommitContent = await this.readCommit(next);
      yield message;
      next = parents[0];
      if (next !== undefined && (await this.#objects.read(next)) === undefined)
        throw new Fault(
          'environment',
          safe`older commits of ${quote(this.#branches.deploy)} are not in this clone`,
          deepen,
        );
    }
  }

  async readTrees(ids: readonly string[]): Promise<ReadonlyMap<string, Listing>> {
    const read = async (id: string): Promise<[string, Listing]> => {
      const { content } = await this.#objects.require(id);
      const entries = parseTree(content, undefined, id.length / 2);
      return [id, new Map(entries.map(({ name, mode, oid }) => [name, { mode, oid }]))];
    };
    return new Map(await Promise.all(ids.map(read)));
  }

  async readTexts(ids: readonly string[]): Promise<ReadonlyMap<string, string | undefined>> {
    const read = async (id: string): Promise<[string, string | undefined]> => {
      const text = toFileText((await this.#objects.require(id)).content);
      return [id, typeof text === 'string' ? text : undefined];
    };
    return new Map(await Promise.all(ids.map(read)));
  }

  async makeCommit({ changes, start, parents, authored, message }: CarryDraft): Promise<string> {
    const tree = changes.size === 0 ? start : await this.#writeTree(start, changes);
    const { author } = await this.readCommit(authored);
    const signs = (await this.#git.ask(['config', '--type=bool', 'commit.gpgSign']))?.trim() === 'true';
    const words = ['commit-tree', ...(signs ? ['-S'] : []), ...parents.flatMap((one) => ['-p', one]), tree];
    const made = await this.#git.read(['-c', 'i18n.commitEncoding=UTF-8', ...words], {
      input: message,
      variables: {
        GIT_AUTHOR_NAME: author.name,
        GIT_AUTHOR_EMAIL: author.email,
        GIT_AUTHOR_DATE: `@${author.date} +0000`,
      },
    });
    return made.trim();
  }

  push(commit: string): ReturnType<CarryClone['push']> {
    return pushTo(this.#git, this.remote ?? 'origin', commit, this.#branches.deploy);
  }

  /** In an index of its own. */
  async #writeTree(start: string, changes: CarryChanges): Promise<string> {
    const folder = makeTemporaryFolder('model-mirror-');
    const options = { canLock: true, variables: { GIT_INDEX_FILE: join(folder, 'index') } };
    try {
      await this.#git.read(['read-tree', start], options);
      const none = '0'.repeat(start.length);
      // What is removed makes room for what is added.
      const removed = [...changes].filter(([, entry]) => entry === undefined);
      const added = [...changes].filter(([, entry]) => entry !== undefined);
      const lines = [...removed, ...added].map(
        ([path, entry]) => `${entry?.mode ?? '0'} ${entry?.oid ?? none}\t${path}\0`,
      );
      // Paths are bytes.
      const input = Buffer.from(lines.join(''), 'latin1');
      await this.#git.read(['update-index', '-z', '--replace', '--index-info'], { ...options, input });
      return (await this.#git.read(['write-tree', '--missing-ok'], options)).trim();
    } finally {
      removeFolder(folder);
    }
  }
}
