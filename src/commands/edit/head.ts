import { toFileRole } from '../../core/input/file-role.ts';
import type { FolderTree } from '../../core/input/folder-tree.ts';
import { isWithin, toFoundFile } from '../../core/input/folder-tree.ts';
import type { Clone, LocalState } from '../../core/ports/clone.ts';
import type { ModelTarget } from '../../core/repository/find-model.ts';
import { pickModelAt } from '../../core/repository/find-model.ts';

/** A model's files at HEAD: an edit is complete when it is committed, not when it is written. */
export interface HeadView {
  readonly clone: Clone;
  readonly state: LocalState;
  /** The model's folder and all below it, with the policies above; undefined: there is no commit, or it cannot be read. */
  readonly tree: FolderTree | undefined;
  /** The same model; undefined: HEAD has none in this file that can be read. */
  readonly target: ModelTarget | undefined;
  /** The files of this model that differ between HEAD and the work tree. */
  readonly uncommitted: readonly string[];
}

/** @returns undefined outside of a repository, and where git cannot tell. */
export async function readHead(target: ModelTarget, clone: Clone | undefined): Promise<HeadView | undefined> {
  const { file, policies } = target;
  const state = await clone?.readState(file.folder, [file.path, ...policies.map(({ path }) => path)]);
  if (clone === undefined || state === undefined) return undefined;
  const tree = state.head === undefined ? undefined : await clone.readCommit(state.head, file.folder);
  const isOwn = (path: string) => path === file.path || isPolicyOf(path, file.folder);
  const uncommitted = [...state.uncommitted].filter(isOwn).sort();
  return { clone, state, tree, uncommitted, target: tree && pickModelAt(file.path, tree) };
}

/** The text of a file at HEAD; undefined where there is none that can be read. */
export function readCommitted({ tree }: HeadView, path: string): string | undefined {
  return tree && readText(tree, path);
}

export function readText(tree: FolderTree, path: string): string | undefined {
  const file = tree.files.find((found) => found.path === path);
  const source = file && tree.read(file);
  return source === undefined || 'code' in source ? undefined : source.text;
}

/** Git may have turned the line ends of the work tree into these. */
export function toLf(text: string | undefined): string | undefined {
  return text?.replaceAll('\r\n', '\n');
}

function isPolicyOf(path: string, modelFolder: string): boolean {
  const { folder, name } = toFoundFile(path);
  return toFileRole(name)?.kind === 'MirrorPolicy' && isWithin(modelFolder, folder);
}
