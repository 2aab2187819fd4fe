/**
 * What a change does to a model, as one would say it to a colleague: what is wanted first, then when
 * that comes into effect.
 *
 * Invariant: equal models give no part.
 */

import { mask } from '../diagnostics/safe-text.ts';
import { findLocation } from '../input/model-storage.ts';
import { valueAt } from '../input/plain-value.ts';
import type { RolloutVersion } from '../rollout/rollout.ts';
import { toAnnotationPart, toSpecPart } from '../serving/digest-text.ts';
import { mode } from '../serving/modes.ts';
import type { ModelPair, ModelState } from './model-pair.ts';
import { describeMirror, isSameModel, toMove } from './rollout-change.ts';

/** @returns the parts of one sentence, without the model's name. */
export function summarizeModel({ before, after }: ModelPair): string[] {
  if (after === undefined) return ['the model is removed, with everything that led to it'];
  if (before === undefined) return summarizeNew(after);
  const wanted = [
    ...describePlace(before, after),
    ...describePrimary(before, after),
    ...describeCandidate(before, after),
  ];
  const policy = describePolicy(before, after);
  const hosts = describeHosts(before, after);
  const concernsMirror = policy.length > 0 || !isSameCandidate(before, after);
  // What changes besides does so at once, and only the mirror waits.
  const isMirrorAlone = describePlace(before, after).length + describePrimary(before, after).length === 0;
  const mirror = concernsMirror
    ? describeEffect(after).map((part) =>
        isMirrorAlone ? part : part.replace(/^takes effect/, 'the mirror takes effect'),
      )
    : [describeMirror(before, after) ?? []].flat();
  const closes = concernsMirror && after.rollout.candidate !== undefined && isClosing(before, after);
  return [...wanted, ...policy, ...mirror, ...(closes ? ['until then nothing is mirrored'] : []), ...hosts];
}

function summarizeNew(after: ModelState): string[] {
  const { primary, candidate } = after.rollout;
  const added =
    candidate === undefined ? [] : [`candidate ${toVersionText(candidate.declared)}`, ...describeWanted(after)];
  return [`a new model; primary ${toVersionText(primary.declared)}`, ...added, ...describeEffect(after)];
}

function describePlace({ rollout: before }: ModelState, { rollout: after }: ModelState): string[] {
  return [
    ...(before.name === after.name ? [] : [`the model was called ${before.name}`]),
    ...(before.namespace === after.namespace ? [] : [`namespace ${before.namespace} → ${after.namespace}`]),
    ...(before.file.folder === after.file.folder ? [] : [`folder ${before.file.folder} → ${after.file.folder}`]),
  ];
}

function describePrimary(before: ModelState, after: ModelState): string[] {
  const [old, now] = [before.rollout.primary, after.rollout.primary];
  const renamed =
    old.name === now.name ? [] : [`the primary's InferenceService is ${now.name} in place of ${old.name}`];
  if (isPromoted(before, after))
    return [`promoted: primary ${old.declared.version} → ${toVersionText(now.declared)}`, ...renamed];
  if (!isSameDeclared(old, now)) return [`primary ${toVersionChange(old, now)}`, ...renamed];
  return [...describeInside(before, after, 'primary'), ...renamed];
}

function describeCandidate(before: ModelState, after: ModelState): string[] {
  const [old, now] = [before.rollout.candidate, after.rollout.candidate];
  if (old === undefined)
    return now === undefined
      ? []
      : [`candidate ${toVersionText(now.declared)} is declared`, ...describeUnchanged(before, after)];
  if (now === undefined) return isPromoted(before, after) ? [] : [`candidate ${old.declared.version} is discarded`];
  if (!isSameDeclared(old, now)) return [`candidate ${toVersionChange(old, now)}`];
  if (old.name !== now.name) return [`the candidate's InferenceService is ${now.name} in place of ${old.name}`];
  return describeInside(before, after, 'candidate');
}

/** What changes of a version that is declared as it was. */
export function describeInside(before: ModelState, after: ModelState, role: 'primary' | 'candidate'): string[] {
  return [
    ...(isSameSpec(before, after, role) ? [] : [`the ${role}'s spec changes`]),
    ...findLoadingChanges(before, after, role).map((key) => `the ${role}'s annotation ${key} changes`),
  ];
}

function describePolicy({ rollout: before }: ModelState, { rollout: after }: ModelState): string[] {
  const [old, now] = [before.policy.mirrorPercentage, after.policy.mirrorPercentage];
  const later = after.candidate === undefined ? ' for the next candidate' : '';
  // What a policy that cannot be read said, nobody knows.
  if (!before.policy.isWhole) return [`mirror ${now} %${later}`];
  return [
    ...(old === now ? [] : [`mirror ${old} % → ${now} %${later}`]),
    ...(before.policy.gate === after.policy.gate ? [] : [`gate ${before.policy.gate} → ${after.policy.gate}`]),
  ];
}

/** The percentage that a new candidate will get, when no other part tells it. */
function describeUnchanged(before: ModelState, after: ModelState): string[] {
  const isTold = before.rollout.policy.mirrorPercentage !== after.rollout.policy.mirrorPercentage;
  return isTold ? [] : describeWanted(after);
}

