/** Commits of a repository, by their ids: their messages, their files, and their parents. */

import { Fault } from '../../core/diagnostics/fault.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { toFileRole } from '../../core/input/file-role.ts';
import type { FolderTree } from '../../core/input/folder-tree.ts';
import { toFolderChain, toFoundFile } from '../../core/input/folder-tree.ts';
import type { History, ModelPaths, OldModel, Step, TreePart } from '../../core/ports/revisions.ts';
import { isLeftOut } from '../../core/repository/entries.ts';
import { toSource } from '../files/source-file.ts';
import type { CommitContent } from '../git/objects.ts';
import { parseCommit, toEntry } from '../git/objects.ts';
import { CommitTrees } from './commit-trees.ts';
import type { Git } from './git.ts';
import { ModelFilesFinder } from './model-files.ts';
import { GitObjects } from './objects.ts';
import { toGlob, toLiteral } from './pathspec.ts';
import { RevisionNames, toShortId } from './revision-names.ts';

/** With an explicit encoding, since i18n.logOutputEncoding may be UTF-16. */
const listing = ['rev-list', '--first-parent', '--format=%P', '--encoding=UTF-8'];

/** A repository, with what has been read of it so far. Whoever creates it disposes of it. */
export class GitRevisions implements History, Disposable {
  readonly names: RevisionNames;
  readonly trees: CommitTrees;
  readonly models: ModelFilesFinder;
  readonly #git: Git;
  readonly #objects: GitObjects;

  constructor(git: Git) {
    this.#git = git;
    this.names = new RevisionNames(git);
    this.#objects = new GitObjects(git, this.names);
    this.trees = new CommitTrees(git, this.#objects, this.names);
    this.models = new ModelFilesFinder(this.#objects, this.trees);
  }

  [Symbol.dispose](): void {
    this.#objects[Symbol.dispose]();
  }

  async readCommit(commit: string): Promise<CommitContent> {
    const { content } = await this.#objects.require(commit);
    try {
      return parseCommit(content);
    } catch (error) {
      throw new Fault(
        'environment',
        safe`the commit ${toShortId(commit)} cannot be read: ${mask((error as Error).message)}`,
        safe`run git fsck`,
        { cause: error },
      );
    }
  }

  /** The files of a commit, as `CommitTrees.readTree` reads them. */
  async readTree(commit: string, part: TreePart): Promise<FolderTree> {
    return this.trees.readTree((await this.readCommit(commit)).tree, part);
  }

  /** Whether a commit has parents that are not in this clone. */
  async isCut({ id, parent }: Step): Promise<boolean> {
    return parent === undefined && (await this.readCommit(id)).parents.length > 0;
  }

  /** The author's name; undefined when this clone does not have the commit. */
  async findAuthor(commit: string): Promise<string | undefined> {
    const found = await this.#objects.read(commit);
    return found === undefined ? undefined : (await this.readCommit(commit)).author.name;
  }

  /** A commit and its first-parent history, as far as the clone has it; the newest first. */
  async listSteps(tip: string): Promise<Step[]> {
    return toSteps(await this.#git.read([...listing, tip, '--']));
  }

  /**
   * Those of them that may have changed what a model is: its own file, its status file, or the policies of its folder
   * and of those around it.
   */
  async listModelSteps(tip: string, paths: ModelPaths, root: string): Promise<Step[]> {
    const chain = toFolderChain(toFoundFile(paths.model).folder).slice(toFolderChain(root).length - 1);
    const policies = chain.map((at) => toGlob(at, '*policy.y*ml'));
    const own = [paths.model, paths.status].map(toLiteral);
    return toSteps(await this.#git.read([...listing, tip, '--', ...own, ...policies]));
  }

  /**
   * Model files below a folder that were removed or changed, as they were before; the most recent first, and the same
   * content only once for each path.
   */
  async *readOldModels(tip: string, { folder }: TreePart): AsyncGenerator<OldModel> {
    const steps = await this.listSteps(tip);
    const pairs = steps.filter(({ parent }) => parent !== undefined).map(({ id, parent }) => `${id} ${parent}\n`);
    const paths = folder === '.' ? [] : ['--', toLiteral(folder)];
    const words = ['diff-tree', '--stdin', '-r', '-z', '--raw', '--no-renames', '--no-abbrev', ...paths];
    const parts = (await this.#git.read(words, { input: pairs.join('') })).split('\0');
    const parents = new Map(steps.map(({ id, parent }) => [id, parent]));
    const seen = new Set<string>();
    let commit = '';
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i] ?? '';
      if (!part.startsWith(':')) {
        commit = part;
        continue;
      }
      const path = parts[++i] ?? '';
      const [mode = '', , id = ''] = part.slice(1).split(' ');
      const { kind } = toEntry({ name: path, mode });
      const isModel = !path.split('/').some(isLeftOut) && toFileRole(toFoundFile(path).name)?.kind === 'Model';
      const before = parents.get(commit);
      if (before === undefined || mode === '000000' || !isModel || seen.has(`${id} ${path}`)) continue;
      seen.add(`${id} ${path}`);
      const content =
        kind === 'link'
          ? await this.trees.readLinked((await this.readCommit(before)).tree, path, folder)
          : (await this.#objects.require(id)).content;
      const source = toSource(path, content);
      yield { commit, before, path, source: 'code' in source ? undefined : source };
    }
  }
}

/** @param listed by `rev-list --format=%P`: one line for the commit, and one with its parents if it has any. */
function toSteps(listed: string): Step[] {
  const [, ...parts] = `\n${listed.trimEnd()}`.split('\ncommit ');
  return parts.map((part) => {
    const [id = '', parents = ''] = part.split('\n');
    return { id, parent: parents.split(' ')[0] || undefined };
  });
}
