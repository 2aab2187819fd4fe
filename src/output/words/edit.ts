/** What an edit changed, how far it got, and what to do next. */
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../../core/diagnostics/safe-text.ts';
import type {
  Edit,
  EditOutcome,
  EditResult,
  EditSubject,
  SmallShare,
  Unchanged,
  UnchangedResult,
} from '../../core/edit/outcome.ts';
import { toCommitWords } from '../commit-words.ts';
import type { EditWording } from './edit-note.ts';
import { toNoteLines, toShareText } from './edit-note.ts';
import type { LinePlace } from './git-steps.ts';
import { toGitLine, toNextLine } from './git-steps.ts';
import type { Lines } from './push.ts';
import { toPushLines, toTargetText } from './push.ts';
import { toTrialText } from './trial.ts';

/** The subject of the commit. */
export function toSubject(subject: EditSubject): string {
  switch (subject.code) {
    case 'try':
    case 'change':
    case 'promote':
    case 'discard':
      return `${subject.model}: ${subject.code} ${subject.version}`;
    case 'judge-again':
      return `${subject.model}: judge ${subject.version} again`;
    case 'rollback':
      return `${subject.model}: roll back to ${subject.version}`;
    case 'mirror':
      return `${subject.model}: mirror ${subject.percentage} %`;
    case 'brake':
      return `${subject.model}: brake, mirror 0 %`;
    case 'new-model':
      return `${subject.model}: new model`;
    case 'edit': {
      const { files } = subject;
      const all = `Edit ${files.join(', ')}`;
      const short = `Edit ${files.length === 1 ? files[0] : `${files.length} files`}`;
      return toCommitWords(all.length <= 72 ? all : short, 200);
    }
  }
}

/** The whole message of the commit. */
export function toMessage(subject: EditSubject): string {
  const first = toSubject(subject);
  return subject.code === 'promote' ? `${first}\n\n${toCommitWords(toTrialText(subject.trial), 500)}` : first;
}

/** What is asked before such a share is written. */
export function toShareQuestion(share: SmallShare): SafeText {
  return safe`${toShareText(share)}. Do you mean that?`;
}

/** The lines for an outcome, beside its problems and the difference of the file. */
export function toEditLines(outcome: EditOutcome, wording: EditWording): Lines {
  const { place } = wording;
  switch (outcome.code) {
    case 'refused': {
      const { uncommitted, notes } = outcome;
      const undo = uncommitted === undefined ? [] : [{ words: ['checkout', 'HEAD', '--'], files: [uncommitted] }];
      const restore = undo.length === 0 ? [] : [safe`To restore the file: ${toGitLine(undo, place)}`];
      return {
        out: [],
        err: [...notes.flatMap((note) => toNoteLines(note, wording)), safe`nothing was changed`, ...restore],
      };
    }
    case 'declined':
      return { out: [], err: [safe`nothing was changed`] };
    case 'unchanged':
      return toUnchangedLines(outcome.unchanged, outcome.result, wording);
    case 'edited':
      return toResultLines(outcome.edit, outcome.result, wording);
  }
}

function toUnchangedLines(unchanged: Unchanged, result: UnchangedResult, wording: EditWording): Lines {
  const { toPath, place } = wording;
  const what = toUnchangedText(unchanged, toPath);
  switch (result.code) {
    case 'nothing-to-do':
      return toOutput(safe`${what}: nothing to do`);
    case 'not-committed': {
      const { files, isAsked, next } = result;
      const why =
        files.length === 0
          ? ''
          : safe`: ${join(files.map(toPath), ', ')} ${files.length === 1 ? 'differs' : 'differ'} from HEAD`;
      const lines = [safe`${what}, but that is not committed yet${why}`, toNextLine(next, place)];
      return isAsked ? toComplaint(lines) : toOutput(...lines);
    }
    case 'not-pushed': {
      const { otherBranch, next } = result;
      const on = otherBranch === undefined ? '' : safe` on ${mask(otherBranch)}`;
      const lines = [safe`${what}${on}, but that is not pushed yet`, toNextLine(next, place)];
      return result.isAsked ? toComplaint(lines) : toOutput(...lines);
    }
    case 'dry-run':
      return toOutput(
        what,
        safe`Nothing is pushed, because of --dry-run: it would be pushed to ${toTargetText(result.pushesTo)}.`,
      );
    case 'push':
      return toPushLines(result.push, [], [safe`${what}, and now pushed to ${toTargetText(result.push.to)}`], place);
  }
}

function toOutput(...out: readonly SafeText[]): Lines {
  return { out, err: [] };
}

function toComplaint([first = safe``, ...others]: readonly SafeText[]): Lines {
  return { out: [], err: [safe`model-mirror: ${first}`, ...others] };
}

