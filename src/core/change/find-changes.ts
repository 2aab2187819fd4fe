/**
 * Two renders of a model → what changes between them.
 *
 * Invariants: equal renders give no change; desired state comes first (identity, primary, candidates, policy), then
 * what the mirrors do, then hosts.
 */
import type { Analysis, Ramp } from '../analysis/analysis.ts';
import { findLocation } from '../input/model-storage.ts';
import { toCanonicalText } from '../manifests/manifest.ts';
import type { RenderedRollout } from '../render/decide-model.ts';
import { toAnalysisDigest } from '../rollout/analysis-choice.ts';
import type { DecidedCandidate } from '../rollout/decided.ts';
import { findExtraLoad } from '../rollout/extra-load.ts';
import { noMirror } from '../rollout/gate.ts';
import { toShare } from '../rollout/ramp-choice.ts';
import type { Rollout, RolloutVersion } from '../rollout/rollout.ts';
import type { Change, ChangedVersion, MirrorChange } from './change.ts';
import type { RenderedVersion } from './version-change.ts';
import { findInnerChanges, isSameDeclared } from './version-change.ts';

/** @param before undefined when the model is new; `after`: when it is removed. */
export function findChanges(before: RenderedRollout | undefined, after: RenderedRollout | undefined): Change[] {
  if (after === undefined) return before === undefined ? [] : [{ code: 'model-removed' }];
  const pairs = pairCandidates(before?.candidates ?? [], after.candidates);
  if (before === undefined)
    return [
      { code: 'model-added', primary: toChangedVersion(after.primary.version) },
      ...after.candidates.map(({ version }) => toDeclared(version)),
      ...pairs.flatMap((pair) => findMirrorChanges(pair, undefined, after)),
      ...findLoadChange(undefined, after),
    ];
  return [
    ...findIdentityChanges(before.rollout, after.rollout),
    ...findPrimaryChanges(before, after),
    ...pairs.flatMap((pair) => findCandidateChanges(pair, before, after)),
    ...findPolicyChanges(before, after),
    ...pairs.flatMap((pair) => findMirrorChanges(pair, before, after)),
    ...findLoadChange(before, after),
    ...findHostChanges(before.rollout, after.rollout),
  ];
}

/** At least one of the two is defined. */
export interface CandidatePair {
  readonly before: DecidedCandidate | undefined;
  readonly after: DecidedCandidate | undefined;
}

/** By InferenceService, then by version; what is left is replaced in order. The present candidates come first. */
export function pairCandidates(
  before: readonly DecidedCandidate[],
  after: readonly DecidedCandidate[],
): CandidatePair[] {
  const left = [...before];
  const pairs = new Map<DecidedCandidate, DecidedCandidate>();
  for (const isPair of [
    (a: RolloutVersion, b: RolloutVersion) => a.name === b.name,
    (a: RolloutVersion, b: RolloutVersion) => a.declared.version === b.declared.version,
    () => true,
  ])
    for (const candidate of after) {
      const at = pairs.has(candidate) ? -1 : left.findIndex(({ version }) => isPair(version, candidate.version));
      for (const found of at < 0 ? [] : left.splice(at, 1)) pairs.set(candidate, found);
    }
  return [
    ...after.map((candidate) => ({ before: pairs.get(candidate), after: candidate })),
    ...left.map((candidate) => ({ before: candidate, after: undefined })),
  ];
}

function findIdentityChanges(before: Rollout, after: Rollout): Change[] {
  const [from, to] = [before.file.source.path, after.file.source.path];
  return [
    ...(before.name === after.name ? [] : [{ code: 'model-renamed' as const, from: before.name, to: after.name }]),
    ...(before.namespace === after.namespace
      ? []
      : [{ code: 'namespace-changed' as const, from: before.namespace, to: after.namespace }]),
    ...(from === to ? [] : [{ code: 'file-moved' as const, from, to }]),
    ...(before.mode === after.mode
      ? []
      : [{ code: 'mode-changed' as const, from: before.mode.name, to: after.mode.name }]),
  ];
}

function findPrimaryChanges(before: RenderedRollout, after: RenderedRollout): Change[] {
  const [old, now] = [before.primary.version, after.primary.version];
  const rename = findServiceRename(old, now);
  if (isSameDeclared(old, now))
    return [...findInnerChanges(toRendered(before, before.primary), toRendered(after, after.primary)), ...rename];
  const isPromoted = before.candidates.some(({ version }) => isSameStored(version, now));
  return [
    isPromoted
      ? { code: 'primary-promoted', from: toChangedVersion(old), to: toChangedVersion(now) }
      : toVersionChange(old, now),
    ...rename,
  ];
}

function findCandidateChanges(pair: CandidatePair, before: RenderedRollout, after: RenderedRollout): Change[] {
  if (pair.before === undefined) return pair.after === undefined ? [] : [toDeclared(pair.after.version)];
  const old = pair.before.version;
  if (pair.after === undefined) {
    const isPromoted =
      !isSameDeclared(before.primary.version, after.primary.version) && isSameStored(old, after.primary.version);
    return isPromoted ? [] : [{ code: 'candidate-discarded', candidate: toChangedVersion(old) }];
  }
  const now = pair.after.version;
  if (!isSameDeclared(old, now)) return [toVersionChange(old, now)];
  if (old.name !== now.name) return findServiceRename(old, now);
  return findInnerChanges(toRendered(before, pair.before), toRendered(after, pair.after));
}

function toDeclared(version: RolloutVersion): Change {
  return { code: 'candidate-declared', candidate: toChangedVersion(version) };
}

/** Another version, or the same one from another location or with other fields. */
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

