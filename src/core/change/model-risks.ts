/**
 * What a reviewer should look at twice about a model.
 *
 * Invariant: a model that does not change has no risk, whatever its state. A risk is about the change.
 */

import type { FieldPath } from '../diagnostics/problem.ts';
import { toFolder } from '../input/folder-tree.ts';
import type { FieldOrigin } from '../input/source-file.ts';
import { locate } from '../input/yaml-place.ts';
import type { RenderedRollout } from '../render/decide-model.ts';
import { isSameServed, shareOf } from '../rollout/decided.ts';
import { findExtraLoad } from '../rollout/extra-load.ts';
import { toShare } from '../rollout/ramp-choice.ts';
import type { Rollout } from '../rollout/rollout.ts';
import { listVersions } from '../rollout/rollout.ts';
import { isHttp } from '../serving/protocol.ts';
import type { ModelPair } from './changed-models.ts';
import type { CandidatePair } from './find-changes.ts';
import { compareHosts, pairCandidates } from './find-changes.ts';
import type { FirstOpening, GuardrailField, GuardrailValue, Return, Risk, RiskFinding } from './risk.ts';
import { guardrailFields, maxExtraLoad } from './risk.ts';
import type { RenderedVersion } from './version-change.ts';
import { findLoadingChanges, isSameSpec } from './version-change.ts';

/** @param threshold in percent: the highest share that is not a risk. */
export function findModelRisks({ before, after }: ModelPair, threshold: number): Risk[] {
  if (after === undefined) return before === undefined ? [] : [toRemoved(before)];
  const pairs = pairCandidates(before?.candidates ?? [], after.candidates);
  const raised = before === undefined ? [] : findPercentageRisks(before, after, threshold);
  const first = raised.length > 0 ? [] : pairs.filter((pair) => pair.before === undefined);
  return [
    ...(before === undefined ? [] : [...findIdentityRisks(before, after), ...findPrimaryRisks(before, after)]),
    ...pairs.flatMap((pair) => findCandidateRisks(pair, before, after)),
    ...(before === undefined ? [] : findReturnRisks(before, after)),
    ...raised,
    ...first.flatMap((pair) => findOpeningRisks(pair, after, threshold)),
    ...findLoadRisks(before, after),
    ...(before === undefined ? [] : [...findHostRisks(before, after), ...findMoveRisks(before, after)]),
  ];
}

/** At a field of the model file. */
function toRisk({ rollout: { name, file } }: RenderedRollout, path: FieldPath, finding: RiskFinding): Risk {
  return { ...locate(file.source, path), ...finding, model: name };
}

/** At the policy's field that has the value, or in the model file when it is the default. */
function toPolicyRisk(model: RenderedRollout, origin: FieldOrigin | undefined, finding: RiskFinding): Risk {
  const risk = toRisk(model, [], finding);
  return origin === undefined ? risk : { ...risk, ...locate(origin.source, origin.path) };
}

function toRemoved(model: RenderedRollout): Risk {
  const { name, namespace } = model.rollout;
  return toRisk(model, [], { code: 'model-removed', from: { name, namespace }, renamedTo: undefined });
}

function findIdentityRisks({ rollout: before }: RenderedRollout, after: RenderedRollout): Risk[] {
  const from = { name: before.name, namespace: before.namespace };
  const { name, namespace } = after.rollout;
  return [
    ...(from.namespace === namespace
      ? []
      : [toRisk(after, ['metadata', 'namespace'], { code: 'namespace-changed', from, to: namespace })]),
    ...(from.name === name
      ? []
      : [toRisk(after, ['metadata', 'name'], { code: 'model-removed', from, renamedTo: name })]),
    ...findModeRisks(before, after),
    ...findProtocolRisks(before, after),
  ];
}

function findProtocolRisks({ protocols: before }: Rollout, after: RenderedRollout): Risk[] {
  const protocols = before.filter(
    (protocol) => !after.rollout.protocols.some((other) => isHttp(other) === isHttp(protocol)),
  );
  const isWritten = after.rollout.file.model.spec.protocols !== undefined;
  if (protocols.length === 0) return [];
  return [toRisk(after, isWritten ? ['spec', 'protocols'] : ['spec'], { code: 'protocols-removed', protocols })];
}

