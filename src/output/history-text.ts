/** The story of a model, for a terminal. */
import type { Story, StoryEvent, Trial } from '../history/story.ts';
import { mask } from '../input/quote.ts';
import { shorten, toColumns } from './columns.ts';
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
  columns: number | undefined,
  style: Style = plainStyle,
): string {
  const toFitting = (line: string) => (columns === undefined ? line : shorten(line, columns));
  const { trials, events } = story;
  const lines = [
    style(
      'bold',
      toFitting(`${story.name} in ${story.namespace}, by the history of ${toShown(notes.revision, maxText)}`),
    ),
    ...toNotes(notes).map((note) => style('dim', toFitting(note))),
    '',
    ...toEventLines(events, toFitting, style),
    ...(trials.length === 0
      ? []
      : [
          '',
          style('bold', 'Candidates'),
          ...toColumns(trials.map(toTrialCells)).map((line) => toFitting(`  ${line}`)),
        ]),
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

function toEventLines(events: readonly StoryEvent[], toFitting: (line: string) => string, style: Style): string[] {
  const heads = toColumns(
    events.map(({ commit, time }) => [toTimeText(time), toWho(commit), commit.id.slice(0, 7), toSubject(commit)]),
  );
  return events.flatMap(({ commit, lines }, i) => [
    style(commit.isStatusOnly ? 'dim' : 'bold', toFitting(heads[i] ?? '')),
    ...lines.map((line) => style('cyan', toFitting(`    ${toShown(mask(line), 4 * maxText)}`))),
  ]);
}

/** Who changed it, and who merged that. */
export function toWho({ author, mergedBy }: StoryEvent['commit']): string {
  const own = toShown(mask(author), 40);
  return mergedBy === undefined ? own : `${own}, merged by ${toShown(mask(mergedBy), 40)}`;
}

/** What the watcher's says is said by the lines. */
export function toSubject({ isStatusOnly, subject }: StoryEvent['commit']): string {
  return isStatusOnly ? '' : toShown(mask(subject), maxText);
}

function toTrialCells(trial: Trial): string[] {
  const { version, by, from } = trial;
  return [
    toShown(version, 40),
    `${toTimeText(from)} by ${toShown(mask(by), 40)}`,
    toReadiness(trial),
    toMirrored(trial),
    toEnd(trial),
  ];
}

export function toReadiness({ readyAfter, failure, outcome }: Trial): string {
  const failed = failure === undefined ? '' : ` (${toShown(mask(failure), 60)})`;
  const notYet = outcome === 'running' ? 'not ready so far' : 'never ready';
  return readyAfter === undefined ? `${notYet}${failed}` : `ready after ${toDurationText(readyAfter)}`;
}

export function toMirrored({ mirrored, outcome }: Trial): string {
  if (mirrored.length === 0) return outcome === 'running' ? 'not mirrored so far' : 'never mirrored';
  return `mirrored ${mirrored.map(({ percentage, seconds }) => `${percentage} % for ${toDurationText(seconds)}`).join(', ')}`;
}

export function toEnd({ outcome, from, to }: Trial): string {
  return outcome === 'running'
    ? `for ${toDurationText(to - from)} so far`
    : `${outcome} after ${toDurationText(to - from)}`;
}
