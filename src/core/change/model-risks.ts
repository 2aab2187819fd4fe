/**
 * What of a change a reviewer should look at twice.
 *
 * Invariant: a model that is as it was gives no risk, however it is; what is told is what the change
 * brings.
 */
import type { SafeText } from '../diagnostics/safe-text.ts';
import { join, mask, safe } from '../diagnostics/safe-text.ts';
import { locate } from '../input/yaml-place.ts';
import type { ModelPair, ModelState } from './model-pair.ts';
import { findLoadingChanges, isSameSpec } from './model-summary.ts';
import type { Risk } from './risk.ts';

/** @param threshold up to what percentage a mirror is opened or raised without being called a risk. */
export function findModelRisks({ before, after }: ModelPair, threshold: number): Risk[] {
  if (before === undefined)
    return after === undefined ? [] : [...findCandidateRisks(undefined, after), ...findOpeningRisks(after, threshold)];
  if (after === undefined) return [toRemoved(before)];
  const raised = findPercentageRisks(before, after, threshold);
  const isFirst = raised.length === 0 && before.rollout.candidate === undefined;
  return [
    ...findPlaceRisks(before, after),
    ...findPrimaryRisks(before, after),
    ...findCandidateRisks(before, after),
    ...raised,
    ...(isFirst ? findOpeningRisks(after, threshold) : []),
    ...findHostRisks(before, after),
    ...findLimitRisks(before, after),
  ];
}

function toRemoved({ rollout: { name, namespace, file } }: ModelState): Risk {
  return {
    ...locate(file.source, []),
    code: 'model-removed',
    model: name,
    message: safe`the model is removed: ${mask(name)}.${mask(namespace)} no longer answers anyone`,
    hint: safe`make sure that no client calls it`,
  };
}

function findPlaceRisks({ rollout: before }: ModelState, { rollout: after }: ModelState): Risk[] {
  const to = (code: Risk['code'], field: string, message: SafeText, hint: SafeText): Risk => ({
    ...locate(after.file.source, ['metadata', field]),
    code,
    model: after.name,
    message,
    hint,
  });
  const clients = safe`clients of ${mask(before.name)}.${mask(before.namespace)} no longer get an answer`;
  return [
    ...(before.namespace === after.namespace
      ? []
      : [
          to(
            'namespace-changed',
            'namespace',
            safe`the model moves from the namespace ${mask(before.namespace)} to ${mask(after.namespace)}, where it is loaded again: ${clients}`,
            safe`add it there first, move the clients, and then remove the old one`,
          ),
        ]),
    ...(before.name === after.name
      ? []
      : [
          to(
            'model-removed',
            'name',
            safe`the model ${mask(before.name)} is called ${mask(after.name)} now: ${clients}`,
            safe`add the new one first, move the clients, and then remove the old one`,
          ),
        ]),
  ];
}

function findPrimaryRisks(before: ModelState, after: ModelState): Risk[] {
  const { rollout } = after;
  const [old, now] = [before.rollout.primary, rollout.primary];
  const at = locate(rollout.file.source, ['spec', 'primary']);
  const isSpecSame = isSameSpec(before, after, 'primary');
  const isProven = [before, after].some(({ status }) => {
    const seen = status?.status.candidate;
    return seen?.state === 'Ready' && seen.digest === after.digests.primary;
  });
  const wasCandidate = before.rollout.candidate?.name === now.name && isProven;
  const risks: Risk[] = [];
  if (!isSpecSame && !isProven)
    risks.push({
      ...at,
      code: 'primary-unproven',
      model: rollout.name,
      message:
        old.declared.version === now.declared.version
          ? safe`the spec of the primary changes in place, and no candidate with this spec was ever observed to be ready`
          : safe`the primary changes from ${mask(old.declared.version)} to ${mask(now.declared.version)}, which was not promoted from a ready candidate`,
      hint: safe`make it the candidate first, and promote it when it is ready`,
    });
  const isOfCandidate = isProven && before.rollout.candidate !== undefined;
  const annotations = isOfCandidate ? [] : findLoadingChanges(before, after, 'primary');
  if (annotations.length > 0)
    risks.push({
      ...at,
      code: 'primary-unproven',
      model: rollout.name,
      message: safe`${join(annotations.map(mask), ' and ')} of the primary changes in place, and with it what ModelMesh loads`,
      hint: safe`try it with a candidate first, in the candidate's overrides`,
    });
  const isSameModel = before.rollout.name === rollout.name && before.rollout.namespace === rollout.namespace;
  if (isSameModel && old.name !== now.name && !wasCandidate)
    risks.push({
      ...at,
      code: 'primary-renamed',
      model: rollout.name,
      message: safe`the primary's InferenceService is ${mask(now.name)} in place of ${mask(old.name)}: requests fail from the removal of one until the other is loaded`,
      hint: safe`keep the name, as in name: ${mask(old.name)}`,
    });
  return risks;
}