/** KServe's webhook compares with the mode that it has resolved (inference_service_validation.go, validateDeploymentMode). */
function findModeRisks(before: Rollout, after: RenderedRollout): Risk[] {
  const { mode, namespace } = after.rollout;
  const names = listVersions(after.rollout).map(({ name }) => name);
  const services = listVersions(before).flatMap(({ name }) => (names.includes(name) ? [name] : []));
  if (before.mode === mode || before.namespace !== namespace || services.length === 0) return [];
  const finding = { code: 'mode-changed', from: before.mode.name, to: mode.name, services } as const;
  return [toRisk(after, ['spec', 'template', 'metadata', 'annotations'], finding)];
}

function findPrimaryRisks(before: RenderedRollout, after: RenderedRollout): Risk[] {
  const [old, now] = [before.primary.version, after.primary.version];
  const isProven = [before, after].some(({ status }) =>
    status?.status.candidates.some(({ state, digest }) => state === 'Ready' && digest === after.primary.digest),
  );
  const [from, to] = [old.declared.version, now.declared.version];
  const findings: RiskFinding[] = [];
  if (!isSameSpec(before.primary, after.primary) && !isProven)
    findings.push(
      from === to
        ? { code: 'primary-unproven', cause: 'spec' }
        : { code: 'primary-unproven', cause: 'version', from, to },
    );
  const isOfCandidate = isProven && before.candidates.length > 0;
  const toPrimary = ({ rollout, primary }: RenderedRollout): RenderedVersion => ({ ...primary, rollout });
  const annotations = isOfCandidate ? [] : findLoadingChanges(toPrimary(before), toPrimary(after));
  if (annotations.length > 0) findings.push({ code: 'primary-unproven', cause: 'annotations', annotations });
  const isSameModel =
    before.rollout.name === after.rollout.name && before.rollout.namespace === after.rollout.namespace;
  const wasCandidate = isProven && before.candidates.some(({ version }) => version.name === now.name);
  if (isSameModel && old.name !== now.name && !wasCandidate)
    findings.push({ code: 'primary-renamed', from: old.name, to: now.name });
  return findings.map((finding) => toRisk(after, now.path, finding));
}

function findCandidateRisks(pair: CandidatePair, before: RenderedRollout | undefined, after: RenderedRollout): Risk[] {
  const wasEqual = pair.before !== undefined && before !== undefined && isSameServed(pair.before, before.primary);
  if (pair.after === undefined || !isSameServed(pair.after, after.primary) || wasEqual) return [];
  const { path, declared } = pair.after.version;
  return [toRisk(after, path, { code: 'candidate-equals-primary', candidate: declared.version })];
}

function findReturnRisks(before: RenderedRollout, after: RenderedRollout): Risk[] {
  const finding = findReturn(before, after);
  return finding === undefined ? [] : [toRisk(after, after.candidates[0]?.version.path ?? [], finding)];
}

/** Undefined: no mirror opens by what was recorded of a candidate that is not declared before. */
export function findReturn(before: RenderedRollout, after: RenderedRollout): Return | undefined {
  const [candidate] = after.candidates;
  if (candidate === undefined || candidate.mirror.percentage === 0 || candidate.mirror.reason.code !== 'ready')
    return undefined;
  const { digest, version } = candidate;
  const isSame = (one: { readonly name: string; readonly digest?: string | undefined }) =>
    one.name === version.name && one.digest === digest;
  const wasDeclared = [before.primary, ...before.candidates].some((one) =>
    isSame({ name: one.version.name, digest: one.digest }),
  );
  const [old, now] = [before, after].map(({ status }) => status?.status.candidates.find(isSame));
  const isOld = old?.state === 'Ready' && old.uid === now?.uid;
  return wasDeclared || !isOld ? undefined : { code: 'candidate-returns', candidate: version.declared.version };
}

