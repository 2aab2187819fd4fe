import type { PendingStep } from '../../core/assess/pending.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { Wording } from './wording.ts';

/** How to commit or push what is only in this clone. One clause. */
export function toPendingText(pending: PendingStep, { toPath }: Pick<Wording, 'toPath'>): SafeText {
  const { files, step } = pending;
  const how = 'command' in step ? safe`\`${step.command}\`` : step.words;
  const what = pending.code === 'push' ? 'push' : pending.canPush ? 'commit and push' : 'commit';
  return safe`${what} ${toFileList(files, toPath)}: ${how}`;
}

/** The same before everything else. @param isElsewhere another revision is shown, which cannot have those files. */
export function toFirstText(pending: PendingStep, isElsewhere: boolean, wording: Pick<Wording, 'toPath'>): SafeText {
  const text = toPendingText(pending, wording);
  return isElsewhere ? safe`only in this clone so far: ${text}` : text;
}

/** The first three. */
export function toFileList(files: readonly string[], toPath: (file: string) => string): SafeText {
  const shown = files.slice(0, 3).map((file) => mask(toPath(file)));
  const more = files.length - shown.length;
  return more === 0 ? join(shown, ', ') : safe`${join(shown, ', ')} and ${more} more`;
}
