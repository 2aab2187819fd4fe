/** Decodes a file's bytes, in the same way for all readers: plugin, commands and watcher. */
import type { Finding } from '../diagnostics/problem.ts';
import { safe } from '../diagnostics/safe-text.ts';

/** A model file has a few kilobytes; a larger file is not one. */
export const maxFileBytes = 1024 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md, with its former name. */
const lfsPointer = /^version https:\/\/(git-lfs|hawser)\.github\.com\/spec\/v\d/;

/**
 * @param bytes of the whole file, or at least `maxBytes + 1` of a larger one.
 * @param maxBytes is larger for the pages that the watcher writes.
 */
export function toFileText(bytes: Uint8Array, maxBytes = maxFileBytes): string | Finding {
  if (bytes.length > maxBytes) return toTooLarge(maxBytes);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return { code: 'file-encoding', message: safe`the file is not UTF-8 text`, hint: safe`save it as UTF-8` };
  }
  if (lfsPointer.test(text))
    return {
      code: 'git-lfs-pointer',
      message: safe`this is a Git LFS pointer, not the file itself`,
      hint: safe`keep the file out of Git LFS: remove its pattern from .gitattributes, and run git add --renormalize; the watcher cannot read files in LFS`,
    };
  return text;
}

/** What is reported of a file that is not read. */
export function toTooLarge(maxBytes = maxFileBytes): Finding {
  return {
    code: 'file-too-large',
    message: safe`the file is larger than ${maxBytes} bytes, which is the limit`,
    hint: safe`make it smaller, or rename it if it is not for model-mirror`,
  };
}
