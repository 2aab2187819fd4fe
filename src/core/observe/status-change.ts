/** Two status files of one model → what changed in the cluster. */
import { findLiveMirror } from '../input/model-status.ts';
import type { CandidateStatus, ModelState, ModelStatus, VersionStatus } from '../input/schema.ts';
import type { Decided, WrittenVerdict } from '../input/verdict-schema.ts';
import { isSameDigest } from '../serving/digest-text.ts';

type Status = ModelStatus['status'];
type Role = 'primary' | 'candidate';

export type StatusChange =
  /** The model left git, and its status file is removed. */
  | { readonly code: 'model-gone' }
  | {
      readonly code: 'version-changed';
      readonly role: Role;
      /** What it is called: its version, or else the name of its InferenceService. */
      readonly title: string;
      readonly from: ModelState | undefined;
      readonly to: ModelState;
      readonly reason: string | undefined;
      readonly message: string | undefined;
    }
  | { readonly code: 'version-gone'; readonly role: Role; readonly title: string }
  | { readonly code: 'mirror-opened'; readonly to: string; readonly percentage: number }
  | { readonly code: 'mirror-closed' }
  | { readonly code: 'judged'; readonly title: string; readonly verdict: WrittenVerdict }
  /** The next step of the ramp begins. */
  | { readonly code: 'step-passed'; readonly title: string; readonly passed: Decided }
  /** What was judged is no longer so: nobody knows yet how the candidate does. */
  | { readonly code: 'unjudged'; readonly title: string };

/**
 * @param before undefined: there was no status file, or none that could be read.
 * @param after undefined: the model left git.
 * @returns empty when only the form of the file changed.
 */
export function findStatusChanges(before: Status | undefined, after: Status | undefined): StatusChange[] {
  if (after === undefined) return [{ code: 'model-gone' }];
  return [
    ...compareCandidates(before?.candidates ?? [], after.candidates),
    ...compareVersion('primary', before?.primary, after.primary),
    ...compareMirror(before, after),
    ...after.candidates.flatMap((one) => compareVerdict(before, one)),
  ];
}

/** The higher, the sooner a person should read of it. */
export function toWeight(change: StatusChange): number {
  switch (change.code) {
    case 'version-changed': {
      const { role, from, to } = change;
      const concernsMirror = role === 'candidate' && (from === 'Ready' || to === 'Ready');
      return (to === 'Failed' ? 8 : concernsMirror ? 7 : 4) + (role === 'candidate' ? 0.5 : 0);
    }
    case 'mirror-opened':
    case 'mirror-closed':
      return 5;
    case 'step-passed':
      return 6;
    case 'judged':
      return change.verdict.verdict === 'Failing' ? 9 : 6;
    case 'model-gone':
      return 3;
    case 'version-gone':
      return 2;
    case 'unjudged':
      return 1;
  }
}

/** Each candidate with the one of its name; the first of those that are left is replaced by the first new one. */
function compareCandidates(before: readonly VersionStatus[], after: readonly VersionStatus[]): StatusChange[] {
  const left = before.filter(({ name }) => !after.some((one) => one.name === name));
  return [
    ...after.flatMap((one) =>
      compareVersion('candidate', before.find(({ name }) => name === one.name) ?? left.shift(), one),
    ),
    ...left.flatMap((gone) => compareVersion('candidate', gone, undefined)),
  ];
}

function compareVersion(
  role: Role,
  before: VersionStatus | undefined,
  after: VersionStatus | undefined,
): StatusChange[] {
  if (after === undefined) return before === undefined ? [] : [{ code: 'version-gone', role, title: toTitle(before) }];
  // A digest in another form, or what is known to be loaded, is not a change for people.
  if (before !== undefined && isSameDigest(before.digest, after.digest) && toFacts(before) === toFacts(after))
    return [];
  const { state: to, reason, message } = after;
  return [{ code: 'version-changed', role, title: toTitle(after), from: before?.state, to, reason, message }];
}

function compareMirror(before: Status | undefined, after: Status): StatusChange[] {
  const [old, now] = [before && findLiveMirror(before), findLiveMirror(after)];
  if (old?.to === now?.to && old?.percentage === now?.percentage) return [];
  return [now === undefined ? { code: 'mirror-closed' } : { code: 'mirror-opened', ...now }];
}

function compareVerdict(
  before: Status | undefined,
  { passed, verdict, ...candidate }: CandidateStatus,
): StatusChange[] {
  const old = before?.candidates.find(({ name }) => name === candidate.name);
  const title = toTitle(candidate);
  const isNew = (value: WrittenVerdict | undefined, known: WrittenVerdict | undefined) =>
    value !== undefined && JSON.stringify(known) !== JSON.stringify(value);
  if (passed !== undefined && isNew(passed, old?.passed)) return [{ code: 'step-passed', title, passed }];
  if (verdict !== undefined) return isNew(verdict, old?.verdict) ? [{ code: 'judged', title, verdict }] : [];
  const isLost = old?.verdict !== undefined || (old?.passed !== undefined && passed === undefined);
  return isLost ? [{ code: 'unjudged', title }] : [];
}

function toTitle({ version, name }: VersionStatus): string {
  return version ?? name;
}

function toFacts({ name, version, state, reason, message }: VersionStatus): string {
  return JSON.stringify([name, version, state, reason, message]);
}
