/** A model's files as HEAD has them: an edit is done when it is committed, not when it is written. */
import { relative, sep } from 'node:path';
import { isFault } from '../../core/diagnostics/fault.ts';
import { mask } from '../../core/diagnostics/safe-text.ts';
import { toFileRole } from '../../core/input/file-role.ts';
import type { FolderTree } from '../../core/input/folder-tree.ts';
import { isWithin, toFoundFile } from '../../core/input/folder-tree.ts';
import type { Git } from '../../io/git-cli/git.ts';
import type { LocalState } from '../../io/git-cli/local-state.ts';
import { readLocalState } from '../../io/git-cli/local-state.ts';
import { GitRevisions } from '../../io/git-cli/revisions.ts';
import type { EditTarget } from './target.ts';
import { pickTargetAt, toAbsolute } from './target.ts';

export interface HeadView {
  readonly git: Git;
  readonly state: LocalState;
  /** The model's folder and all below it, with the policies above; undefined: there is no commit, or it cannot be read. */
  readonly tree: FolderTree | undefined;
  /** The same model; undefined: HEAD has none in this file that can be read. */
  readonly target: EditTarget | undefined;
  /** The files of this model that HEAD does not have as they are here. */
  readonly uncommitted: readonly string[];
}

/** @returns undefined where nothing can be told: outside of a repository, and without git. */
export async function readHeadView(target: EditTarget, git: Git | undefined): Promise<HeadView | undefined> {
  if (git === undefined) return undefined;
  const { places, file, policies } = target;
  const own = { ...places, folder: toAbsolute(target, file.folder) };
  const state = await readLocalState(git, own, [file.path, ...policies.map(({ path }) => path)]);
  if (state === undefined) return undefined;
  const uncommitted = [...state.uncommitted].filter((path) => isOfModel(path, target)).sort();
  const tree = state.head === undefined ? undefined : await readHead(git, state.head, own);
  return { git, state, tree, uncommitted, target: tree && pickTargetAt(file.path, { ...target, tree }) };
}

/** A file as HEAD has it; undefined where it has none that can be read. */
export function readCommitted({ tree }: HeadView, path: string): string | undefined {
  const file = tree?.files.find((found) => found.path === path);
  const source = file && tree?.read(file);
  return source === undefined || 'code' in source ? undefined : source.text;
}

/** Whether a path is that of the model's own file, or of a policy that holds for it. */
function isOfModel(path: string, { file }: EditTarget): boolean {
  const { folder, name } = toFoundFile(path);
  return path === file.path || (toFileRole(name)?.kind === 'MirrorPolicy' && isWithin(file.folder, folder));
}

async function readHead(git: Git, commit: string, places: EditTarget['places']): Promise<FolderTree | undefined> {
  const toPath = (absolute: string) => relative(git.folder, absolute).split(sep).join('/') || '.';
  try {
    const part = { folder: toPath(places.folder), root: toPath(places.root) };
    using revisions = new GitRevisions(git);
    return toInner(await revisions.readTree(commit, part), toPath(places.repository));
  } catch (error) {
    // A clone that this reader does not know: what is here counts, and a commit says why it cannot be made.
    if (isFault(error)) return undefined;
    throw error;
  }
}

/** With paths that count from a folder of the repository. */
function toInner(tree: FolderTree, prefix: string): FolderTree {
  if (prefix === '.') return tree;
  const cut = (path: string) => (path === prefix ? '.' : path.slice(prefix.length + 1));
  return {
    folder: cut(tree.folder),
    policyRoot: cut(tree.policyRoot),
    ignoredPolicies: tree.ignoredPolicies.filter((path) => isWithin(path, prefix)).map(cut),
    files: tree.files.map(({ path }) => toFoundFile(cut(path))),
    problems: tree.problems.map((problem) => ({ ...problem, file: mask(cut(problem.file)) })),
    read: ({ path }) => {
      const source = tree.read(toFoundFile(`${prefix}/${path}`));
      return 'code' in source ? { ...source, file: mask(path) } : { ...source, path };
    },
  };
}
