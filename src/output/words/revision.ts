import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';

/** `main (1a2b3c4)`; the short form alone for the id of a commit. */
export function toRevisionLabel({
  name,
  commit,
}: {
  readonly name: string;
  readonly commit: string | undefined;
}): SafeText {
  if (commit === undefined) return mask(name);
  const short = mask(commit.slice(0, 7));
  return commit.startsWith(name) ? short : safe`${mask(name)} (${short})`;
}
