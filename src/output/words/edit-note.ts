/** What to know before an edit is pushed, in words. */
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { EditNote, SmallShare } from '../../core/edit/outcome.ts';
import { toShellWord } from '../shell-word.ts';
import { toDurationText } from '../time-text.ts';
import { toBrokenFilesText } from './files.ts';
import type { LinePlace } from './git-steps.ts';
import { toOpeningText, toReturnText, toSmallerStep, waitForWatcher } from './risk.ts';
import { toTrialText } from './trial.ts';

/** How paths and commands are written for the person who runs the command. */
export interface EditWording {
  readonly toPath: (file: string) => SafeText;
  readonly place: LinePlace;
  /** What commands need to find the same model, such as ` --path models`; or empty. */
  readonly flags: string;
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
    case 'candidate-returns':
      return [safe`${mask(note.model)}: risk: ${toReturnText(note)}`, safe`    ${waitForWatcher}`];
    case 'revert-opens': {
      const command = `model-mirror rollback ${toShellWord(note.model)}${flags}`;
      return [
        safe`${mask(note.model)}: to undo this, run ${mask(command)}; git revert opens the mirror to ${mask(note.version)} before it is loaded again, unless the watcher has committed that it is gone`,
      ];
    }
    case 'observed-on':
      return [safe`the status file is that of ${note.branch}, as it was last fetched`];
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

/** A share below 1 % as a count of requests. */
export function toShareText({ percentage, requests, outOf }: SmallShare): SafeText {
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
