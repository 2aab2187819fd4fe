/** What came of a push, in words. */
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { PushResult, PushTarget } from '../../core/edit/outcome.ts';
import type { LinePlace } from './git-steps.ts';
import { toNextLine } from './git-steps.ts';

type NotPushed = Extract<PushResult, { readonly code: 'not-pushed' }>;

/** Lines for standard output and standard error. */
export interface Lines {
  readonly out: readonly SafeText[];
  readonly err: readonly SafeText[];
}

/** `main of origin`. */
export function toTargetText({ remote, branch }: PushTarget): SafeText {
  return safe`${mask(branch)} of ${mask(remote)}`;
}

/**
 * @param done what was done before the push.
 * @param after what follows if it succeeded.
 */
export function toPushLines(
  push: PushResult,
  done: readonly SafeText[],
  after: readonly SafeText[],
  place: LinePlace,
): Lines {
  const next = push.next === undefined ? [] : [toNextLine(push.next, place)];
  if (push.code === 'not-pushed') return { out: done, err: [safe`model-mirror: ${toObstacleText(push)}`, ...next] };
  const { rebased, said } = push;
  return {
    out: [...done, ...(rebased === undefined ? [] : [toRebasedText(rebased)]), ...next, ...after],
    err: said === undefined ? [] : [safe`git push printed: ${said}`],
  };
}

function toRebasedText({
  commit,
  branch,
  isHere,
}: NonNullable<Extract<PushResult, { code: 'pushed' }>['rebased']>): SafeText {
  const onto = safe`The watcher had pushed in the meantime: the commit was rebased onto its commits, as ${mask(commit.slice(0, 7))}`;
  return isHere
    ? safe`${onto}.`
    : safe`${onto}; ${mask(branch)} stays as it was here, because files of the watcher are changed in this clone.`;
}

function toObstacleText({ why, to }: NotPushed): SafeText {
  switch (why.code) {
    case 'interrupted':
      return why.when === 'before'
        ? safe`it was interrupted, and is not pushed`
        : safe`the push was interrupted: it may not have arrived`;
    case 'refused':
      return safe`it is not pushed: ${why.said ?? 'git push gave no reason'}`;
    case 'overtaken':
      return why.isToRepeat && why.reason !== 'objection'
        ? safe`it is not pushed: ${toOvertakenText(why, to)}; take it back, pull, and do it again, since it may only be done while the watcher reports the candidate as Ready`
        : safe`it is not pushed: ${toOvertakenText(why, to)}`;
  }
}

function toOvertakenText(why: Extract<NotPushed['why'], { code: 'overtaken' }>, { remote }: PushTarget): SafeText {
  const where = toTargetText({ remote, branch: why.branch });
  switch (why.reason) {
    case 'changed': {
      const lines = why.changes.map(
        ({ path, author, commit, subject }) =>
          safe`\n    ${mask(path)} by ${mask(author)} in ${mask(commit)} ${quote(subject)}`,
      );
      return safe`${where} has changes that are not the watcher's${join(lines, '')}`;
    }
    case 'same-files':
      return safe`the watcher has changed files on ${where} that are changed here, too`;
    case 'not-linear':
      return safe`${where} has new commits, and there is a merge here`;
    case 'rewound':
      return safe`${where} has lost commits that are still here: somebody has rewritten it`;
    case 'unrelated':
      return safe`${where} has no history in common with this clone`;
    case 'again':
      return safe`${where} received new commits twice in the meantime`;
    case 'objection':
      return safe`the watcher has pushed to ${where} in the meantime, and with that it would be refused: ${why.said}`;
    case 'not-rewritten':
      return safe`${where} has new commits, and the commits here could not be rebased onto them: ${why.said}`;
  }
}
