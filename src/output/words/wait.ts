import type { ModelWait, WaitReason, WaitState } from '../../core/assess/wait.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../../core/diagnostics/safe-text.ts';
import { toDifferenceText, toStateText } from './difference.ts';
import { toGateText, toReasonText } from './gate.ts';
import { toNextText } from './next-step.ts';
import type { Wording } from './wording.ts';

/** How it stands with what is waited for. One clause. */
export function toWaitText({ outcome, models }: WaitState, wording: Wording): SafeText {
  const texts = models.map(({ model, reason }) => safe`${mask(model.name)}: ${toWaitReasonText(reason, wording)}`);
  const [first] = texts;
  if (first === undefined) return safe`no model has a candidate`;
  if (outcome !== 'waiting') return join(texts, '; ');
  return texts.length === 1 ? first : safe`${first}; and ${texts.length - 1} more`;
}

function toWaitReasonText(reason: WaitReason, wording: Wording): SafeText {
  switch (reason.code) {
    case 'no-candidate':
    case 'percentage-zero':
      return toReasonText(reason);
    case 'nothing-observed':
      return safe`nothing has been observed yet`;
    case 'mirror-open':
      return safe`the mirror is still open`;
    case 'candidate-present':
      return safe`the candidate is still in the cluster`;
    case 'candidate-declared':
      return safe`${mask(reason.version)} is still declared: promote or discard it`;
    case 'not-observed':
      return safe`${mask(reason.version)} has not been observed yet`;
    case 'idle':
      return safe`${mask(reason.version)} is Ready; there is no candidate, and no mirror`;
    case 'mirrored':
      return safe`${reason.percentage} % is mirrored to ${mask(reason.version)}`;
    case 'state':
      return safe`${mask(reason.version)} is ${toStateText(reason)}`;
    case 'difference':
      return toDifferenceText(reason.difference, wording);
    case 'gate':
      return toGateText(reason.gate);
  }
}

/** What to do when waiting does not help, or no longer. */
export function toWaitNextText(wait: ModelWait | undefined, wording: Wording): SafeText {
  if (wait === undefined) return safe`name a model that has a candidate`;
  const { model, reason } = wait;
  const command = (words: string) => mask(`\`model-mirror ${words}${wording.flags}\``);
  if (reason.code === 'candidate-declared')
    return safe`promote it with ${command(`promote ${model.name}`)}, or discard it with ${command(`discard ${model.name}`)}`;
  if (reason.code === 'percentage-zero' && model.next.code !== 'open-mirror')
    return safe`open the mirror with ${command(`mirror ${model.name} PERCENT`)}`;
  return toNextText(model, wording);
}
