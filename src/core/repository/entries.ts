/**
 * Which entries of a repository's folders count. Plugin, commands and watcher read the same repository,
 * from a disk or from git's objects, and must see the same: what the plugin renders and the watcher does
 * not see never opens a mirror, and what the watcher alone sees it would delete or overwrite.
 */

import type { Finding, Problem, Severity } from '../diagnostics/problem.ts';
import { toWholeProblem } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { safe } from '../diagnostics/safe-text.ts';
import type { FileRole } from '../input/file-role.ts';

/** A submodule is any other repository within this one. */
export type EntryKind = 'file' | 'folder' | 'link' | 'submodule' | 'other';

export interface Entry {
  readonly name: string;
  readonly kind: EntryKind;
}

/** A problem before it has a place. */
export interface Refusal extends Finding {
  readonly severity: Severity;
}

/** Files and folders that are nobody's input: hidden ones, and packages that were installed. */
export function isLeftOut(name: string): boolean {
  return name.startsWith('.') || name === 'node_modules';
}

export function isPolicy(role: FileRole | undefined): boolean {
  return role?.kind === 'MirrorPolicy' || (role?.kind === 'misnamed' && role.rightName.endsWith('policy.yaml'));
}

/**
 * What becomes of an entry: its file is read, its folder is looked into, its link is followed, nothing, or
 * it cannot be read.
 *
 * @param isAbove whether its folder is one above those that are read, of which policies alone count.
 */
export function decideEntry(
  { name, kind }: Entry,
  role: FileRole | undefined,
  isAbove: boolean,
): 'file' | 'folder' | 'link' | 'nothing' | Refusal {
  if (isLeftOut(name)) return 'nothing';
  if (isAbove && (kind === 'folder' || kind === 'submodule' || !isPolicy(role))) return 'nothing';
  // Git's names are bytes. What is no UTF-8 has no path by which it could be opened or told.
  if (name.includes('\ufffd')) {
    if (kind !== 'folder' && role?.kind !== 'Model' && role?.kind !== 'MirrorPolicy') return 'nothing';
    return {
      severity: kind === 'folder' ? 'warning' : 'error',
      code: 'file-name',
      message: safe`the name of this ${kind === 'folder' ? 'folder' : 'file'} is not UTF-8, and so it is not read`,
      hint: safe`rename it`,
    };
  }
  if (kind === 'folder' || kind === 'link') return kind;
  if (kind === 'submodule') return toSubmodule(false);
  if (role === undefined) return 'nothing';
  return kind === 'file' ? 'file' : { severity: 'error', ...toUnreadable(safe`this is not a regular file`) };
}

/** @param hasModels whether there are models in it, as far as one can look into it. */
export function toSubmodule(hasModels: boolean): Refusal {
  return {
    severity: hasModels ? 'error' : 'warning',
    code: 'submodule',
    message: safe`this is a submodule or another repository, and nothing in it is read${hasModels ? ', though there are models in it' : ''}`,
    hint: hasModels
      ? safe`put the models into this repository: the watcher cannot commit to another one`
      : safe`if there are models in it, put them into this repository`,
  };
}

export function toUnreadable(message: SafeText): Finding {
  return { code: 'file-unreadable', message, hint: safe`make it readable for the user who renders, or remove it` };
}

export function toRefused(path: string, { severity, ...finding }: Refusal): Problem {
  return toWholeProblem(path, finding, severity);
}
