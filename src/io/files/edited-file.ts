/** One file of a work tree, written as a whole or not at all. */
import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { Fault, toReason } from '../../core/diagnostics/fault.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { toRealFolder } from './folder-tree.ts';

/** Whether a path is a link: what it leads to may be read under other names, too. */
export function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    // Nothing is there, or a file where a folder would have to be.
    return false;
  }
}

/** Whether there is anything at a path, a link that leads nowhere too. */
export function isFilePresent(path: string): boolean {
  return existsSync(path) || isLink(path);
}

/**
 * Where a folder is, or would be made: with links followed.
 *
 * @throws Fault when a file is in the way, or a link that leads nowhere.
 */
export function toFutureFolder(path: string): string {
  let there = path;
  while (!isFilePresent(there)) there = dirname(there);
  return join(toRealFolder(there), relative(there, path));
}

/** With the folders around it. @throws Fault when it cannot be made. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new Fault('environment', safe`${mask(path)} cannot be made: ${toReason(error)}`, safe`name another folder`, {
      cause: error,
    });
  }
}

/**
 * Puts a text in the place of another, with the same permissions.
 *
 * @param before what the file is believed to hold; undefined: that there is none.
 * @throws Fault when the file holds something else by now, or cannot be written; then it is as it was.
 */
export function replaceFile(path: string, before: string | undefined, after: string): void {
  const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}.unfinished`);
  let isBegun = false;
  try {
    const mode = lstatSync(path, { throwIfNoEntry: false })?.mode;
    const file = openSync(unfinished, 'wx', mode ?? 0o666);
    isBegun = true;
    try {
      // Of the mode that a file is opened with, the umask takes some away.
      if (mode !== undefined) fchmodSync(file, mode & 0o7777);
      writeFileSync(file, after);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    const found = mode === undefined ? undefined : readFileSync(path, 'utf8');
    if (found !== before)
      throw new Fault(
        'environment',
        safe`${mask(path)} was just changed by another program`,
        safe`review it, and try again`,
      );
    renameSync(unfinished, path);
  } catch (error) {
    if (isBegun) rmSync(unfinished, { force: true });
    if (error instanceof Fault) throw error;
    throw new Fault(
      'environment',
      safe`${mask(path)} cannot be written: ${toReason(error)}`,
      safe`nothing was changed`,
      {
        cause: error,
      },
    );
  }
}
