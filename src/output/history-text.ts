/** The story of a model, for a terminal. */

import { mask } from '../core/diagnostics/safe-text.ts';
import type { Story, StoryEvent, Trial } from '../core/timeline/story.ts';
import { shorten, toColumns, toWidth, wrap } from './columns.ts';
import { toShown } from './page-text.ts';
import type { Style } from './style.ts';
import { plainStyle } from './style.ts';
import { toDurationText, toTimeText } from './time-text.ts';

/** What to know of a story beside it. */
export interface StoryNotes {
  /** Whose history it is. */
  readonly revision: string;
  /** Older commits are not in the clone. */
  readonly isShallow: boolean;
  /** How many older events are not shown. */
  readonly leftOut: number;
}

/** Names and subjects are cut there. */
const maxText = 120;

/** @param columns of the terminal; undefined: as wide as it gets. */
export function toHistoryText(
  story: Story,
  notes: StoryNotes,
  columns = Number.POSITIVE_INFINITY,
  style: Style = plainStyle,
): string {
  const { trials, events } = story;
  const title = `${story.name} in ${story.namespace}, by the history of ${toShown(notes.revision, maxText)}`;
  const lines = [
    ...wrap(title, columns).map((line) => style('bold', line)),
    ...toNotes(notes).flatMap((note) => wrap(note, columns).map((line) => style('dim', line))),
    '',
    ...toEventLines(events, columns, style),
    ...(trials.length === 0 ? [] : ['', style('bold', 'Candidates'), ...toTrialLines(trials, columns)]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** What is missing of it. */
export function toNotes({ isShallow, leftOut }: StoryNotes): string[] {
  return [
    ...(isShallow ? ['The clone is shallow, and older commits are not here: git fetch --unshallow'] : []),
    ...(leftOut === 0 ? [] : [`${leftOut} older ${leftOut === 1 ? 'commit is' : 'commits are'} not shown`]),
  ];
}

function toEventLines(events: readonly StoryEvent[], columns: number, style: Style): string[] {
  const heads = toColumns(
    events.map(({ commit, time }) => [toTimeText(time), toWho(commit), commit.id.slice(0, 7), toSubject(commit)]),
  );
  return events.flatMap(({ commit, lines }, i) => [
    style(commit.isStatusOnly ? 'dim' : 'bold', shorten(heads[i] ?? '', columns)),
    ...lines.flatMap((line) =>
      toIndented(toShown(mask(line), 4 * maxText), 4, columns).map((part) => style('cyan', part)),
    ),
  ]);
}

/** A line each where the terminal is wide enough for all; else what became of it below. */
function toTrialLines(trials: readonly Trial[], columns: number): string[] {
  const rows = trials.map((trial) => [
    toShown(trial.version, 40),
    toDeclared(trial),
    toReadiness(trial),
    toMirrored(trial),
    toEnd(trial),
  ]);
  const lines = toColumns(rows).map((line) => `  ${line}`);
  if (lines.every((line) => toWidth(line) <= columns)) return lines;
  return rows.flatMap(([version = '', declared = '', ...parts]) => [
    shorten(`  ${version}  ${declared}`, columns),
    ...toIndented(parts.join('; '), 6, columns),
  ]);
}

/** Parted between words, each line below the one before it. */
function toIndented(text: string, indent: number, columns: number): string[] {
  return wrap(text, columns - indent).map((line) => `${' '.repeat(indent)}${line}`);
}

/** Who changed it, and who merged that; of what is older than the clone, that. */
export function toWho({ author, mergedBy }: StoryEvent['commit']): string {
  if (author === undefined) return 'or earlier';
  const own = toShown(mask(author), 40);
  return mergedBy === undefined ? own : `${own}, merged by ${toShown(mask(mergedBy), 40)}`;
}

/** What the watcher's says is said by the lines; what the first of a cut history says is about something else. */
export function toSubject({ author, isStatusOnly, subject }: StoryEvent['commit']): string {
  return isStatusOnly || author === undefined ? '' : toShown(mask(subject), maxText);
}

/** When it was declared, and by whom. */
export function toDeclared({ by, from }: Trial): string {
  return `${toTimeText(from)} ${by === undefined ? 'or earlier' : `by ${toShown(mask(by), 40)}`}`;
}

export function toReadiness(trial: Trial): string {
  const { by, readyAfter, failure, outcome } = trial;
  if (by === undefined && readyAfter === 0) return 'ready by then';
  if (readyAfter !== undefined) return `ready after ${toLength(trial, readyAfter)}`;
  const failed = failure === undefined ? '' : ` (${toShown(mask(failure), 60)})`;
  return `${toNever(trial, 'ready', outcome === 'running' ? 'not ready so far' : 'never ready')}${failed}`;
}

export function toMirrored(trial: Trial): string {
  const { mirrored, outcome } = trial;
  if (mirrored.length === 0)
    return toNever(trial, 'mirrored', outcome === 'running' ? 'not mirrored so far' : 'never mirrored');
  return `mirrored ${mirrored.map(({ percentage, seconds }) => `${percentage} % for ${toLength(trial, seconds)}`).join(', ')}`;
}

export function toEnd(trial: Trial): string {
  const { outcome, from, to } = trial;
  const length = toLength(trial, to - from);
  return outcome === 'running' ? `for ${length} so far` : `${outcome} after ${length}`;
}

/** Of what is older than the clone only the end is known. */
function toLength({ by }: Trial, seconds: number): string {
  return `${by === undefined ? 'at least ' : ''}${toDurationText(seconds)}`;
}

function toNever({ by }: Trial, what: string, text: string): string {
  return by === undefined ? `not ${what} since` : text;
}
