/**
 * What was the primary before. Which version a rollback leads to: the one that was the primary before the last promotion.
 *
 * Promotions are stacked. A primary that was the candidate until then, or that was never the primary, is put on top,
 * whoever wrote it and in however many commits: after a squash nothing else is left of a promotion. One that was the
 * primary before is a way back, and takes off everything above it. So two ways back lead two promotions back, and none
 * leads forward again.
 */
import { findLocation } from '../input/model-storage.ts';
import { toCanonicalText } from '../manifests/manifest.ts';
import type { RenderedRollout } from '../render/decide-model.ts';
import type { RolloutVersion } from '../rollout/rollout.ts';
import type { Moment, TimelineCommit } from './points.ts';
import { findStatus } from './stages.ts';

export interface PrimaryPast {
  /** How the present primary became it; undefined: no commit shows that. */
  readonly last:
    | {
        readonly code: 'promoted' | 'returned';
        readonly commit: TimelineCommit;
      }
    | undefined;
  /** The model as it was last while the version before was its primary; undefined: no commit shows one. */
  readonly former: RenderedRollout | undefined;
  /** Whether no commit shows the present primary as a candidate: older commits may have it as a primary, to which this leads back. */
  readonly isInferred: boolean;
}

interface Promoted {
  /** Undefined: it was there first. */
  readonly commit: TimelineCommit | undefined;
  /** Whether it was the candidate before. */
  readonly isTried: boolean;
  /** With the latest changes of this primary. */
  readonly model: RenderedRollout;
}

export function findPrimaryPast(moments: readonly Moment[]): PrimaryPast {
  let stack: readonly Promoted[] = [];
  let last: PrimaryPast['last'];
  let before: RenderedRollout | undefined;
  /** Candidates that have been the primary until they became it: the other half of two versions that were swapped. */
  let demoted: ReadonlySet<string> = new Set();
  for (const { deployed, point } of moments) {
    if (deployed === undefined) {
      [stack, last, demoted] = [[], undefined, new Set()];
    } else {
      const { commit } = point;
      const next = follow(stack, deployed, commit, isPromotion(before, deployed, demoted));
      if (next.code !== 'same') last = next.code === 'first' ? undefined : { code: next.code, commit };
      stack = next.stack;
      demoted = findDemoted(before, deployed, demoted);
    }
    before = deployed;
  }
  return { last, former: stack.at(-2)?.model, isInferred: stack.at(-1)?.isTried === false };
}

function follow(
  stack: readonly Promoted[],
  model: RenderedRollout,
  commit: TimelineCommit,
  isPromoted: boolean,
): {
  readonly code: 'first' | 'same' | 'promoted' | 'returned';
  readonly stack: readonly Promoted[];
} {
  const { version } = model.primary;
  const top = stack.at(-1);
  if (top === undefined) return { code: 'first', stack: [{ commit: undefined, isTried: false, model }] };
  const replace = (at: number) => [
    ...stack.slice(0, at),
    { commit: stack[at]?.commit, isTried: stack[at]?.isTried === true, model },
  ];
  const [declared, identity] = [toDeclared(version), toIdentity(version)];
  if (toDeclared(top.model.primary.version) === declared) return { code: 'same', stack: replace(stack.length - 1) };
  const promoted = {
    code: 'promoted',
    stack: [...stack, { commit, isTried: isPromoted, model }],
  } as const;
  if (isPromoted) return promoted;
  const below = stack.slice(0, -1);
  const back = below.findLastIndex((one) => toDeclared(one.model.primary.version) === declared);
  if (back >= 0) return { code: 'returned', stack: replace(back) };
  // A version that is tuned while it is the primary stays the same one.
  if (toIdentity(top.model.primary.version) === identity) return { code: 'same', stack: replace(stack.length - 1) };
  const near = below.findLastIndex((one) => toIdentity(one.model.primary.version) === identity);
  return near >= 0 ? { code: 'returned', stack: replace(near) } : promoted;
}

/** Whether the primary is what was the candidate until now. One that stays the candidate is not promoted: a rollback leaves it. */
function isPromotion(
  before: RenderedRollout | undefined,
  { primary, candidates }: RenderedRollout,
  demoted: ReadonlySet<string>,
): boolean {
  const declared = toDeclared(primary.version);
  const isDeclared = ({ version }: RenderedRollout['candidates'][number]) => toDeclared(version) === declared;
  const wasCandidate = before?.candidates.some(isDeclared) ?? false;
  return wasCandidate && !candidates.some(isDeclared) && !demoted.has(declared);
}

function findDemoted(
  before: RenderedRollout | undefined,
  { primary, candidates }: RenderedRollout,
  demoted: ReadonlySet<string>,
): ReadonlySet<string> {
  const old = before && toDeclared(before.primary.version);
  const isNew = old !== undefined && old !== toDeclared(primary.version);
  const present = candidates.map(({ version }) => toDeclared(version));
  return new Set(present.filter((one) => demoted.has(one) || (isNew && one === old)));
}

/**
 * Whether clients were served by this version, as the watcher observed it, before another one was the primary.
 *
 * @param primary the present one, which may not be committed yet.
 */
export function servedBefore(moments: readonly Moment[], primary: RolloutVersion): boolean {
  const declared = toDeclared(primary);
  const models = moments.flatMap(({ deployed }) => (deployed === undefined ? [] : [deployed]));
  const isThis = (model: RenderedRollout) => toDeclared(model.primary.version) === declared;
  const other = models.findLastIndex((model) => !isThis(model));
  return models
    .slice(0, Math.max(0, other))
    .some((model) => isThis(model) && findStatus(model.primary, model.status)?.state === 'Ready');
}

/** What people wrote of a version, but for the name of its InferenceService. */
function toDeclared({ declared }: RolloutVersion): string {
  const { name: _, ...rest } = declared;
  return toCanonicalText(rest);
}

function toIdentity({ declared }: RolloutVersion): string {
  return JSON.stringify([declared.version, findLocation(declared)]);
}
