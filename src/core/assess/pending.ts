/** What of a model's files is only here: neither Argo CD nor the watcher can know of it. */
import type { SafeText } from '../diagnostics/safe-text.ts';
import { join, mask, safe } from '../diagnostics/safe-text.ts';
import type { Difference } from './difference.ts';

/** A line to copy; or, where there can be none, what is missing, as a sentence without its full stop. */
export type Step = { readonly command: SafeText } | { readonly words: SafeText };

/** Paths are from the repository's root. */
export interface Pending {
  /** Files that HEAD does not have as they are here. */
  readonly uncommitted: readonly string[];
  /** Files of HEAD that the remote does not have so. */
  readonly unpushed: readonly string[];
  /** What commits and pushes them, as far as there is a branch and a remote. */
  readonly step: Step;
  readonly canPush: boolean;
}

/** What is not committed is not pushed either: only the former is named. */
export function lookForPending(pending: Pending | undefined, toPath: (file: string) => string): Difference[] {
  if (pending === undefined) return [];
  const { uncommitted, unpushed } = pending;
  if (uncommitted.length > 0)
    return [{ code: 'not-committed', text: safe`${toList(uncommitted, toPath)} ${toVerb(uncommitted)} not committed` }];
  if (unpushed.length > 0)
    return [
      { code: 'not-pushed', text: safe`${toList(unpushed, toPath)} ${toVerb(unpushed)} committed, and not pushed` },
    ];
  return [];
}

/** What to do first; undefined: nothing is pending. */
export function toPendingStep(
  { uncommitted, unpushed, step, canPush }: Pending,
  toPath: (file: string) => string,
): SafeText | undefined {
  const how = 'command' in step ? safe`\`${step.command}\`` : step.words;
  if (uncommitted.length > 0)
    return safe`${canPush ? 'commit and push' : 'commit'} ${toList(uncommitted, toPath)}: ${how}`;
  return unpushed.length > 0 ? safe`push ${toList(unpushed, toPath)}: ${how}` : undefined;
}

function toVerb(files: readonly string[]): 'is' | 'are' {
  return files.length === 1 ? 'is' : 'are';
}

function toList(files: readonly string[], toPath: (file: string) => string): SafeText {
  const shown = files.slice(0, 3).map((file) => mask(toPath(file)));
  const more = files.length - shown.length;
  return more === 0 ? join(shown, ', ') : safe`${join(shown, ', ')} and ${more} more`;
}
