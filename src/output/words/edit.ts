/** What an edit changed, how far it got, and what to do next. */
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../../core/diagnostics/safe-text.ts';
import type {
  Edit,
  EditNote,
  EditOutcome,
  EditResult,
  EditSubject,
  SmallShare,
  Unchanged,
  UnchangedResult,
} from '../../core/edit/outcome.ts';
import { toCommitWords } from '../commit-words.ts';
import { toShellWord } from '../shell-word.ts';
import { toDurationText } from '../time-text.ts';
import { toBrokenFilesText } from './files.ts';
import type { LinePlace } from './git-steps.ts';
import { toGitLine, toNextLine } from './git-steps.ts';
import type { Lines } from './push.ts';
import { toPushLines, toTargetText } from './push.ts';
import { toOpeningText, toSmallerStep } from './risk.ts';
import { toTrialText } from './trial.ts';

/** How paths and commands are written for the person who runs the command. */
export interface EditWording {
  readonly toPath: (file: string) => SafeText;
  readonly place: LinePlace;
  /** What commands need to find the same model, such as ` --path models`; or empty. */
  readonly flags: string;
}

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

/** One line for each note; an indented one belongs to the line above. */
export function toNoteLines(note: EditNote, { toPath, flags }: Pick<EditWording, 'toPath' | 'flags'>): SafeText[] {
  switch (note.code) {
    case 'tried':
      return [toTrialText(note)];
    case 'place-stays': {
      const flag = note.field === 'storageUri' ? '--storage-uri' : '--storage-path';
      return [safe`${note.field} stays ${mask(note.value)}: pass ${flag} if ${mask(note.version)} is stored elsewhere`];
    }
    case 'equals-primary':
      return [safe`${mask(note.model)}: the candidate has the same spec as the primary: comparing them shows nothing`];
    case 'first-opening':
      return [safe`${mask(note.model)}: risk: ${toOpeningText(note)}`, safe`    ${toSmallerStep(note.model, flags)}`];
    case 'patched':
      return [
        safe`${mask(note.model)}: a patch of a policy makes ${mask(note.service)} differ from the candidate that was tried`,
      ];
    case 'removed-first':
      return [
        safe`${mask(note.model)}: risk: Argo CD removes ${mask(note.service)} before it moves requests to ${mask(note.to)}, so they fail for a second, or longer if Argo CD is busy`,
        safe`    to lose none, swap the two versions instead, each with its name, and discard ${mask(note.service)} in a later commit`,
      ];
    case 'name-taken':
      return [
        safe`${mask(note.model)}: the next candidate needs another name: candidate set --name ${mask(note.free)}`,
      ];
    case 'not-kept':
      return [toNotKeptText(note, flags)];
    case 'differs-from-then':
      return [
        safe`${mask(note.model)}: risk: the template, a policy or a patch has changed since ${mask(note.version)} was the primary, before ${mask(note.commit.slice(0, 7))}: it is not loaded exactly as then`,
      ];
    case 'name-kept':
      return [
        safe`${mask(note.model)}: ${mask(note.service)} keeps its name, so that no call is lost; before the promotion it was ${mask(note.former)}`,
      ];
    case 'took-to-load':
      return [
        safe`${mask(note.version)} took ${mask(toDurationText(note.seconds))} to be ready when it was the candidate`,
      ];
    case 'candidate-stays':
      return [
        safe`${mask(note.model)}: ${mask(note.candidate)} stays the candidate, beside ${mask(note.primary)} from then on`,
      ];
    case 'small-share':
      return [toShareText(note)];
    case 'later':
      return [safe`${mask(note.model)}: ${note.from} % → ${note.to} % once the mirror is open`];
    case 'also-for': {
      const shown = note.models.slice(0, 5).map(mask);
      return [safe`${toPath(note.file)} also applies to ${join(shown, ', ')}${note.models.length > 5 ? ', …' : ''}`];
    }
    case 'commits-more':
      return [safe`${toPath(note.file)} had uncommitted changes: the commit contains them too`];
    case 'has-other-changes':
      return [safe`${toPath(note.file)} has other uncommitted changes, too`];
    case 'left-out':
      return [safe`not part of the commit, and not counted here: ${join(note.files.map(toPath), ', ')}`];
    case 'broken-files':
      return [toBrokenFilesText(note.files, note.model, toPath)];
  }
}

function toNotKeptText(
  { model, version, storageUri, storagePath, overridesIn }: Extract<EditNote, { code: 'not-kept' }>,
  flags: string,
): SafeText {
  const place =
    storageUri !== undefined
      ? ` --storage-uri ${toShellWord(storageUri)}`
      : storagePath !== undefined
        ? ` --storage-path ${toShellWord(storagePath)}`
        : '';
  const command = `model-mirror candidate set ${toShellWord(model)} --version ${toShellWord(version)}${place}${flags}`;
  const overrides = overridesIn === undefined ? '' : safe`, with its overrides as in ${mask(overridesIn.slice(0, 7))}`;
  return safe`${mask(model)}: ${mask(version)} is not mirrored from then on; to try it again: ${mask(command)}${overrides}`;
}

function toShareText({ percentage, requests, outOf }: SmallShare): SafeText {
  return safe`${percentage} % is ${requests} ${requests === 1 ? 'request' : 'requests'} in ${mask(toGrouped(outOf))}`;
}

/** `10,000` */
function toGrouped(count: number): string {
  const digits = String(count);
  const first = digits.length % 3 || 3;
  let text = digits.slice(0, first);
  for (let i = first; i < digits.length; i += 3) text += `,${digits.slice(i, i + 3)}`;
  return text;
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
