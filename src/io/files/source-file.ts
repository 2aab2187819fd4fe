/** The texts of files on the disk. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { toReason } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { toWholeProblem } from '../../core/diagnostics/problem.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import type { SourceFile } from '../../core/input/source-file.ts';
import { toUnreadable } from '../../core/repository/entries.ts';
import { maxFileBytes, toFileText } from '../../core/repository/file-text.ts';

/** The text of a file, or why there is none. */
export function readSource(absolute: string, path: string): SourceFile | Problem {
  try {
    return toSource(path, readStart(absolute));
  } catch (error) {
    return toWholeProblem(path, toUnreadable(safe`the file cannot be read: ${toReason(error)}`));
  }
}

/** The text that is piped into the program, or why there is none. */
export function readStandardInput(): SourceFile | Problem {
  try {
    return toSource('(standard input)', readFileSync(0));
  } catch (error) {
    return toWholeProblem('(standard input)', toUnreadable(safe`it cannot be read: ${toReason(error)}`));
  }
}

/** @param bytes of a file, or as many as `readStart` returns. @returns its text, or why it is none. */
export function toSource(path: string, bytes: Uint8Array): SourceFile | Problem {
  const text = toFileText(bytes);
  return typeof text === 'string' ? { path, text } : toWholeProblem(path, text);
}

/** Most files fit into it, and are read by one system call. */
const readBuffer = Buffer.allocUnsafe(16 * 1024);

/** The bytes of a file, or of a larger one, one byte more than is allowed. Valid until the next file is read. */
function readStart(absolute: string): Buffer {
  const file = openSync(absolute, 'r');
  try {
    const first = readSync(file, readBuffer, 0, readBuffer.length, null);
    if (first < readBuffer.length) return readBuffer.subarray(0, first);
    const large = Buffer.allocUnsafe(maxFileBytes + 1);
    let length = readBuffer.copy(large);
    for (let more = 1; more > 0 && length < large.length; length += more)
      more = readSync(file, large, length, large.length - length, null);
    return large.subarray(0, length);
  } finally {
    closeSync(file);
  }
}
