/** Carries from the source branch to the deploy branch, in words: for commits, for people who run one, and for the log. */
import type { CarryOutcome, SourceCommit } from '../../core/carry/carry.ts';
import type { CarryChanges } from '../../core/carry/plan.ts';
import { toTrailer } from '../../core/carry/trailer.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { Carried } from '../../core/ports/watch.ts';
import { toCommitWords } from '../commit-words.ts';
import { toFileList } from './files.ts';
import type { Lines } from './push.ts';
import type { MessageOptions } from './status-commit.ts';

/** How many files a message or a list names. */
const shownFiles = 20;

/** Of the commit that carries. */
export function toCarryMessage(
  source: SourceCommit,
  undone: readonly string[],
  isFirst: boolean,
  { suffix, signOff }: MessageOptions,
): SafeText {
  const why = isFirst
    ? safe`Nothing was carried to this branch before. These files differed from the source branch, and are its own now:`
    : safe`These files were changed on this branch, and the source branch has changed them since, so they are its own again:`;
  const files = undone.slice(0, shownFiles).map((path) => safe`  ${toCommitWords(path, 500)}`);
  const more = undone.length > shownFiles ? [safe`  and ${undone.length - shownFiles} more`] : [];
  return join(
    [
      safe`carry ${toShort(source.id)}: ${toCommitWords(source.subject, 100)}${suffix === undefined ? '' : safe` ${mask(suffix)}`}`,
      safe``,
      ...(undone.length === 0 ? [] : [why, ...files, ...more, safe``]),
      ...(signOff === undefined ? [] : [safe`Signed-off-by: ${mask(signOff)}`]),
      mask(toTrailer(source.id)),
      safe``,
    ],
    '\n',
  );
}

/**
 * The message of another commit of the watcher, with what was carried last: a search for it ends there.
 *
 * @param message ends with a line break.
 */
export function withCarried(message: SafeText, carried: string | undefined): SafeText {
  if (carried === undefined) return message;
  const hasTrailers = /\n\nSigned-off-by: [^\n]*\n$/.test(message);
  return safe`${message}${hasTrailers ? '' : '\n'}${mask(toTrailer(carried))}\n`;
}

/** As git shows ids that are meant to be unique. */
function toShort(id: string): SafeText {
  return mask(id.slice(0, 8));
}

/** The names of the branches. */
interface BranchNames {
  readonly source: string;
  readonly deploy: string;
}

/** For the log. */
export function toCarriedText({ code, source }: Pick<Carried, 'code' | 'source'>, names: BranchNames): SafeText {
  const what = safe`${toShort(source.id)} ${quote(source.subject)} by ${mask(source.author)}`;
  return code === 'created'
    ? safe`made ${mask(names.deploy)} from ${mask(names.source)}: ${what}`
    : safe`carried ${mask(names.source)} to ${mask(names.deploy)}: ${what}`;
}

/** What people had changed on the deploy branch. */
export function toUndoneText({ code, undone }: Pick<Carried, 'code' | 'undone'>, names: BranchNames): SafeText {
  return code === 'first'
    ? safe`Different on ${mask(names.deploy)}, and replaced: ${toFileList(undone)}`
    : safe`Changed on ${mask(names.deploy)}, and undone because ${mask(names.source)} has changed them since: ${toFileList(undone)}`;
}

/** What people have changed there, and what is not undone. */
export function toEditedText(paths: readonly string[], names: BranchNames): SafeText {
  return safe`Changed on ${mask(names.deploy)} alone, and kept until ${mask(names.source)} changes them: ${toFileList(paths)}`;
}

/** Where a carry goes to. */
export interface CarryPlace extends BranchNames {
  readonly remote: string;
}

/** Lines for standard output and standard error. */
export function toCarryLines(outcome: CarryOutcome, place: CarryPlace): Lines {
  const { source, code, undone, kept } = outcome;
  const where = safe`${mask(place.deploy)} of ${mask(place.remote)}`;
  const what = safe`${toShort(source.id)} ${quote(source.subject)} by ${mask(source.author)}`;
  const remains = kept.length === 0 ? [] : [toEditedText(kept, place)];
  if (code === 'nothing')
    return { out: [safe`${where} has the newest commit of ${mask(place.source)}: ${what}.`, ...remains], err: [] };
  const lost = undone.length === 0 ? [] : [toUndoneText({ code: code === 'first' ? code : 'carried', undone }, place)];
  const about = [
    ...(code === 'created'
      ? [safe`${mask(place.deploy)} is made from ${mask(place.source)}: ${what}`]
      : [safe`${what} is carried to ${where}:`, ...toChangeLines(outcome.changes)]),
    ...lost,
    ...remains,
  ];
  return toResultLines(outcome, about, { ...place, where });
}

function toResultLines(
  { result }: CarryOutcome,
  about: readonly SafeText[],
  { remote, deploy, where }: CarryPlace & { readonly where: SafeText },
): Lines {
  const toPushText = (commit: string) =>
    safe`Next: git push ${mask(remote)} ${mask(commit)}:refs/heads/${mask(deploy)}`;
  switch (result.code) {
    case 'none':
      return { out: [...about, safe`Nothing was made or pushed.`], err: [] };
    case 'made':
      return {
        out: [...about, safe`Made ${toShort(result.commit)}, which no branch has yet.`, toPushText(result.commit)],
        err: [],
      };
    case 'pushed':
      return {
        out: [...about, safe`Pushed ${toShort(result.commit)} to ${where}.`],
        err: result.said === undefined ? [] : [safe`git push printed: ${result.said}`],
      };
    case 'refused':
      return {
        out: about,
        err: [
          safe`model-mirror: it is not pushed: ${result.said ?? 'git push gave no reason'}`,
          toPushText(result.commit),
        ],
      };
    case 'overtaken':
      return {
        out: about,
        err: [safe`model-mirror: it is not pushed: ${where} received new commits each time; run it again`],
      };
  }
}

function toChangeLines(changes: CarryChanges): SafeText[] {
  if (changes.size === 0) return [safe`  no file changes: it has these files already`];
  const lines = [...changes].map(([path, entry]) => safe`  ${mask(path)}${entry === undefined ? ', removed' : ''}`);
  if (lines.length <= shownFiles) return lines;
  return [...lines.slice(0, shownFiles), safe`  and ${lines.length - shownFiles} more files`];
}
