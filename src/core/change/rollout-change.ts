/**
 * Two renders of a model → what changes between them, in the words of a rollout.
 *
 * Invariant: equal rollouts give no line; every line says which model it is about.
 */

import type { SafeText } from '../diagnostics/safe-text.ts';
import { mask, safe } from '../diagnostics/safe-text.ts';
import { findLocation } from '../input/model-storage.ts';
import type { ModelVersion } from '../input/schema.ts';
import type { Mirror, MirrorReason } from '../rollout/gate.ts';
import type { Rollout, RolloutVersion } from '../rollout/rollout.ts';

export interface RolloutState {
  readonly rollout: Rollout;
  readonly mirror: Mirror;
}

/** A line a change, by namespace and model; the states may be in any order. */
export function describeChanges(before: readonly RolloutState[], after: readonly RolloutState[]): string[] {
  const old = new Map(before.map((state) => [toKey(state), state]));
  const now = new Map(after.map((state) => [toKey(state), state]));
  const keys = [...new Set([...old.keys(), ...now.keys()])].sort();
  return keys.flatMap((key) => {
    const [was, is] = [old.get(key), now.get(key)];
    return describeChange(was, is).map((line) => `${(is ?? was)?.rollout.name}: ${line}`);
  });
}

/** The same of one model, whatever it was called before, and without its name. */
export function describeChange(before: RolloutState | undefined, after: RolloutState | undefined): string[] {
  if (after === undefined) return before === undefined ? [] : ['the model is removed, with everything that led to it'];
  const parts =
    before === undefined
      ? [`a new model; ${toVersionText(after.rollout.primary)} answers every request`]
      : describeVersions(before.rollout, after.rollout);
  const mirror = describeMirror(before, after);
  return [...parts, ...(mirror === undefined ? [] : [mirror])];
}

function describeVersions(before: Rollout, after: Rollout): string[] {
  const parts: string[] = [];
  const promoted = before.candidate !== undefined && isSameModel(before.candidate, after.primary);
  if (!isSame(before.primary, after.primary))
    parts.push(`${promoted ? 'promoted: ' : ''}primary ${toVersionChange(before.primary, after.primary)}`);
  if (before.candidate === undefined && after.candidate !== undefined)
    parts.push(`candidate ${toVersionText(after.candidate)} is declared`);
  else if (before.candidate !== undefined && after.candidate === undefined)
    parts.push(
      `candidate ${toVersionText(before.candidate)} is ${promoted && !isSame(before.primary, after.primary) ? 'the primary now, and no longer a candidate' : 'discarded'}`,
    );
  else if (
    before.candidate !== undefined &&
    after.candidate !== undefined &&
    !isSame(before.candidate, after.candidate)
  )
    parts.push(`candidate ${toVersionChange(before.candidate, after.candidate)}`);
  return parts;
}

/** What becomes of the mirror itself, when it is not for a change of what is wanted; undefined: nothing. */
export function describeMirror(before: RolloutState | undefined, after: RolloutState): string | undefined {
  const old = before?.mirror.percentage ?? 0;
  const now = after.mirror.percentage;
  const why = toReasonText(after.mirror.reason);
  const hadCandidate = before?.rollout.candidate !== undefined;
  if (old === 0 && now > 0) return `the mirror opens at ${now} %: ${why}`;
  if (old > 0 && now === 0) return `the mirror closes: ${why}`;
  if (old !== now) return `mirror ${old} % → ${now} %`;
  const reasonChanged = before?.mirror.reason.code !== after.mirror.reason.code;
  if (now === 0 && after.rollout.candidate !== undefined && (reasonChanged || !hadCandidate))
    return `the mirror stays closed: ${why}`;
  return undefined;
}

/** Why a mirror is open or closed, in words. */
export function toReasonText(reason: MirrorReason): SafeText {
  switch (reason.code) {
    case 'no-candidate':
      return safe`there is no candidate`;
    case 'percentage-zero':
      return safe`the policy says 0 %`;
    case 'gate-none':
      return safe`the policy has no gate`;
    case 'assumed-ready':
      return safe`every candidate is assumed to be ready`;
    case 'no-status':
      return safe`no status file says that the candidate is ready`;
    case 'not-observed':
      return safe`the status does not know of the candidate yet`;
    case 'other-candidate':
      return safe`the status is for ${mask(reason.observed)}, another candidate`;
    case 'other-digest':
      return safe`the status is for an earlier spec of the candidate`;
    case 'not-ready':
      return safe`the candidate is ${reason.state}${reason.reason === undefined ? '' : safe` (${mask(reason.reason)})`}`;
    case 'ready':
      return safe`the candidate is Ready`;
  }
}

function toKey({ rollout }: RolloutState): string {
  return `${rollout.namespace}/${rollout.name}`;
}

/** Under the same name something else may lie. */
function toVersionChange(before: RolloutVersion, after: RolloutVersion): string {
  const [from, to] = [toVersionText(before), toVersionText(after)];
  if (from !== to) return `${from} → ${to}`;
  return toMove(before.declared, after.declared, to) ?? `${to} is declared otherwise`;
}

/** What is to be said of a version that lies elsewhere now; undefined when it does not. */
export function toMove(before: ModelVersion, after: ModelVersion, name = after.version): string | undefined {
  const [from, to] = [findLocation(before), findLocation(after)];
  if (from === to) return undefined;
  const field = after.storageUri === undefined ? 'storage' : 'storageUri';
  return `${name}: ${field} ${mask(from ?? 'in the spec')} → ${mask(to ?? 'in the spec')}`;
}

function toVersionText({ declared, name }: RolloutVersion): string {
  return `${declared.version} (${name})`;
}

function isSame(a: RolloutVersion, b: RolloutVersion): boolean {
  return a.name === b.name && isSameModel(a, b) && JSON.stringify(a.declared) === JSON.stringify(b.declared);
}

/** Whether two versions are called the same and lie at the same place: what a promotion keeps. */
export function isSameModel({ declared: a }: RolloutVersion, { declared: b }: RolloutVersion): boolean {
  return a.version === b.version && findLocation(a) === findLocation(b);
}
