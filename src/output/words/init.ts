/** What `init` wrote, and what to know and do next. */
import type { InitNote, NewCandidateCommand, NewFile, WrittenModel } from '../../core/adopt/outcome.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../../core/diagnostics/safe-text.ts';
import { toDiffText } from '../diff-text.ts';
import { toShellWord } from '../shell-word.ts';
import { toNoteLines } from './edit-note.ts';
import type { LinePlace } from './git-steps.ts';
import { toNextLine } from './git-steps.ts';

type ToPath = (file: string) => SafeText;

export function toInitNoteLines(note: InitNote, toPath: ToPath): string[] {
  switch (note.code) {
    case 'primary':
      return [safe`${mask(note.model)}: ${mask(note.version)} will answer every request, as ${mask(note.service)}`];
    case 'candidate':
      return [safe`${mask(note.model)}: ${mask(note.version)} is its candidate, as ${mask(note.service)}`];
    case 'spec-kept':
      return [
        note.restarts
          ? safe`the spec of ${mask(note.service)} stays as it is, but its Pods restart once, by a rolling update: KServe copies labels and annotations to them, and a few are added`
          : safe`the spec of ${mask(note.service)} stays as it is, so KServe reloads nothing`,
      ];
    case 'spec-changed': {
      const { service, by, before, after } = note;
      const changed =
        by === 'policy'
          ? safe`the spec of ${mask(service)} is changed by a policy here, so KServe reloads it:`
          : safe`the server of ${mask(service)} is given the name of the model, by which clients call every version, so its Pods restart once, by a rolling update:`;
      return [changed, toDiffText(service, before, after)];
    }
    case 'served-name':
      return [
        safe`clients must then call the model ${mask(note.model)} in paths and bodies: its server no longer answers to ${mask(note.service)}. To keep that name, run init with it as the name of the model`,
      ];
    case 'former-mode':
      return [
        safe`this KServe calls the mode ${mask(note.written)}, which a policy here allows; from KServe 0.16 on, write ${mask(note.current)} and remove allowRawDeployment`,
      ];
    case 'candidate-missing':
      return [
        safe`the candidate ${mask(note.service)} is not taken over, because it is not in the input: ${toCommandText(note.add)} adds one`,
      ];
    case 'percentage-given': {
      const { percentage, place } = note;
      return [
        safe`${percentage} % is mirrored to a candidate, by ${toPath(place.file)}:${place.line}: --percentage sets one of its own`,
      ];
    }
    case 'unknown-format': {
      const { format, mode, meant } = note;
      const hint = meant === undefined ? safe`.` : safe`: did you mean ${mask(meant)}?`;
      return [
        safe`no runtime that comes with ${mask(mode)} has the format ${mask(format)}${hint} It loads only if a ServingRuntime of your own has it`,
      ];
    }
    case 'mode-recognized': {
      const by =
        note.by === 'label'
          ? safe`the label of the namespace says so`
          : safe`${mask(note.by.service)} runs there in this mode`;
      return [safe`the mode is ${mask(note.mode)}: ${by}`];
    }
    case 'no-namespace':
      return [safe`no namespace is named: Argo CD uses its Application's destination, and render needs --namespace`];
    case 'service-taken':
      return [
        safe`the Service ${mask(note.namespace)}/${mask(note.service)} exists already, and is not one of this model's: with the first sync, Argo CD makes it lead to this model's Pods, whoever calls it. Rename the model or the version, or remove that Service first`,
      ];
    case 'services-unread':
      return [
        safe`whether Services of ${mask(note.namespace)} would be taken over is not known, because they cannot be read: ${note.reason}`,
      ];
    case 'also-for':
      return toNoteLines(note, { toPath, flags: '' });
  }
}

/** @param written undefined for --dry-run. */
export function toWrittenLines(
  files: readonly NewFile[],
  written: WrittenModel | undefined,
  { toPath, place }: { readonly toPath: ToPath; readonly place: LinePlace },
): SafeText[] {
  if (written === undefined) return [safe`Nothing is written, because of --dry-run.`];
  const { folder, schemaFolder, next, addCandidate } = written;
  const named = join(
    files.map(({ path }) => toPath(path)),
    ' and ',
  );
  return [
    safe`${named} ${files.length === 1 ? 'is' : 'are'} written; ${toPath(schemaFolder)} lets the editor explain their fields.`,
    next === undefined ? safe`Commit and push ${toPath(folder)} and ${toPath(schemaFolder)}.` : toNextLine(next, place),
    ...(addCandidate === undefined
      ? []
      : [
          safe`Once Argo CD has synced it: model-mirror status ${mask(toShellWord(addCandidate.model))}`,
          safe`When there is a second version: ${toCommandText(addCandidate)}`,
        ]),
  ];
}

function toCommandText({ model, service, version, flag, at }: NewCandidateCommand): SafeText {
  const words = [
    'model-mirror candidate set',
    toShellWord(model),
    ...(service === undefined ? [] : ['--name', toShellWord(service)]),
    '--version',
    toShellWord(version),
    flag,
    at === undefined ? (flag === '--storage-uri' ? 'URI' : 'PATH') : toShellWord(at),
  ];
  return join(words.map(mask), ' ');
}

/** The command line with these answers as flags. @param answers by the names of the flags; what is no text is left out. */
export function toInitLine({ name, ...answers }: { readonly name?: string | undefined }): SafeText {
  const flags = Object.entries(answers).flatMap(([key, value]) =>
    typeof value !== 'string'
      ? []
      : [`--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, toShellWord(value)],
  );
  const words = ['model-mirror init', ...(name === undefined ? [] : [toShellWord(name)]), ...flags];
  return join(words.map(mask), ' ');
}
