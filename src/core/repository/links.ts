/**
 * Follows the symbolic links of a repository by their texts alone: what a link finds outside of the repository
 * depends on the machine, and is not in git's objects.
 *
 * Readers differ in how they look things up, and whether that is asynchronous. So a generator follows a link: it
 * yields questions, and receives the answers.
 */

import { quote, safe } from '../diagnostics/safe-text.ts';
import { toFileRole } from '../input/file-role.ts';
import { isWithin, toName, toPath } from '../input/folder-tree.ts';
import type { Entry, EntryKind, Refusal } from './entries.ts';
import { isLeftOut, toUnreadable } from './entries.ts';

/** What a reader can look up at a path from the repository's root; `.` is the root. */
export interface Lookup {
  /** The kind of the entry itself, even for links; undefined when there is nothing, or it cannot be read. */
  readonly kindOf: (path: string) => EntryKind | undefined;
  /** The text of a link. */
  readonly targetOf: (path: string) => string;
  /** The entries of a folder; empty when it cannot be listed. */
  readonly list: (path: string) => readonly Entry[];
}

export type Question = readonly [keyof Lookup, string];
export type Answer = EntryKind | undefined | string | readonly Entry[];
type Asking<T> = Generator<Question, T, Answer>;

/** The file that is read instead of the link; undefined when it does not concern us. */
export type Followed = { readonly file: string } | Refusal | undefined;

/** For synchronous readers. */
export function answer<T>(asking: Asking<T>, lookup: Lookup): T {
  let step = asking.next();
  while (step.done !== true) {
    const [about, path] = step.value;
    step = asking.next(lookup[about](path));
  }
  return step.value;
}

/** For asynchronous readers. */
export async function answerLater<T>(
  asking: Asking<T>,
  lookup: { readonly [K in keyof Lookup]: (path: string) => Promise<ReturnType<Lookup[K]>> },
): Promise<T> {
  let step = asking.next();
  while (step.done !== true) {
    const [about, path] = step.value;
    step = asking.next(await lookup[about](path));
  }
  return step.value;
}

/**
 * Decides what a link means when a folder and everything below it is read.
 *
 * - A file in the repository is read instead of the link, whatever its own name.
 * - A folder is only read at its own path: links could form a circle, or lead to one status file by two paths. So
 *   it is an error when a link leads to models that are not read at their own path.
 * - A target outside of the repository is not read: an error when the link has the name of one of our files.
 *
 * @param path of the link, from the repository's root.
 * @param folder the folder that is read.
 */
export function* followLink(path: string, folder: string): Asking<Followed> {
  const role = toFileRole(toName(path));
  const isOurs = role !== undefined && role.kind !== 'misnamed';
  const found = yield* resolve(path);
  switch (found.kind) {
    case 'file':
      return role === undefined ? undefined : { file: found.path };
    case 'folder': {
      const isRead =
        isWithin(found.path, folder) && !found.path.split('/').some((part) => part !== '.' && isLeftOut(part));
      // A link to a folder around it would form a circle, and misses no model.
      if (isRead || isWithin(folder, found.path) || !(yield* hasModels(found.path))) return undefined;
      return {
        severity: 'error',
        code: 'link-not-followed',
        message: safe`the link leads to models in ${quote(found.path)}, and links to folders are not followed`,
        hint: safe`read that folder itself, or link to its files`,
      };
    }
    case 'outside':
      return {
        severity: isOurs ? 'error' : 'warning',
        code: 'link-leaves-repository',
        message: safe`the link leads out of the repository, and is not followed`,
        hint: isOurs
          ? safe`put the file itself here`
          : safe`if there are models behind it, put them into the repository`,
      };
    case 'submodule':
      if (!isOurs) return undefined;
      return {
        severity: 'error',
        code: 'submodule',
        message: safe`the link leads into ${quote(found.path)}, a submodule or another repository, which is not read`,
        hint: safe`put the file itself here`,
      };
    case 'nowhere':
      return isOurs ? { severity: 'error', ...toUnreadable(safe`the link leads nowhere`) } : undefined;
  }
}

interface LinkTarget {
  readonly kind: 'file' | 'folder' | 'submodule' | 'outside' | 'nowhere';
  readonly path: string;
}

/** As on Linux, more links than this count as a circle (path_resolution(7)). */
const maxLinks = 40;
/** PATH_MAX of Linux; git can store longer links. */
const maxTarget = 4096;

function* resolve(path: string): Asking<LinkTarget> {
  const at = path
    .split('/')
    .slice(0, -1)
    .filter((part) => part !== '.');
  const rest: string[] = [];
  const enter = (target: string): LinkTarget['kind'] | undefined => {
    if (target.startsWith('/')) return 'outside';
    if (target === '' || target.length > maxTarget || target.includes('\0')) return 'nowhere';
    rest.push(...target.split('/').reverse());
    return undefined;
  };
  const to = (kind: LinkTarget['kind']): LinkTarget => ({ kind, path: at.join('/') || '.' });
  let end = enter((yield ['targetOf', path]) as string);
  for (let links = 1; end === undefined && rest.length > 0; ) {
    const name = rest.pop() as string;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (at.pop() === undefined) end = 'outside';
      continue;
    }
    const next = [...at, name].join('/');
    const kind = (yield ['kindOf', next]) as EntryKind | undefined;
    if (kind === 'link') end = ++links > maxLinks ? 'nowhere' : enter((yield ['targetOf', next]) as string);
    else if (kind === undefined || kind === 'other' || (kind === 'file' && rest.length > 0)) end = 'nowhere';
    else {
      at.push(name);
      if (kind !== 'folder') end = kind;
    }
  }
  return to(end ?? 'folder');
}

/** Whether there are models in a folder or below it. */
function* hasModels(folder: string): Asking<boolean> {
  const entries = (yield ['list', folder]) as readonly Entry[];
  const kept = entries.filter(({ name }) => !isLeftOut(name));
  if (kept.some(({ name, kind }) => kind === 'file' && toFileRole(name)?.kind === 'Model')) return true;
  for (const { name, kind } of kept) if (kind === 'folder' && (yield* hasModels(toPath(folder, name)))) return true;
  return false;
}

/** The same for a synchronous reader. */
export function lookForModels(folder: string, lookup: Lookup): boolean {
  return answer(hasModels(folder), lookup);
}
