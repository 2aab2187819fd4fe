/** A model's timeline, in words. */
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { TimelineChange } from '../../core/timeline/events.ts';
import type { TimelineCommit } from '../../core/timeline/points.ts';
import type { Trial } from '../../core/timeline/trials.ts';
import { toShown } from '../page-text.ts';
import { toDurationText, toTimeText } from '../time-text.ts';
import { toChangeText, toVersionText } from './change.ts';
import { toReasonText } from './gate.ts';

/** What a reader must know about a timeline to understand it. */
export interface TimelineNotes {
  /** Whose history it is. */
  readonly revision: { readonly name: string; readonly commit: string };
  /** Older commits are not in the clone. */
  readonly isShallow: boolean;
  /** How many older events are not shown. */
  readonly leftOut: number;
}

/** What is missing from it. */
export function toNotes({ isShallow, leftOut }: TimelineNotes): SafeText[] {
  return [
    ...(isShallow ? [safe`The clone is shallow, without older commits: run git fetch --unshallow`] : []),
    ...(leftOut === 0 ? [] : [safe`${leftOut} older ${leftOut === 1 ? 'commit is' : 'commits are'} not shown`]),
  ];
}

export function toTimelineText(change: TimelineChange): SafeText {
  switch (change.code) {
    case 'state-changed': {
      const reason = change.reason === undefined ? '' : safe` (${mask(change.reason)})`;
      return safe`${change.role} ${mask(change.version)} is ${change.state}${reason}`;
    }
    case 'render-failed': {
      const { file, line, message } = change.problem;
      const more = change.others === 0 ? '' : safe`, and ${change.others} more`;
      return safe`cannot be rendered, so nothing changes in the cluster: ${file}:${line}: ${message}${more}`;
    }
    case 'render-restored':
      return safe`can be rendered again`;
    case 'version-present':
      return safe`${change.role} ${toVersionText(change.version)} is already there`;
    case 'mirror-present': {
      const state = change.percentage > 0 ? safe`open at ${change.percentage} %` : safe`closed`;
      return safe`the mirror is ${state}: ${toReasonText(change.reason)}`;
    }
    default:
      return toChangeText(change);
  }
}

/** Who changed it, and who merged that. */
export function toAuthorText({ author, mergedBy }: TimelineCommit): SafeText {
  if (author === undefined) return orEarlier;
  return mergedBy === undefined
    ? toShort(author, 40)
    : safe`${toShort(author, 40)}, merged by ${toShort(mergedBy, 40)}`;
}

/**
 * Empty for the watcher's commits, whose changes say the same, and for the commit where a clone begins, whose subject
 * is about something else.
 */
export function toSubject({ author, isStatusOnly, subject }: TimelineCommit): SafeText {
  return isStatusOnly || author === undefined ? safe`` : toShort(subject, 120);
}

/** When a candidate was declared, and by whom. */
export function toDeclared({ by, from }: Trial): SafeText {
  return safe`${mask(toTimeText(from))} ${by === undefined ? orEarlier : safe`by ${toShort(by, 40)}`}`;
}

export function toReadiness(trial: Trial): SafeText {
  const { by, readyAfter, failure } = trial;
  if (by === undefined && readyAfter === 0) return safe`ready by then`;
  if (readyAfter !== undefined) return safe`ready after ${toLength(trial, readyAfter)}`;
  return safe`${toNever(trial, 'ready')}${failure === undefined ? '' : safe` (${toShort(failure, 60)})`}`;
}

export function toMirrored(trial: Trial): SafeText {
  const { mirrored } = trial;
  if (mirrored.length === 0) return toNever(trial, 'mirrored');
  const parts = mirrored.map(({ percentage, seconds }) => safe`${percentage} % for ${toLength(trial, seconds)}`);
  return safe`mirrored ${join(parts, ', ')}`;
}

export function toEnd(trial: Trial): SafeText {
  const { outcome, from, to } = trial;
  const length = toLength(trial, to - from);
  return outcome === 'running' ? safe`for ${length} so far` : safe`${outcome} after ${length}`;
}

/** The beginning of what is older than the clone is unknown. */
function toLength({ by }: Trial, seconds: number): SafeText {
  return safe`${by === undefined ? 'at least ' : ''}${mask(toDurationText(seconds))}`;
}

function toNever({ by, outcome }: Trial, state: 'ready' | 'mirrored'): SafeText {
  if (by === undefined) return safe`not ${state} since`;
  return outcome === 'running' ? safe`not ${state} so far` : safe`never ${state}`;
}

const orEarlier = safe`or earlier`;

function toShort(text: string, maxLength: number): SafeText {
  return mask(toShown(mask(text), maxLength));
}
