import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import type { StatusChange } from '../../core/observe/status-change.ts';
import type { PushTrouble } from '../../core/ports/watch.ts';
import { toCommitWords } from '../commit-words.ts';
import { toHeadline } from './status-commit.ts';

/** One line about a change of a model, which also says why a version failed. */
export function toChangeText(namespace: string, name: string, change: StatusChange): SafeText {
  const why =
    change.code === 'version-changed' && change.to === 'Failed'
      ? [change.reason, change.message].filter((text) => text !== undefined).join(': ')
      : '';
  const model = safe`${toCommitWords(namespace, 253)}/${toCommitWords(name, 253)}`;
  return safe`${model}: ${toHeadline(change)}${why === '' ? '' : safe` (${toCommitWords(why, 500)})`}`;
}

/** @param trouble undefined: pushes are accepted again. */
export function toPushesText(trouble: PushTrouble | undefined): SafeText {
  return trouble === undefined
    ? safe`status commits are accepted again`
    : safe`status commits are refused, so nothing that is observed reaches git: ${toCommitWords(trouble.message, 500)}`;
}
