/** Lists of files in sentences. */
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../../core/diagnostics/safe-text.ts';

type ToPath = (file: string) => string;

/** At most this many files are listed. */
const shownFiles = 3;

/** `a.yaml, b.yaml, c.yaml and 2 more` */
export function toFileList(files: readonly string[], toPath: ToPath = (file) => file): SafeText {
  const shown = files.slice(0, shownFiles).map((file) => mask(toPath(file)));
  const more = files.length - shown.length;
  return more === 0 ? join(shown, ', ') : safe`${join(shown, ', ')} and ${more} more`;
}

/**
 * Errors in files other than the model's own. Whoever closes a mirror must not take the commit for the brake: where one
 * Application renders those files as well, Argo CD applies nothing.
 */
export function toBrokenFilesText(files: readonly string[], model: string, toPath: ToPath): SafeText {
  const [have, them] = files.length === 1 ? [safe`has`, safe`it`] : [safe`have`, safe`them`];
  return safe`${toFileList(files, toPath)} ${have} errors: as long as these are in git, an Application that renders ${them} along with ${mask(model)} applies nothing`;
}
