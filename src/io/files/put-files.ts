/** Several files, written together or not at all. */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { Fault } from '../../core/diagnostics/fault.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { isFilePresent, makeFolder, replaceFile } from './edited-file.ts';
import { readSource } from './source-file.ts';

export interface PutFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
}

/**
 * Creates or replaces files, with the folders around them. A file that has its text already is left alone.
 *
 * @throws Fault when one cannot be written; then those before it, and folders that were made, are as they were.
 */
export function putFiles(files: readonly PutFile[]): void {
  const undo: (() => void)[] = [];
  try {
    for (const { path, text } of files) {
      const folder = makeFolder(dirname(path));
      if (folder !== undefined) undo.unshift(() => rmSync(folder, { recursive: true, force: true }));
      const before = readBefore(path);
      if (before === text) continue;
      replaceFile(path, before, text);
      undo.unshift(() => (before === undefined ? rmSync(path, { force: true }) : replaceFile(path, text, before)));
    }
  } catch (error) {
    for (const step of undo) step();
    throw error;
  }
}

function readBefore(path: string): string | undefined {
  if (!isFilePresent(path)) return undefined;
  const found = readSource(path, path);
  if (!('code' in found)) return found.text;
  throw new Fault('environment', found.message, safe`${mask(path)} is in the way: move it, and try again`);
}