/** By a policy: that a step of the ramp is passed is what the ramp is for. */
function findPercentageRisks(before: RenderedRollout, after: RenderedRollout, threshold: number): Risk[] {
  const [old, now] = [before.rollout.policy, after.rollout.policy];
  const isSame = old.mirrorPercentage === now.mirrorPercentage && toRampText(old) === toRampText(now);
  const to = shareOf(after);
  // The values of a policy that cannot be read are unknown.
  const from = old.isWhole ? shareOf(before) : undefined;
  if ((old.isWhole && isSame) || to <= (from ?? 0) || to <= threshold) return [];
  const origin = now.origins.get(to < now.mirrorPercentage ? 'ramp' : 'mirrorPercentage');
  const sharesPods = after.rollout.mode.workloads === undefined;
  const risk = toPolicyRisk(after, origin, { code: 'percentage-raised', from, to, threshold, sharesPods });
  // A policy that several models share raises it for all of them, and is reported once.
  const isOwn = origin === undefined || after.rollout.file.folder === toFolder(origin.source.path);
  return [isOwn ? risk : { ...risk, model: undefined }];
}

function toRampText({ ramp }: Rollout['policy']): string {
  return ramp === undefined ? '' : ramp.steps.join(' ');
}

/** For a new candidate: its mirror opens from nothing to the whole percentage at once, or to the first step of the ramp. */
function findOpeningRisks({ after: candidate }: CandidatePair, after: RenderedRollout, threshold: number): Risk[] {
  const finding = findFirstOpening(after.rollout, threshold);
  return finding === undefined || candidate === undefined ? [] : [toRisk(after, candidate.version.path, finding)];
}

/** Undefined when there is no candidate, or its mirror opens at most at the threshold. */
export function findFirstOpening(
  { candidates, mode, policy }: RenderedRollout['rollout'],
  threshold: number,
): FirstOpening | undefined {
  const percentage = toShare(policy, undefined);
  if (candidates.length === 0 || percentage <= threshold) return undefined;
  const isDefault = policy.ramp === undefined && !policy.origins.has('mirrorPercentage');
  return { code: 'first-opening', percentage, isDefault, threshold, sharesPods: mode.workloads === undefined };
}

/** Its pods answer clients too. Nobody reviews the steps of a ramp, so the last one counts. */
function findLoadRisks(before: RenderedRollout | undefined, after: RenderedRollout): Risk[] {
  const old = before && findExtraLoad(before, toLastStep(before))?.primary;
  const to = findExtraLoad(after, toLastStep(after))?.primary ?? 0;
  if (to <= maxExtraLoad || to <= (old ?? 0)) return [];
  const origin = after.rollout.policy.origins.get('analysis');
  return [toPolicyRisk(after, origin, { code: 'extra-load-raised', to, most: maxExtraLoad })];
}

function toLastStep({ rollout: { policy } }: RenderedRollout): { readonly step: number } {
  return { step: (policy.ramp?.steps.length ?? 1) - 1 };
}

function findHostRisks(before: RenderedRollout, after: RenderedRollout): Risk[] {
  const { added, removed } = compareHosts(before.rollout, after.rollout);
  if (added.length + removed.length === 0) return [];
  const [old, now] = [before.rollout.policy, after.rollout.policy];
  const origin = now.origins.get(old.clusterDomain === now.clusterDomain ? 'routing.hosts' : 'routing.clusterDomain');
  return [toPolicyRisk(after, origin, { code: 'hosts-changed', added, removed })];
}

/** Limits and gate of the policies that a model leaves behind; an edited policy is a risk of its own. */
function findMoveRisks(before: RenderedRollout, after: RenderedRollout): Risk[] {
  if (before.rollout.file.folder === after.rollout.file.folder) return [];
  return guardrailFields.flatMap((field) => {
    const [from, to] = [readGuardrail(before, field), readGuardrail(after, field)];
    if (from === to) return [];
    return [toRisk(after, [], { code: 'guardrail-touched', field, from, to, cause: 'model-moved' })];
  });
}

function readGuardrail({ rollout: { policy } }: RenderedRollout, field: GuardrailField): GuardrailValue {
  if (field === 'gate') return policy.gate;
  const values = (policy.settings.get(field) ?? []).map(({ value }) => [value].flat().map(String).join(', '));
  return values.length === 0 ? undefined : values.join('; ');
}
