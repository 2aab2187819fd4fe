/**
 * Two renders of a model → what changes between them.
 *
 * Invariants: equal renders give no change; desired state comes first (identity, primary, candidate, policy), then
 * what the mirror does, then hosts.
 */

import { findLocation } from '../input/model-storage.ts';
import { valueAt } from '../input/plain-value.ts';
import type { RenderedRollout } from '../render/decide-model.ts';
import { findVersion, mirrorOf } from '../rollout/decided.ts';
import type { RolloutVersion } from '../rollout/rollout.ts';
import { toAnnotationPart, toSpecPart } from '../serving/digest-text.ts';
import { mode } from '../serving/modes.ts';
import type { Change, ChangedVersion, MirrorChange, Role } from './change.ts';

/** @param before undefined when the model is new; `after`: when it is removed. */
export function findChanges(before: RenderedRollout | undefined, after: RenderedRollout | undefined): Change[] {
  if (after === undefined) return before === undefined ? [] : [{ code: 'model-removed' }];
  if (before === undefined) {
    const { primary, candidates } = after.rollout;
    const [candidate] = candidates;
    return [
      { code: 'model-added', primary: toChangedVersion(primary) },
      ...(candidate === undefined
        ? []
        : [{ code: 'candidate-declared' as const, candidate: toChangedVersion(candidate) }]),
      ...findMirrorChanges(undefined, after),
    ];
  }
  return [
    ...findIdentityChanges(before, after),
    ...findPrimaryChanges(before, after),
    ...findCandidateChanges(before, after),
    ...findPolicyChanges(before, after),
    ...findMirrorChanges(before, after),
    ...findHostChanges(before, after),
  ];
}

function findIdentityChanges({ rollout: before }: RenderedRollout, { rollout: after }: RenderedRollout): Change[] {
  const [from, to] = [before.file.source.path, after.file.source.path];
  return [
    ...(before.name === after.name ? [] : [{ code: 'model-renamed' as const, from: before.name, to: after.name }]),
    ...(before.namespace === after.namespace
      ? []
      : [{ code: 'namespace-changed' as const, from: before.namespace, to: after.namespace }]),
    ...(from === to ? [] : [{ code: 'file-moved' as const, from, to }]),
  ];
}

function findPrimaryChanges(before: RenderedRollout, after: RenderedRollout): Change[] {
  const [old, now] = [before.rollout.primary, after.rollout.primary];
  const changes: Change[] = isPromoted(before, after)
    ? [{ code: 'primary-promoted', from: toChangedVersion(old), to: toChangedVersion(now) }]
    : isSameDeclared(old, now)
      ? findInnerChanges(before, after, 'primary')
      : [toVersionChange(old, now)];
  return [...changes, ...findServiceRename(old, now)];
}

function findCandidateChanges(before: RenderedRollout, after: RenderedRollout): Change[] {
  const [old, now] = [before.rollout.candidates[0], after.rollout.candidates[0]];
  if (old === undefined)
    return now === undefined ? [] : [{ code: 'candidate-declared', candidate: toChangedVersion(now) }];
  if (now === undefined)
    return isPromoted(before, after) ? [] : [{ code: 'candidate-discarded', candidate: toChangedVersion(old) }];
  if (!isSameDeclared(old, now)) return [toVersionChange(old, now)];
  return old.name === now.name ? findInnerChanges(before, after, 'candidate') : findServiceRename(old, now);
}

/** Another version, or the same one from another place or with other fields. */
function toVersionChange(old: RolloutVersion, now: RolloutVersion): Change {
  const { role, declared } = now;
  const { version } = declared;
  if (old.declared.version !== version)
    return {
      code: role === 'primary' ? 'primary-changed' : 'candidate-changed',
      from: toChangedVersion(old),
      to: toChangedVersion(now),
    };
  const [from, to] = [findLocation(old.declared), findLocation(declared)];
  if (from === to) return { code: 'version-redeclared', role, version };
  const field = declared.storageUri === undefined ? 'storage' : 'storageUri';
  return { code: 'storage-moved', role, version, field, from, to };
}

function findServiceRename({ name: from }: RolloutVersion, { role, name: to, declared }: RolloutVersion): Change[] {
  const { version } = declared;
  return from === to ? [] : [{ code: 'inference-service-renamed', role, version, from, to }];
}

/** What changes about a version that is declared as before. */
function findInnerChanges(before: RenderedRollout, after: RenderedRollout, role: Role): Change[] {
  const version = findVersion(after, role)?.version.declared.version ?? '';
  return [
    ...(isSameSpec(before, after, role) ? [] : [{ code: 'spec-changed' as const, role, version }]),
    ...findLoadingChanges(before, after, role).map(({ annotation, isPatched }) => {
      const code = isPatched ? ('annotation-patched' as const) : ('annotation-changed' as const);
      return { code, role, version, annotation };
    }),
  ];
}

function findPolicyChanges({ rollout: before }: RenderedRollout, { rollout: after }: RenderedRollout): Change[] {
  const [from, to] = [before.policy.mirrorPercentage, after.policy.mirrorPercentage];
  const percentage = { code: 'percentage-changed' as const, to, hasCandidate: after.candidates.length > 0 };
  // The values of a policy that cannot be read are unknown.
  if (!before.policy.isWhole) return [{ ...percentage, from: undefined }];
  const gates = { from: before.policy.gate, to: after.policy.gate };
  return [
    ...(from === to ? [] : [{ ...percentage, from }]),
    ...(gates.from === gates.to ? [] : [{ code: 'gate-changed' as const, ...gates }]),
  ];
}

