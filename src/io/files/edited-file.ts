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

/** Whether a path is a link: its target may be read under other names too. */
export function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    // There is nothing, or a file in place of a folder of the path.
    return false;
  }
}

/** Whether there is anything at a path, even a link that leads nowhere. */
export function isFilePresent(path: string): boolean {
  return existsSync(path) || isLink(path);
}

/**
 * The path of a folder that exists or will be made, with links followed.
 *
 * @throws Fault when a file, or a link that leads nowhere, is in its place.
 */
export function toFutureFolder(path: string): string {
  let there = path;
  while (!isFilePresent(there)) there = dirname(there);
  return join(toRealFolder(there), relative(there, path));
}

/**
 * Makes a folder and those around it.
 *
 * @returns the outermost one that was made; undefined: all were there. @throws Fault when one cannot be made.
 */
export function makeFolder(path: string): string | undefined {
  try {
    return mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new Fault('environment', safe`${mask(path)} cannot be made: ${toReason(error)}`, safe`name another folder`, {
      cause: error,
    });
  }
}

/**
 * Replaces the text of a file, and keeps its permissions.
 *
 * @param before the expected content; undefined: there should be no such file.
 * @throws Fault when the file has another content, or cannot be written; then it is not changed.
 */
export function replaceFile(path: string, before: string | undefined, after: string): void {
  const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}.unfinished`);
  let isBegun = false;
  try {
    const mode = lstatSync(path, { throwIfNoEntry: false })?.mode;
    const file = openSync(unfinished, 'wx', mode ?? 0o666);
    isBegun = true;
    try {
      // The umask removes bits from the mode that a file is opened with.
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
