import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';

/** `main (1a2b3c4)`, or the short id alone where the name is the id; the name of the work tree as it is. */
export function toRevisionLabel({
  name,
  commit,
}: {
  readonly name: string;
  readonly commit: string | undefined;
}): SafeText {
  if (commit === undefined) return mask(name);
  return commit.startsWith(name) ? toShortId(commit) : toNameAndCommit({ name, commit });
}

/** `HEAD (1a2b3c4)` */
export function toNameAndCommit({ name, commit }: { readonly name: string; readonly commit: string }): SafeText {
  return safe`${mask(name)} (${toShortId(commit)})`;
}

function toShortId(commit: string): SafeText {
  return mask(commit.slice(0, 7));
}