function findPolicyChanges({ rollout: { policy: before } }: RenderedRollout, after: RenderedRollout): Change[] {
  const { mirrorPercentage: to, gate, ramp, analysis } = after.rollout.policy;
  const facts = {
    to,
    hasCandidate: after.candidates.length > 0,
    inSteps: toShare(after.rollout.policy, undefined) < to,
  };
  // The values of a policy that cannot be read are unknown.
  if (!before.isWhole) return [{ code: 'percentage-changed', from: undefined, ...facts }];
  const from = before.mirrorPercentage;
  return [
    ...(from === to ? [] : [{ code: 'percentage-changed' as const, from, ...facts }]),
    ...(before.gate === gate ? [] : [{ code: 'gate-changed' as const, from: before.gate, to: gate }]),
    ...findAnalysisChange(withoutRamp(before.analysis), withoutRamp(analysis)),
    ...findRampChange(before.ramp, ramp, before.analysis !== undefined && analysis !== undefined),
  ];
}

function findAnalysisChange(before: Analysis | undefined, after: Analysis | undefined): Change[] {
  if (after === undefined) return before === undefined ? [] : [{ code: 'analysis-removed' }];
  if (before === undefined) return [{ code: 'analysis-added', checks: after.checks.length }];
  if (toCanonicalText(before) === toCanonicalText(after)) return [];
  return [{ code: 'analysis-changed', restarts: toAnalysisDigest(before) !== toAnalysisDigest(after) }];
}

/** The ramp is part of what a verdict depends on, and a change of its own. */
function withoutRamp(analysis: Analysis | undefined): Analysis | undefined {
  return analysis && { ...analysis, ramp: undefined };
}

function findRampChange(from: Ramp | undefined, to: Ramp | undefined, isJudged: boolean): Change[] {
  const toText = (ramp: Ramp | undefined) => ramp && `${ramp.steps.join(' ')} for ${ramp.holdMs}`;
  return toText(from) === toText(to) ? [] : [{ code: 'ramp-changed', from, to, restarts: isJudged }];
}

/** What the analysis will cost, where it did not cost the same before. */
function findLoadChange(before: RenderedRollout | undefined, after: RenderedRollout): Change[] {
  const [old, now] = [before && findExtraLoad(before), findExtraLoad(after)];
  return now === undefined || (old?.primary === now.primary && old.candidate === now.candidate)
    ? []
    : [{ code: 'extra-load', ...now }];
}

function findMirrorChanges(
  pair: CandidatePair,
  before: RenderedRollout | undefined,
  after: RenderedRollout,
): MirrorChange[] {
  const old = pair.before?.mirror ?? noMirror;
  const { percentage, reason } = pair.after?.mirror ?? noMirror;
  const candidate = (pair.after ?? pair.before)?.version.declared.version ?? '';
  const change = { candidate, reason };
  const isOther = !isSameCandidate(pair);
  if (percentage > 0) {
    if (old.percentage === 0) return [{ code: 'mirror-opened', ...change, percentage }];
    if (isOther) return [{ code: 'mirror-stays-open', ...change, percentage }];
    const [from, to] = [pair.before?.ramp, pair.after?.ramp];
    if (from !== undefined && to !== undefined && from.step !== to.step)
      return [{ code: 'step-changed', ...change, step: to.step + 1, steps: to.ramp.steps.length, percentage }];
    // Without a ramp, the change of the policy says it.
    return (from === undefined && to === undefined) || old.percentage === percentage
      ? []
      : [{ code: 'share-changed', ...change, from: old.percentage, percentage }];
  }
  const waits = pair.after !== undefined && reason.code !== 'percentage-zero';
  const desired = toShare(after.rollout.policy, pair.after?.ramp);
  const opensAt = waits ? desired : undefined;
  // If only the observed state closed it, the reason says it all.
  if (old.percentage > 0) return [{ code: 'mirror-closed', ...change, opensAt: isOther ? opensAt : undefined }];
  const isNews =
    isOther ||
    old.reason.code !== reason.code ||
    (waits && (before && toShare(before.rollout.policy, pair.before?.ramp)) !== desired);
  return pair.after !== undefined && isNews ? [{ code: 'mirror-stays-closed', ...change, opensAt }] : [];
}

function isSameCandidate({ before, after }: CandidatePair): boolean {
  if (before === undefined || after === undefined) return false;
  const [old, now] = [before.version, after.version];
  return old.name === now.name && isSameDeclared(old, now) && before.digest === after.digest;
}

function findHostChanges(before: Rollout, after: Rollout): Change[] {
  const { added, removed } = compareHosts(before, after);
  return [
    ...added.map((host) => ({ code: 'host-added' as const, host })),
    ...removed.map((host) => ({ code: 'host-removed' as const, host })),
  ];
}

/** The default hosts change with name and namespace, and that is a change of its own. */
export function compareHosts(
  before: Rollout,
  after: Rollout,
): { readonly added: string[]; readonly removed: string[] } {
  const isSameModel = before.name === after.name && before.namespace === after.namespace;
  const [old, now] = isSameModel ? [before.hosts, after.hosts] : [before.policy.hosts, after.policy.hosts];
  return {
    added: now.filter((host) => !old.includes(host)),
    removed: old.filter((host) => !now.includes(host)),
  };
}

/** Whether two versions have one name and are stored at one location: what a promotion keeps. */
function isSameStored({ declared: a }: RolloutVersion, { declared: b }: RolloutVersion): boolean {
  return a.version === b.version && findLocation(a) === findLocation(b);
}

function toRendered({ rollout }: RenderedRollout, decided: Omit<RenderedVersion, 'rollout'>): RenderedVersion {
  return { ...decided, rollout };
}

export function toChangedVersion({ name, declared }: RolloutVersion): ChangedVersion {
  return { version: declared.version, name, location: findLocation(declared) };
}