function findCandidateRisks(before: ModelState | undefined, after: ModelState): Risk[] {
  const isEqual = ({ digests }: ModelState) => digests.primary === digests.candidate;
  const { candidate, file, name } = after.rollout;
  if (candidate === undefined || !isEqual(after) || (before !== undefined && isEqual(before))) return [];
  return [
    {
      ...locate(file.source, ['spec', 'candidate']),
      code: 'candidate-equals-primary',
      model: name,
      message: safe`the candidate ${mask(candidate.declared.version)} has the same spec as the primary: comparing them shows nothing`,
      hint: safe`fix its storageUri, unless you only want to try the mirror`,
    },
  ];
}

function findPercentageRisks(
  { rollout: before }: ModelState,
  { rollout: after }: ModelState,
  threshold: number,
): Risk[] {
  const now = after.policy.mirrorPercentage;
  // What a policy that cannot be read said, nobody knows.
  const old = before.policy.isWhole ? before.policy.mirrorPercentage : undefined;
  if (now <= (old ?? 0) || now <= threshold) return [];
  const origin = after.policy.origins.get('mirrorPercentage');
  return [
    {
      ...(origin === undefined ? locate(after.file.source, []) : locate(origin.source, origin.path)),
      code: 'percentage-raised',
      // A policy that many models share raises it for all of them, and is told once.
      model: origin === undefined || after.file.folder === toFolder(origin.source.path) ? after.name : undefined,
      message: safe`the mirror is raised${old === undefined ? '' : safe` from ${old} %`} to ${now} %, which is above ${threshold} %: primary and candidate share their runtime pods`,
      hint: safe`raise it in steps, and look at the load of the pods`,
    },
  ];
}

/** A candidate where there was none: its mirror opens from nothing to all of the percentage at once. */
function findOpeningRisks({ rollout }: ModelState, threshold: number): Risk[] {
  const message = describeFirstOpening(rollout, threshold);
  if (message === undefined) return [];
  const place = locate(rollout.file.source, ['spec', 'candidate']);
  return [{ ...place, code: 'first-opening', model: rollout.name, message, hint: toSmallerStep(rollout.name) }];
}

/** The warning about a mirror that opens above a threshold; undefined when it does not. */
export function describeFirstOpening(
  { candidate, policy }: ModelState['rollout'],
  threshold: number,
): SafeText | undefined {
  const { mirrorPercentage, origins } = policy;
  if (candidate === undefined || mirrorPercentage <= threshold) return undefined;
  const source = origins.has('mirrorPercentage') ? '' : ' (the default)';
  return safe`the mirror opens at ${mirrorPercentage} %${source} in one step, which is above ${threshold} %: primary and candidate share their runtime pods`;
}

/** How to open it in steps. @param flags by which the same model is found, each after a space. */
export function toSmallerStep(model: string, flags = ''): SafeText {
  return safe`start with a small share, for example \`model-mirror mirror ${mask(model)} 5 --here${mask(flags)}\`, and raise it in steps`;
}

function findHostRisks({ rollout: before }: ModelState, { rollout: after }: ModelState): Risk[] {
  // What changes with the name or namespace is reported as that.
  const isSameModel = before.name === after.name && before.namespace === after.namespace;
  const toHosts = ({ hosts, policy }: ModelState['rollout']) => (isSameModel ? hosts : policy.hosts);
  const [old, now] = [toHosts(before), toHosts(after)];
  const gone = old.filter((host) => !now.includes(host));
  const came = now.filter((host) => !old.includes(host));
  if (gone.length + came.length === 0) return [];
  const isByDomain = before.policy.clusterDomain !== after.policy.clusterDomain;
  const origin = after.policy.origins.get(isByDomain ? 'routing.clusterDomain' : 'routing.hosts');
  const parts = [
    ...(gone.length === 0 ? [] : [safe`${join(gone.map(mask), ', ')} no longer leads to the model`]),
    ...(came.length === 0 ? [] : [safe`requests for ${join(came.map(mask), ', ')} now go to it`]),
  ];
  return [
    {
      ...(origin === undefined ? locate(after.file.source, []) : locate(origin.source, origin.path)),
      code: 'hosts-changed',
      model: after.name,
      message: join(parts, ', and '),
      hint: safe`make sure that the clients know, and that no other VirtualService has the host`,
    },
  ];
}

/** What held the model where its file lay before; in a policy that is edited it is told of that. */
function findLimitRisks({ rollout: before }: ModelState, { rollout: after }: ModelState): Risk[] {
  if (before.file.folder === after.file.folder) return [];
  const toText = ({ policy }: ModelState['rollout'], field: string) =>
    field === 'gate'
      ? policy.gate
      : join(
          (policy.settings.get(field) ?? []).map(({ value }) => mask([value].flat().map(String).join(', '))),
          '; ',
        );
  return (['limits.maxMirrorPercentage', 'limits.storageUriPrefixes', 'gate'] as const).flatMap((field) => {
    const [was, is] = [toText(before, field), toText(after, field)];
    if (was === is) return [];
    return [
      {
        ...locate(after.file.source, []),
        code: 'guardrail-touched' as const,
        model: after.name,
        message: safe`${field} changes from ${was || 'nothing'} to ${is || 'nothing'}, for the model moves to other policies`,
        hint: safe`have it reviewed by those who set it`,
      },
    ];
  });
}

function toFolder(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.';
}
