/** A file's bytes → its text, by the one rule that all readers share: plugin, commands and watcher. */
import type { Finding } from '../diagnostics/problem.ts';
import { safe } from '../diagnostics/safe-text.ts';

/** A model file has some kilobytes; what is larger is not one. */
export const maxFileBytes = 1024 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md, with the name that it had before. */
const lfsPointer = /^version https:\/\/(git-lfs|hawser)\.github\.com\/spec\/v\d/;

/**
 * @param bytes all of the file's, or at least one more than is allowed of a larger one.
 * @param maxBytes for what a watcher writes itself, as its page, and is larger than what people write.
 */
export function toFileText(bytes: Uint8Array, maxBytes = maxFileBytes): string | Finding {
  if (bytes.length > maxBytes)
    return {
      code: 'file-too-large',
      message: safe`the file is larger than ${maxBytes} bytes, which is the limit`,
      hint: safe`make it smaller, or rename it if it is not for model-mirror`,
    };
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
      hint: safe`keep the file out of Git LFS: remove its pattern from .gitattributes, and run git add --renormalize; the watcher cannot read what is in LFS`,
    };
  return text;
}
