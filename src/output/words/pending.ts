import type { PendingStep } from '../../core/assess/pending.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import { toFileList } from './files.ts';
import { toStepText } from './git-steps.ts';
import type { Wording } from './wording.ts';

/** How to commit or push what is only in this clone. One clause. */
export function toPendingText(pending: PendingStep, { toPath, place }: Pick<Wording, 'toPath' | 'place'>): SafeText {
  const { files, step } = pending;
  const text = toStepText(step, place);
  const how = step.code === 'run' ? safe`\`${text}\`` : text;
  const what = pending.code === 'push' ? 'push' : pending.canPush ? 'commit and push' : 'commit';
  return safe`${what} ${toFileList(files, toPath)}: ${how}`;
}

/** The same before everything else. @param isElsewhere another revision is shown, which cannot have those files. */
export function toFirstText(
  pending: PendingStep,
  isElsewhere: boolean,
  wording: Pick<Wording, 'toPath' | 'place'>,
): SafeText {
  const text = toPendingText(pending, wording);
  return isElsewhere ? safe`only in this clone so far: ${text}` : text;
}
