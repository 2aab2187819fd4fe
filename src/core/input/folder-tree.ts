import type { Problem } from '../diagnostics/problem.ts';
import type { SourceFile } from './source-file.ts';

/** A file that is not read yet. */
export interface FoundFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  /** The path's folder; `.` for the root. */
  readonly folder: string;
  /** The path's last part. */
  readonly name: string;
}

/** The files of an application: a port with implementations for the disk, git's objects and memory. */
export interface FolderTree {
  /** The folder that is rendered, from the repository's root; `.` for the root. */
  readonly folder: string;
  /** Models, policies and status files below the folder, and policies of the folders above it. */
  readonly files: readonly FoundFile[];
  /** The outermost folder whose policies count; `.` unless a flag or a parameter names another one. */
  readonly policyRoot: string;
  /** Policies in the folders above `policyRoot`, which do not count. */
  readonly ignoredPolicies: readonly string[];
  /** Problems of the folders themselves. */
  readonly problems: readonly Problem[];
  /** The text of a file, or why it cannot be read. */
  read(file: FoundFile): SourceFile | Problem;
}

/** The path of what is in a folder. */
export function toPath(folder: string, name: string): string {
  return folder === '.' ? name : `${folder}/${name}`;
}

/** The folder around a path; `.` for the root. */
export function toFolder(path: string): string {
  const end = path.lastIndexOf('/');
  return end < 0 ? '.' : path.slice(0, end);
}

/** The last part of a path. */
export function toName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function toFoundFile(path: string): FoundFile {
  return { path, folder: toFolder(path), name: toName(path) };
}

/** The path of a file in the same folder. */
export function toSibling(file: FoundFile, name: string): string {
  return toPath(file.folder, name);
}

/** Whether a folder is another folder or below it. */
export function isWithin(folder: string, outer: string): boolean {
  return outer === '.' || folder === outer || folder.startsWith(`${outer}/`);
}

/** A folder and those around it, from the repository's root inwards. */
export function toFolderChain(folder: string): string[] {
  const chain = ['.'];
  if (folder === '.') return chain;
  for (let cut = folder.indexOf('/'); cut !== -1; cut = folder.indexOf('/', cut + 1)) chain.push(folder.slice(0, cut));
  chain.push(folder);
  return chain;
}
