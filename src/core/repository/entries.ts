/**
 * Decides which entries of a repository count. Plugin, commands and watcher read the same repository, from a disk or
 * from git's objects, and must find the same files: a mirror would never open for a model that only the plugin finds,
 * and the watcher would delete or overwrite files that only it finds.
 */

import type { Finding, Problem, Severity } from '../diagnostics/problem.ts';
import { toWholeProblem } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { safe } from '../diagnostics/safe-text.ts';
import type { FileRole } from '../input/file-role.ts';

/** `submodule`: any other repository within this one. */
export type EntryKind = 'file' | 'folder' | 'link' | 'submodule' | 'other';

export interface Entry {
  readonly name: string;
  readonly kind: EntryKind;
}

/** Why an entry is not read. */
export interface Refusal extends Finding {
  readonly severity: Severity;
}

/** Hidden files and folders, and installed packages, are never input. */
export function isLeftOut(name: string): boolean {
  return name.startsWith('.') || name === 'node_modules';
}

export function isPolicy(role: FileRole | undefined): boolean {
  return role?.kind === 'MirrorPolicy' || (role?.kind === 'misnamed' && role.rightName.endsWith('policy.yaml'));
}

/**
 * Decides what to do with an entry: read the file, read the folder, follow the link, nothing, or report it.
 *
 * @param isAbove whether it is in a folder above the one that is read, where only policies count.
 */
export function decideEntry(
  { name, kind }: Entry,
  role: FileRole | undefined,
  isAbove: boolean,
): 'file' | 'folder' | 'link' | 'nothing' | Refusal {
  if (isLeftOut(name)) return 'nothing';
  if (isAbove && (kind === 'folder' || kind === 'submodule' || !isPolicy(role))) return 'nothing';
  // Names in git are bytes. A name that is not UTF-8 cannot be opened by its path, or shown.
  if (name.includes('\ufffd')) {
    if (kind !== 'folder' && role?.kind !== 'Model' && role?.kind !== 'MirrorPolicy') return 'nothing';
    return {
      severity: kind === 'folder' ? 'warning' : 'error',
      code: 'file-name',
      message: safe`the name of this ${kind === 'folder' ? 'folder' : 'file'} is not UTF-8, so it is not read`,
      hint: safe`rename it`,
    };
  }
  if (kind === 'folder' || kind === 'link') return kind;
  if (kind === 'submodule') return toSubmodule(false);
  if (role === undefined) return 'nothing';
  return kind === 'file' ? 'file' : { severity: 'error', ...toUnreadable(safe`this is not a regular file`) };
}

/** @param hasModels whether there are models in it, as far as it can be read. */
export function toSubmodule(hasModels: boolean): Refusal {
  return {
    severity: hasModels ? 'error' : 'warning',
    code: 'submodule',
    message: safe`this is a submodule or another repository, so ${hasModels ? 'its models are not read' : 'nothing in it is read'}`,
    hint: hasModels
      ? safe`move the models to this repository: the watcher cannot commit to another one`
      : safe`if it has models, move them to this repository`,
  };
}

export function toUnreadable(message: SafeText): Finding {
  return { code: 'file-unreadable', message, hint: safe`make it readable for the user that renders, or remove it` };
}

export function toRefused(path: string, { severity, ...finding }: Refusal): Problem {
  return toWholeProblem(path, finding, severity);
}