function toUnchangedText(unchanged: Unchanged, toPath: EditWording['toPath']): SafeText {
  switch (unchanged.code) {
    case 'candidate-set':
      return safe`the candidate of ${mask(unchanged.model)} is like this already`;
    case 'no-candidate':
      return safe`${mask(unchanged.model)} has no candidate`;
    case 'promoted':
    case 'rolled-back':
      return safe`${mask(unchanged.version)} is the primary of ${mask(unchanged.model)} already`;
    case 'mirrored': {
      const { place } = unchanged;
      const by = place === undefined ? 'by default' : safe`by ${toPath(place.file)}:${place.line}`;
      return safe`${mask(unchanged.model)} is mirrored at ${unchanged.percentage} % already, ${by}`;
    }
    case 'policy-set':
      return safe`${toPath(unchanged.file)} sets ${unchanged.percentage} % already`;
  }
}

function toResultLines(edit: Edit, result: EditResult, wording: EditWording): Lines {
  const { toPath, place } = wording;
  const file = toPath(edit.file);
  const effect = toEffectText(edit);
  const next = 'next' in result && result.next !== undefined ? [toNextLine(result.next, place)] : [];
  switch (result.code) {
    case 'dry-run':
      return toOutput(toDryRunText(result));
    case 'written': {
      const once = safe`Once it is pushed: ${effect}`;
      return next.length === 0
        ? toOutput(safe`${file} is written. Commit and push it.`, once)
        : toOutput(safe`${file} is written, and not committed yet.`, ...next, once);
    }
    case 'same-as-head': {
      const done = [
        safe`${file} is written, and is the same as at HEAD: there is nothing to commit.`,
        ...toStagedLines(result.staged, place),
      ];
      return result.push === undefined
        ? toOutput(...done, ...next)
        : toPushLines(result.push, done, [safe`It is pushed to ${toTargetText(result.push.to)}.`], place);
    }
    case 'committed': {
      const { commit, branch, isNewBranch, isWritten, staged, remarks, push } = result;
      const done = [
        safe`${file} is ${isWritten ? 'written, and ' : ''}committed on ${mask(branch ?? 'no branch')} as ${mask(commit.slice(0, 7))}.`,
        ...toStagedLines(staged, place),
      ];
      if (push === undefined) {
        const review = isNewBranch && result.next?.code === 'run' ? [safe`Then open a pull request.`] : [];
        return { out: [...done, ...next, ...review, safe`Once it is pushed: ${effect}`], err: remarks };
      }
      const sent = safe`It is pushed to ${toTargetText(push.to)}.`;
      const after = isNewBranch
        ? [sent, safe`Now open a pull request.`, safe`Once it is merged: ${effect}`]
        : [sent, safe`What follows: ${effect}`];
      const lines = toPushLines(push, done, after, place);
      return { ...lines, err: [...remarks, ...lines.err] };
    }
    case 'lost': {
      const { commit, remarks } = result;
      const lost = safe`model-mirror: ${mask(commit.slice(0, 7))} is committed without this edit, and is not pushed`;
      return { out: [], err: [...remarks, lost, safe`Next: ${toShowLine(commit, place)}`] };
    }
  }
}

function toDryRunText({ commits, pushesTo }: Extract<EditResult, { code: 'dry-run' }>): SafeText {
  if (!commits) return safe`Nothing is written, because of --dry-run.`;
  if (pushesTo === undefined) return safe`Nothing is written or committed, because of --dry-run.`;
  return safe`Nothing is written, committed or pushed, because of --dry-run: it would be pushed to ${toTargetText(pushesTo)}.`;
}

function toStagedLines(staged: string | undefined, place: LinePlace): SafeText[] {
  return staged === undefined
    ? []
    : [safe`Something else was staged for it: ${toShowLine(staged, place)} prints that.`];
}

function toShowLine(object: string, place: LinePlace): SafeText {
  return toGitLine([{ words: ['show', object.slice(0, 12)] }], place);
}

function toEffectText({ effect, policy }: Edit): SafeText {
  switch (effect.code) {
    case 'mirror-opens': {
      if (policy?.mirrorPercentage === 0) return safe`nothing is mirrored to it, because the policy sets 0 %`;
      const when =
        policy?.gate === 'None' ? 'at once' : safe`when the status file reports ${mask(effect.version)} as Ready`;
      const opens = safe`the mirror opens${policy === undefined ? '' : safe` at ${policy.mirrorPercentage} %`} ${when}`;
      // A candidate at an earlier step of the ramp has not been tried yet.
      return policy === undefined || policy.lastPercentage === policy.mirrorPercentage
        ? safe`${opens}; then promote it, or discard it`
        : safe`${opens}, and goes on to ${policy.lastPercentage} % step by step, each once the candidate is Passing; then promote it, or discard it`;
    }
    case 'service-removed':
      return safe`Argo CD removes ${mask(effect.service)}`;
    case 'loaded-in-place':
      return safe`${mask(effect.service)} serves ${effect.from === undefined ? 'what it has loaded' : mask(effect.from)} until it has loaded ${mask(effect.to)}`;
    case 'requests-move':
      return safe`requests go to ${mask(effect.service)}${effect.version === undefined ? '' : safe`, which has loaded ${mask(effect.version)}`}`;
    case 'judged-again':
      return safe`${mask(effect.version)} is judged by what is counted from then on`;
    case 'applied':
      return safe`Argo CD applies it`;
  }
}