function findMirrorChanges(before: RenderedRollout | undefined, after: RenderedRollout): MirrorChange[] {
  const old = before === undefined ? 0 : mirrorOf(before).percentage;
  const { percentage, reason } = mirrorOf(after);
  const declared = (after.rollout.candidates[0] ?? before?.rollout.candidates[0])?.declared;
  if (declared === undefined) return [];
  const change = { candidate: declared.version, reason };
  const isOther = !isSameCandidate(before, after);
  if (percentage > 0) {
    if (old === 0) return [{ ...change, code: 'mirror-opened', percentage }];
    return isOther ? [{ ...change, code: 'mirror-stays-open', percentage }] : [];
  }
  const waits = after.candidates.length > 0 && reason.code !== 'percentage-zero';
  const desired = after.rollout.policy.mirrorPercentage;
  const opensAt = waits ? desired : undefined;
  // What a status change closed is explained by its reason alone.
  if (old > 0) return [{ ...change, code: 'mirror-closed', opensAt: isOther ? opensAt : undefined }];
  const isNews =
    isOther ||
    before === undefined ||
    mirrorOf(before).reason.code !== reason.code ||
    (waits && before.rollout.policy.mirrorPercentage !== desired);
  return after.candidates.length > 0 && isNews ? [{ ...change, code: 'mirror-stays-closed', opensAt }] : [];
}

function findHostChanges({ rollout: before }: RenderedRollout, { rollout: after }: RenderedRollout): Change[] {
  const { added, removed } = compareHosts(before, after);
  return [
    ...added.map((host) => ({ code: 'host-added' as const, host })),
    ...removed.map((host) => ({ code: 'host-removed' as const, host })),
  ];
}

/** The default hosts change with name and namespace, and that is a change of its own. */
export function compareHosts(
  before: RenderedRollout['rollout'],
  after: RenderedRollout['rollout'],
): { readonly added: string[]; readonly removed: string[] } {
  const isSameModel = before.name === after.name && before.namespace === after.namespace;
  const [old, now] = isSameModel ? [before.hosts, after.hosts] : [before.policy.hosts, after.policy.hosts];
  return {
    added: now.filter((host) => !old.includes(host)),
    removed: old.filter((host) => !now.includes(host)),
  };
}

export interface LoadingChange {
  readonly annotation: string;
  /** True: it is declared as before, and patches set something else. */
  readonly isPatched: boolean;
}

/** Which annotations that determine what the server loads have changed. */
export function findLoadingChanges(before: RenderedRollout, after: RenderedRollout, role: Role): LoadingChange[] {
  const read = (state: RenderedRollout, key: string) => {
    const path = ['metadata', 'annotations', key];
    const own = valueAt(findVersion(state, role)?.version.declared.overrides, path);
    return own === undefined ? valueAt(state.rollout.file.model.spec.template, path) : own;
  };
  const declared = mode.loadingAnnotations.filter((key) => (read(before, key) ?? null) !== (read(after, key) ?? null));
  const isAsRendered = isSamePart(before, after, role, toAnnotationPart);
  if (declared.length > 0 || isAsRendered) return declared.map((annotation) => ({ annotation, isPatched: false }));
  return findPatchedAnnotations(before, after).map((annotation) => ({ annotation, isPatched: true }));
}

/** By comparing the patches; all of them where the patches alone do not tell. */
function findPatchedAnnotations(before: RenderedRollout, after: RenderedRollout): readonly string[] {
  const read = ({ rollout: { policy } }: RenderedRollout, key: string) => {
    const path = `/metadata/annotations/${key.replaceAll('/', '~1')}`;
    const operations = policy.patches.map(({ patch: { target, patch } }) => ({
      target,
      found: patch.filter((one) => one.path === path),
    }));
    return JSON.stringify(operations.filter(({ found }) => found.length > 0));
  };
  const found = mode.loadingAnnotations.filter((key) => read(before, key) !== read(after, key));
  return found.length > 0 ? found : mode.loadingAnnotations;
}

/** Whether the former candidate is the primary now. */
function isPromoted({ rollout: before }: RenderedRollout, { rollout: { primary } }: RenderedRollout): boolean {
  const [candidate] = before.candidates;
  return candidate !== undefined && !isSameDeclared(before.primary, primary) && isSameStored(candidate, primary);
}

/** Whether two versions have one name and are stored at one place: what a promotion keeps. */
function isSameStored({ declared: a }: RolloutVersion, { declared: b }: RolloutVersion): boolean {
  return a.version === b.version && findLocation(a) === findLocation(b);
}

function isSameCandidate(before: RenderedRollout | undefined, after: RenderedRollout): boolean {
  const [old, now] = [before?.candidates[0], after.candidates[0]];
  if (old === undefined || now === undefined) return old === now;
  const [a, b] = [old.version, now.version];
  return a.name === b.name && isSameDeclared(a, b) && old.digest === now.digest;
}

/** Whether people wrote the same, but for the name of the InferenceService. */
function isSameDeclared(a: RolloutVersion, b: RolloutVersion): boolean {
  return JSON.stringify({ ...a.declared, name: '' }) === JSON.stringify({ ...b.declared, name: '' });
}

/** Whether a version is rendered with the same spec. */
export function isSameSpec(before: RenderedRollout, after: RenderedRollout, role: Role): boolean {
  return isSamePart(before, after, role, toSpecPart);
}

function isSamePart(before: RenderedRollout, after: RenderedRollout, role: Role, toPart: typeof toSpecPart): boolean {
  return toPart(findVersion(before, role)?.digest) === toPart(findVersion(after, role)?.digest);
}

export function toChangedVersion({ name, declared }: RolloutVersion): ChangedVersion {
  return { version: declared.version, name, location: findLocation(declared) };
}
