/**
 * Where symbolic links of a repository lead, by the texts of the links alone: what a link finds outside
 * of the repository depends on the machine, and git's objects do not have it.
 *
 * The readers differ in how they look something up, and whether they wait for it. So a link is followed by
 * a generator: it yields what it asks, and gets the answer.
 */

import { quote, safe } from '../diagnostics/safe-text.ts';
import { toFileRole } from '../input/file-role.ts';
import { isWithin } from '../input/folder-tree.ts';
import type { Entry, EntryKind, Refusal } from './entries.ts';
import { isLeftOut, toUnreadable } from './entries.ts';

/** How a reader looks up what is at a path from the repository's root; `.` is the root. */
export interface Lookup {
  /** Links are not followed; undefined when there is nothing, or it cannot be known. */
  readonly kindOf: (path: string) => EntryKind | undefined;
  /** The text of a link. */
  readonly targetOf: (path: string) => string;
  /** A folder's entries; none of what cannot be listed. */
  readonly list: (path: string) => readonly Entry[];
}

export type Question = readonly [keyof Lookup, string];
export type Answer = EntryKind | undefined | string | readonly Entry[];
type Asking<T> = Generator<Question, T, Answer>;

/** @returns the path of the file that is read in the link's place; undefined when it is nothing of ours. */
export type Followed = { readonly file: string } | Refusal | undefined;

/** For readers that need not wait. */
export function answer<T>(asking: Asking<T>, lookup: Lookup): T {
  let step = asking.next();
  while (step.done !== true) {
    const [about, path] = step.value;
    step = asking.next(lookup[about](path));
  }
  return step.value;
}

/** The same for readers that wait. */
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
 * What a link means for whoever reads a folder and all below it.
 *
 * - A file in the repository is read in the link's place, whatever its own name.
 * - Folders are read at their own places only, or links could lead in circles, and two paths to one status
 *   file. So it is an error when a link leads to models that are not read there.
 * - What leaves the repository is not read: an error where the link has the name of one of our files.
 *
 * @param path of the link, from the repository's root.
 * @param folder the folder that is read.
 */
export function* followLink(path: string, folder: string): Asking<Followed> {
  const role = toFileRole(path.slice(path.lastIndexOf('/') + 1));
  const isWanted = role !== undefined && role.kind !== 'misnamed';
  const found = yield* resolve(path);
  switch (found.kind) {
    case 'file':
      return role === undefined ? undefined : { file: found.path };
    case 'folder': {
      const isRead =
        isWithin(found.path, folder) && !found.path.split('/').some((part) => part !== '.' && isLeftOut(part));
      // A link to a folder around it would lead in circles: nothing is missed by it.
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
        severity: isWanted ? 'error' : 'warning',
        code: 'link-leaves-repository',
        message: safe`the link leads out of the repository, and is not followed`,
        hint: isWanted
          ? safe`put the file itself here`
          : safe`if there are models behind it, put them into the repository`,
      };
    case 'submodule':
      if (!isWanted) return undefined;
      return {
        severity: 'error',
        code: 'submodule',
        message: safe`the link leads into ${quote(found.path)}, a submodule or another repository, which is not read`,
        hint: safe`put the file itself here`,
      };
    case 'nowhere':
      return isWanted ? { severity: 'error', ...toUnreadable(safe`the link leads nowhere`) } : undefined;
  }
}

interface Place {
  readonly kind: 'file' | 'folder' | 'submodule' | 'outside' | 'nowhere';
  readonly path: string;
}

/** As Linux does: more links than this are a circle (path_resolution(7)). */
const maxLinks = 40;
/** PATH_MAX of Linux; git can hold longer texts as links. */
const maxTarget = 4096;

function* resolve(path: string): Asking<Place> {
  const at = path
    .split('/')
    .slice(0, -1)
    .filter((part) => part !== '.');
  const rest: string[] = [];
  const enter = (target: string): Place['kind'] | undefined => {
    if (target.startsWith('/')) return 'outside';
    if (target === '' || target.length > maxTarget || target.includes('\0')) return 'nowhere';
    rest.push(...target.split('/').reverse());
    return undefined;
  };
  const to = (kind: Place['kind']): Place => ({ kind, path: at.join('/') || '.' });
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

/** Whether a model would be found in a folder or below it. */
function* hasModels(folder: string): Asking<boolean> {
  const entries = (yield ['list', folder]) as readonly Entry[];
  const kept = entries.filter(({ name }) => !isLeftOut(name));
  if (kept.some(({ name, kind }) => kind === 'file' && toFileRole(name)?.kind === 'Model')) return true;
  for (const { name, kind } of kept)
    if (kind === 'folder' && (yield* hasModels(folder === '.' ? name : `${folder}/${name}`))) return true;
  return false;
}

/** The same for a reader that need not wait. */
export function lookForModels(folder: string, lookup: Lookup): boolean {
  return answer(hasModels(folder), lookup);
}
