/** What a status commit says: the most telling change as its subject, a line a model below. */
import { compareText } from '../input/problem.ts';
import { mask } from '../input/quote.ts';
import type { ModelStatus } from '../input/schema.ts';
import type { ToldVersion } from '../observe/settle.ts';

export interface StatusChange {
  readonly name: string;
  readonly namespace: string;
  /** Undefined: there was no status file, or none that could be read. */
  readonly before: ModelStatus['status'] | undefined;
  /** Undefined: the model left git, and its status file goes. */
  readonly after: ModelStatus['status'] | undefined;
}

export interface MessageOptions {
  /** Put behind the subject, as `[skip ci]`. */
  readonly suffix: string | undefined;
  /** A `Signed-off-by` line, as `Name <mail>`. */
  readonly signOff: string | undefined;
}

/** A commit of ten thousand models need not list them all: git has the files. */
const maxLines = 1000;

/** The whole text of a commit: pure, in a fixed order. */
export function toCommitMessage(changes: readonly StatusChange[], { suffix, signOff }: MessageOptions): string {
  const told = changes
    .map((change) => ({ change, ...describe(change) }))
    .sort(
      (a, b) =>
        b.weight - a.weight ||
        compareText(a.change.namespace, b.change.namespace) ||
        compareText(a.change.name, b.change.name),
    );
  const [first] = told;
  const others = told.length - 1;
  const more = others > 0 ? ` (+${others} ${others === 1 ? 'model' : 'models'})` : '';
  const subject = `status: ${first === undefined ? 'the page is brought up to date' : `${first.change.name}: ${first.headline}${more}`}`;
  const lines = told
    .slice(0, maxLines)
    .map(({ change, line }) => `${change.namespace}/${change.name}: ${line}`)
    .sort(compareText);
  if (told.length > maxLines) lines.push(`and ${told.length - maxLines} more`);
  return [
    `${subject}${suffix === undefined ? '' : ` ${suffix}`}`,
    ...(lines.length === 0 ? [] : ['', ...lines]),
    ...(signOff === undefined ? [] : ['', `Signed-off-by: ${signOff}`]),
    '',
  ].join('\n');
}

interface Description {
  readonly headline: string;
  readonly line: string;
  /** Who reads one line should read this one. */
  readonly weight: number;
}

function describe({ before, after }: StatusChange): Description {
  if (after === undefined) return { headline: 'left git, its status is removed', line: 'left git', weight: 3 };
  const parts = [
    describeVersion('candidate', before?.candidate, after.candidate),
    describeVersion('primary', before?.primary, after.primary),
    describeMirror(before?.mirror, after.mirror),
  ].filter((part) => part !== undefined);
  if (parts.length === 0) return { headline: 'written anew', line: 'written anew', weight: 0 };
  const headline = parts.reduce((a, b) => (b.weight > a.weight ? b : a));
  return { headline: headline.headline, line: parts.map(({ line }) => line).join('; '), weight: headline.weight };
}

const verbs: Readonly<Record<ToldVersion['state'], string>> = {
  Missing: 'is missing',
  Pending: 'is pending',
  Loading: 'is loading',
  Ready: 'is ready',
  Failed: 'has failed',
  Stopped: 'is stopped',
  Deleting: 'is being deleted',
};

function describeVersion(
  role: 'primary' | 'candidate',
  before: ToldVersion | undefined,
  after: ToldVersion | undefined,
): Description | undefined {
  if (after === undefined)
    return before === undefined
      ? undefined
      : { headline: `${role} is gone`, line: `${role} ${toTitle(before)} is gone`, weight: 2 };
  const isSame = before !== undefined && toFacts(before) === toFacts(after);
  if (isSame) return undefined;
  const title = `${role} ${toTitle(after)}`;
  const isCandidate = role === 'candidate';
  const opens = isCandidate && after.state === 'Ready';
  const closes = isCandidate && before?.state === 'Ready' && after.state !== 'Ready';
  const gate = opens ? ', mirror may open' : closes ? ', mirror closes' : '';
  const from = before === undefined || before.state === after.state ? '' : `${before.state} → `;
  const why = [after.reason, after.message].filter((text) => text !== undefined).join(': ');
  return {
    headline: `${title} ${verbs[after.state]}${gate}`,
    line: `${title} ${from}${after.state}${why === '' ? '' : ` (${why})`}`,
    weight: (after.state === 'Failed' ? 8 : opens || closes ? 7 : 4) + (isCandidate ? 0.5 : 0),
  };
}

function describeMirror(
  before: ModelStatus['status']['mirror'],
  after: ModelStatus['status']['mirror'],
): Description | undefined {
  if (before?.to === after?.to && before?.percentage === after?.percentage) return undefined;
  const says = after === undefined ? 'mirror is closed' : `mirror to ${after.to} is open at ${after.percentage} %`;
  return { headline: says, line: says, weight: 5 };
}

function toTitle({ version, name }: ToldVersion): string {
  return mask(version ?? name);
}

function toFacts({ name, version, digest, state, reason, message }: ToldVersion): string {
  return JSON.stringify([name, version, digest, state, reason, message]);
}
