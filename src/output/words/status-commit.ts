/** The message of a status commit: the most important change as its subject, then one line per model. */
import { compareText } from '../../core/diagnostics/problem.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { ModelState } from '../../core/input/schema.ts';
import type { StatusChange } from '../../core/observe/status-change.ts';
import { toWeight } from '../../core/observe/status-change.ts';
import { toCommitWords } from '../commit-words.ts';
import { toVerdictText } from './verdict.ts';

export interface ModelChanges {
  readonly name: string;
  readonly namespace: string;
  readonly changes: readonly StatusChange[];
}

export interface MessageOptions {
  /** Appended to the subject, such as `[skip ci]`. */
  readonly suffix: string | undefined;
  /** A `Signed-off-by` line, as `Name <mail>`. */
  readonly signOff: string | undefined;
}

/** A commit of ten thousand models need not list them all: git has the files. */
const maxLines = 1000;

/** The same models give the same message, in whatever order; none: the page alone is written. */
export function toCommitMessage(models: readonly ModelChanges[], { suffix, signOff }: MessageOptions): SafeText {
  const sorted = models
    .map((model) => ({ ...model, weight: Math.max(0, ...model.changes.map(toWeight)) }))
    .sort((a, b) => b.weight - a.weight || compareText(a.namespace, b.namespace) || compareText(a.name, b.name));
  const lines = sorted
    .slice(0, maxLines)
    .map(({ namespace, name, changes }) => safe`${toName(namespace)}/${toName(name)}: ${toLine(changes)}`)
    .sort(compareText);
  if (sorted.length > maxLines) lines.push(safe`and ${sorted.length - maxLines} more`);
  return join(
    [
      safe`${toSubject(sorted)}${suffix === undefined ? '' : safe` ${mask(suffix)}`}`,
      ...(lines.length === 0 ? [] : ['' as const, ...lines]),
      ...(signOff === undefined ? [] : ['' as const, safe`Signed-off-by: ${mask(signOff)}`]),
      safe``,
    ],
    '\n',
  );
}

function toSubject([first, ...others]: readonly ModelChanges[]): SafeText {
  if (first === undefined) return safe`status: update the page`;
  const [change] = first.changes.toSorted((a, b) => toWeight(b) - toWeight(a));
  const more = others.length === 0 ? '' : safe` (+${others.length} ${others.length === 1 ? 'model' : 'models'})`;
  return safe`status(${toName(first.name)}): ${change === undefined ? rewritten : toHeadline(change)}${more}`;
}

const rewritten = safe`the file has a new form`;

function toLine(changes: readonly StatusChange[]): SafeText {
  return changes.length === 0 ? rewritten : join(changes.map(toDetail), '; ');
}

const verbs = {
  Missing: 'is missing',
  Pending: 'is pending',
  Loading: 'is loading',
  Ready: 'is Ready',
  Failed: 'failed',
  Stopped: 'is stopped',
  Deleting: 'is being deleted',
} as const satisfies Readonly<Record<ModelState, string>>;

/** The change alone, without what it was before and why. */
export function toHeadline(change: StatusChange): SafeText {
  if (change.code !== 'version-changed') return toDetail(change);
  const { role, title, from, to } = change;
  const isCandidate = role === 'candidate';
  const mirror =
    isCandidate && to === 'Ready'
      ? '; its mirror may open'
      : isCandidate && from === 'Ready'
        ? '; its mirror closes'
        : '';
  return safe`${role} ${toName(title)} ${verbs[to]}${mirror}`;
}

function toDetail(change: StatusChange): SafeText {
  switch (change.code) {
    case 'model-gone':
      return safe`removed from git, and its status file with it`;
    case 'version-changed': {
      const { role, title, from, to, reason, message } = change;
      const before = from === undefined || from === to ? '' : safe`${from} → `;
      const why = [reason, message].filter((text) => text !== undefined).join(': ');
      return safe`${role} ${toName(title)} ${before}${to}${why === '' ? '' : safe` (${toCommitWords(why, 500)})`}`;
    }
    case 'version-gone':
      return safe`${change.role} ${toName(change.title)} is gone`;
    case 'mirror-opened':
      return safe`${change.percentage} % is mirrored to ${toName(change.to)}`;
    case 'mirror-closed':
      return safe`the mirror is closed`;
    case 'step-passed': {
      const { subject, steps } = change.passed;
      return safe`candidate ${toName(change.title)} passed step ${subject.step + 1} of ${steps}: ${toCommitWords(toVerdictText(change.passed), 500)}`;
    }
    case 'judged':
      return safe`candidate ${toName(change.title)} is ${toCommitWords(toVerdictText(change.verdict), 500)}`;
    case 'unjudged':
      return safe`candidate ${toName(change.title)} is judged again`;
  }
}

/** Names in Kubernetes have at most 253 characters. */
function toName(text: string): SafeText {
  return toCommitWords(text, 253);
}
