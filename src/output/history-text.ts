/** The timeline of a model, for a terminal. */
import type { TimelineEvent } from '../core/timeline/events.ts';
import type { Timeline } from '../core/timeline/timeline.ts';
import type { Trial } from '../core/timeline/trials.ts';
import { shorten, toColumns, toWidth, wrap } from './columns.ts';
import { toShown } from './page-text.ts';
import type { Style } from './style.ts';
import { plainStyle } from './style.ts';
import { toTimeText } from './time-text.ts';
import { toNameAndCommit } from './words/revision.ts';
import type { TimelineNotes } from './words/timeline.ts';
import {
  toAuthorText,
  toDeclared,
  toEnd,
  toMirrored,
  toNotes,
  toReadiness,
  toSubject,
  toTimelineText,
} from './words/timeline.ts';

/** Longer texts are cut. */
const maxText = 480;

/** @param columns the width of the terminal. */
export function toHistoryText(
  timeline: Timeline,
  notes: TimelineNotes,
  columns = Number.POSITIVE_INFINITY,
  style: Style = plainStyle,
): string {
  const { trials, events } = timeline;
  const title = `${timeline.name} in ${timeline.namespace}, in the history of ${toShown(toNameAndCommit(notes.revision), 120)}`;
  const lines = [
    ...wrap(title, columns).map((line) => style('bold', line)),
    ...toNotes(notes).flatMap((note) => wrap(note, columns).map((line) => style('dim', line))),
    '',
    ...toEventLines(events, columns, style),
    ...(trials.length === 0 ? [] : ['', style('bold', 'Candidates'), ...toTrialLines(trials, columns)]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function toEventLines(events: readonly TimelineEvent[], columns: number, style: Style): string[] {
  const heads = toColumns(
    events.map(({ commit, time }) => [
      toTimeText(time),
      toAuthorText(commit),
      commit.id.slice(0, 7),
      toSubject(commit),
    ]),
  );
  return events.flatMap(({ commit, changes }, i) => [
    style(commit.isStatusOnly ? 'dim' : 'bold', shorten(heads[i] ?? '', columns)),
    ...changes
      .flatMap((change) => toIndented(toShown(toTimelineText(change), maxText), 4, columns))
      .map((part) => style('cyan', part)),
  ]);
}

/** One line per trial where the terminal is wide enough for all; else its outcome is on further lines. */
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

/** Wrapped, with every line indented. */
function toIndented(text: string, indent: number, columns: number): string[] {
  return wrap(text, columns - indent).map((line) => `${' '.repeat(indent)}${line}`);
}
