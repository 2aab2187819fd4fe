/** The message of a status commit: the most important change as its subject, then one line per model. */
import { compareText } from '../core/diagnostics/problem.ts';
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../core/diagnostics/safe-text.ts';
import { findLiveMirror } from '../core/input/model-status.ts';
import type { ModelStatus, VersionStatus } from '../core/input/schema.ts';
import { isSameDigest } from '../core/serving/digest-text.ts';
import { toCommitWords } from '../output/commit-words.ts';

export interface StatusChange {
  readonly name: string;
  readonly namespace: string;
  /** Undefined: there was no status file, or none that could be read. */
  readonly before: ModelStatus['status'] | undefined;
  /** Undefined: the model left git, and its status file is removed. */
  readonly after: ModelStatus['status'] | undefined;
}

export interface MessageOptions {
  /** Appended to the subject, such as `[skip ci]`. */
  readonly suffix: string | undefined;
  /** A `Signed-off-by` line, as `Name <mail>`. */
  readonly signOff: string | undefined;
}

/** A commit of ten thousand models need not list them all: git has the files. */
const maxLines = 1000;

/** The whole message, in a fixed order. */
export function toCommitMessage(changes: readonly StatusChange[], { suffix, signOff }: MessageOptions): SafeText {
  const described = changes
    .map((change) => ({ change, ...describe(change) }))
    .sort(
      (a, b) =>
        b.weight - a.weight ||
        compareText(a.change.namespace, b.change.namespace) ||
        compareText(a.change.name, b.change.name),
    );
  const [first] = described;
  const others = described.length - 1;
  const more = others > 0 ? safe` (+${others} ${others === 1 ? 'model' : 'models'})` : '';
  const subject = safe`status: ${first === undefined ? 'page updated' : safe`${toName(first.change.name)}: ${first.headline}${more}`}`;
  const lines = described
    .slice(0, maxLines)
    .map(({ change, line }) => safe`${toName(change.namespace)}/${toName(change.name)}: ${line}`)
    .sort(compareText);
  if (described.length > maxLines) lines.push(safe`and ${described.length - maxLines} more`);
  return join(
    [
      safe`${subject}${suffix === undefined ? '' : safe` ${mask(suffix)}`}`,
      ...(lines.length === 0 ? [] : ['' as const, ...lines]),
      ...(signOff === undefined ? [] : ['' as const, safe`Signed-off-by: ${mask(signOff)}`]),
      safe``,
    ],
    '\n',
  );
}

interface Description {
  readonly headline: SafeText;
  readonly line: SafeText;
  /** The description with the highest weight becomes the subject. */
  readonly weight: number;
}

function describe({ before, after }: StatusChange): Description {
  if (after === undefined) return { headline: safe`left git, its status is removed`, line: safe`left git`, weight: 3 };
  const parts = [
    ...describeCandidates(before?.candidates ?? [], after.candidates),
    describeVersion('primary', before?.primary, after.primary),
    describeMirror(before && findLiveMirror(before), findLiveMirror(after)),
  ].filter((part) => part !== undefined);
  if (parts.length === 0) return { headline: safe`rewritten`, line: safe`rewritten`, weight: 0 };
  const headline = parts.reduce((a, b) => (b.weight > a.weight ? b : a));
  return {
    headline: headline.headline,
    line: join(
      parts.map(({ line }) => line),
      '; ',
    ),
    weight: headline.weight,
  };
}

const verbs = {
  Missing: 'is missing',
  Pending: 'is pending',
  Loading: 'is loading',
  Ready: 'is ready',
  Failed: 'has failed',
  Stopped: 'is stopped',
  Deleting: 'is being deleted',
} as const satisfies Readonly<Record<VersionStatus['state'], string>>;

function describeVersion(
  role: 'primary' | 'candidate',
  before: VersionStatus | undefined,
  after: VersionStatus | undefined,
): Description | undefined {
  if (after === undefined)
    return before === undefined
      ? undefined
      : { headline: safe`${role} is gone`, line: safe`${role} ${toTitle(before)} is gone`, weight: 2 };
  // A digest in another form, or what is known to be loaded, is no change for people.
  const isSame =
    before !== undefined && isSameDigest(before.digest, after.digest) && toFacts(before) === toFacts(after);
  if (isSame) return undefined;
  const title = safe`${role} ${toTitle(after)}`;
  const isCandidate = role === 'candidate';
  const opens = isCandidate && after.state === 'Ready';
  const closes = isCandidate && before?.state === 'Ready' && after.state !== 'Ready';
  const gate = opens ? ', mirror may open' : closes ? ', mirror closes' : '';
  const from = before === undefined || before.state === after.state ? '' : safe`${before.state} → `;
  const why = [after.reason, after.message].filter((text) => text !== undefined).join(': ');
  return {
    headline: safe`${title} ${verbs[after.state]}${gate}`,
    line: safe`${title} ${from}${after.state}${why === '' ? '' : safe` (${toCommitWords(why, 500)})`}`,
    weight: (after.state === 'Failed' ? 8 : opens || closes ? 7 : 4) + (isCandidate ? 0.5 : 0),
  };
}

/** Each candidate with the one of its name; of those that are left, the first took the place of the first. */
function describeCandidates(before: readonly VersionStatus[], after: readonly VersionStatus[]) {
  const left = before.filter(({ name }) => !after.some((one) => one.name === name));
  const described = after.map((one) =>
    describeVersion('candidate', before.find(({ name }) => name === one.name) ?? left.shift(), one),
  );
  return [...described, ...left.map((gone) => describeVersion('candidate', gone, undefined))];
}

function describeMirror(
  before: ReturnType<typeof findLiveMirror>,
  after: ReturnType<typeof findLiveMirror>,
): Description | undefined {
  if (before?.to === after?.to && before?.percentage === after?.percentage) return undefined;
  const text =
    after === undefined ? safe`mirror is closed` : safe`mirror to ${toName(after.to)} is open at ${after.percentage} %`;
  return { headline: text, line: text, weight: 5 };
}

/** Names in Kubernetes have at most 253 characters. */
function toName(text: string): SafeText {
  return toCommitWords(text, 253);
}

function toTitle({ version, name }: VersionStatus): SafeText {
  return toName(version ?? name);
}

function toFacts({ name, version, state, reason, message }: VersionStatus): string {
  return JSON.stringify([name, version, state, reason, message]);
}