function describeWanted({ rollout: { policy } }: ModelState): string[] {
  return [`mirror ${policy.mirrorPercentage} %`];
}

/** When what is wanted of the mirror comes into effect; without a candidate there is nothing to say. */
function describeEffect({ rollout: { candidate }, mirror }: ModelState): string[] {
  if (candidate === undefined) return [];
  const { version } = candidate.declared;
  const { reason } = mirror;
  switch (reason.code) {
    case 'no-candidate':
      return [];
    case 'percentage-zero':
      return ['nothing is mirrored'];
    case 'gate-none':
      return ['takes effect at once, ready or not: the policy has no gate'];
    case 'assumed-ready':
      return ['takes effect at once: every candidate is assumed to be ready'];
    case 'ready':
      return [`takes effect at once: ${version} is ready`];
    case 'not-ready':
      return reason.state === 'Failed'
        ? [
            `takes effect when ${version} is ready; now it is Failed${reason.reason === undefined ? '' : ` (${mask(reason.reason)})`}`,
          ]
        : [`takes effect when ${version} is ready`];
    case 'no-status':
    case 'not-observed':
    case 'other-candidate':
    case 'other-digest':
      return [`takes effect when ${version} is ready`];
  }
}

/** Whether requests are mirrored now, and will not be until the candidate is ready. */
function isClosing({ mirror: before }: ModelState, { mirror: after }: ModelState): boolean {
  return before.percentage > 0 && after.percentage === 0 && after.reason.code !== 'percentage-zero';
}

export function describeHosts({ rollout: before }: ModelState, { rollout: after }: ModelState): string[] {
  // The default hosts change with name and namespace too, and that is reported already.
  const isSamePlace = before.name === after.name && before.namespace === after.namespace;
  const [old, now] = isSamePlace ? [before.hosts, after.hosts] : [before.policy.hosts, after.policy.hosts];
  const came = now.filter((host) => !old.includes(host)).map((host) => `host ${host} is added`);
  return [...came, ...old.filter((host) => !now.includes(host)).map((host) => `host ${host} is removed`)];
}

/** Of the annotations that determine what is loaded, those that are not what they were. */
export function findLoadingChanges(before: ModelState, after: ModelState, role: 'primary' | 'candidate'): string[] {
  const read = ({ rollout }: ModelState, key: string) => {
    const own = valueAt(rollout[role]?.declared.overrides, ['metadata', 'annotations', key]);
    return own === undefined ? valueAt(rollout.file.model.spec.template, ['metadata', 'annotations', key]) : own;
  };
  const declared = mode.loadingAnnotations.filter((key) => (read(before, key) ?? null) !== (read(after, key) ?? null));
  const isAsRendered = toAnnotationPart(before.digests[role]) === toAnnotationPart(after.digests[role]);
  return declared.length > 0 || isAsRendered ? declared : findPatchedAnnotations(before, after);
}

/** What patches set otherwise, where these annotations are not what they were though they are declared as they were. */
function findPatchedAnnotations(before: ModelState, after: ModelState): string[] {
  const read = ({ rollout: { policy } }: ModelState, key: string) => {
    const path = `/metadata/annotations/${key.replaceAll('/', '~1')}`;
    const operations = policy.patches.map(({ patch }) => [
      patch.target,
      patch.patch.filter((one) => one.path === path),
    ]);
    return JSON.stringify(operations.filter(([, found]) => Array.isArray(found) && found.length > 0));
  };
  const found = mode.loadingAnnotations.filter((key) => read(before, key) !== read(after, key));
  return (found.length > 0 ? found : [...mode.loadingAnnotations]).map((key) => `${key} (by a patch)`);
}

/** Whether the primary is what the candidate was, and the candidate is no more. */
function isPromoted(before: ModelState, after: ModelState): boolean {
  const { candidate } = before.rollout;
  const { primary } = after.rollout;
  return candidate !== undefined && !isSameDeclared(before.rollout.primary, primary) && isSameModel(candidate, primary);
}

function isSameCandidate(before: ModelState, after: ModelState): boolean {
  const [old, now] = [before.rollout.candidate, after.rollout.candidate];
  if (old === undefined || now === undefined) return old === now;
  return old.name === now.name && isSameDeclared(old, now) && before.digests.candidate === after.digests.candidate;
}

/** Of the same InferenceService as far as people wrote it. */
function isSameDeclared(a: RolloutVersion, b: RolloutVersion): boolean {
  return JSON.stringify({ ...a.declared, name: '' }) === JSON.stringify({ ...b.declared, name: '' });
}

/** Whether a version has the spec that it had. */
export function isSameSpec(before: ModelState, after: ModelState, role: 'primary' | 'candidate'): boolean {
  return toSpecPart(before.digests[role]) === toSpecPart(after.digests[role]);
}

/** Under the same name something else may lie. */
function toVersionChange({ declared: old }: RolloutVersion, { declared: now }: RolloutVersion): string {
  if (old.version !== now.version) return `${old.version} → ${toVersionText(now)}`;
  return toMove(old, now) ?? `${now.version} is declared otherwise`;
}

function toVersionText(declared: RolloutVersion['declared']): string {
  const place = findLocation(declared);
  return place === undefined ? declared.version : `${declared.version} (${mask(place)})`;
}
