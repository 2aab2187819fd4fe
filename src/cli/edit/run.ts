/** The commands that edit the files: each thinks out what is to be written where. */

import { resolve } from 'node:path';
import { findFirstOpening } from '../../core/change/model-risks.ts';
import { defaultThreshold } from '../../core/change/risk.ts';
import { Fault } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { hasErrors } from '../../core/diagnostics/problem.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import { discardCandidate, findFate, promoteCandidate, setCandidate } from '../../core/edit/model-edits.ts';
import { setMirrorPercentage, toPolicyText } from '../../core/edit/policy-edits.ts';
import type { Edited } from '../../core/edit/proof.ts';
import type { FoundFile } from '../../core/input/folder-tree.ts';
import { toSibling } from '../../core/input/folder-tree.ts';
import { findStoragePath, hasStorage } from '../../core/input/model-storage.ts';
import { parsePolicy, toProblem } from '../../core/input/parse-document.ts';
import type { ModelVersion } from '../../core/input/schema.ts';
import { locate } from '../../core/input/yaml-place.ts';
import type { Digests } from '../../core/render/digests.ts';
import { mirrorOf } from '../../core/rollout/decided.ts';
import type { EffectivePolicy } from '../../core/rollout/effective-policy.ts';
import { computeMirror } from '../../core/rollout/gate.ts';
import type { Rollout } from '../../core/rollout/rollout.ts';
import { toVersionName } from '../../core/rollout/rollout.ts';
import { toReasonText } from '../../output/words/gate.ts';
import { toOpeningText, toSmallerStep } from '../../output/words/risk.ts';
import { toCommandFlags } from '../flags/look-flags.ts';
import type { Host } from '../host.ts';
import type { CandidateFlags, EditFlags, MirrorFlags, PromoteFlags } from './flags.ts';
import { toUndoLine } from './git-steps.ts';
import type { EditPlan, Planned } from './session.ts';
import { runEdit } from './session.ts';
import type { EditTarget } from './target.ts';
import { renderAll, toOwnApplication, toReach } from './target.ts';

/** `candidate set`. @returns the exit code, as the other commands do. */
export function runCandidateSet(name: string, flags: CandidateFlags, host: Host): Promise<number> {
  const { version, storageUri, storagePath, name: service, overrides } = flags;
  if (storageUri !== undefined && storagePath !== undefined)
    throw new Fault(
      'usage',
      safe`a version has either a storageUri or a storage path, not both`,
      safe`pass one of them`,
    );
  return runEdit(name, flags, host, (target) => {
    const { model, source } = target;
    const { candidate } = model.spec;
    if (candidate === undefined && version === undefined)
      throw new Fault('usage', safe`${mask(name)} has no candidate yet`, safe`pass --version to name the new one`);
    if ([version, storageUri, storagePath, service].every((value) => value === undefined) && overrides)
      throw new Fault(
        'usage',
        safe`there is nothing to change about the candidate`,
        safe`pass --version, --storage-uri, --storage-path or --name`,
      );
    if (storagePath !== undefined && !hasStorage(model))
      throw new Fault(
        'usage',
        safe`no storage is named in ${mask(source.path)}`,
        safe`pass --storage-uri, or name it in the template: spec.predictor.model.storage.key`,
      );
    const wish = { version, storageUri, storagePath, name: service, withoutOverrides: !overrides };
    const edited = setCandidate(source, model, wish);
    const called = version ?? candidate?.version;
    return toPlanned(target, edited, {
      done: `the candidate of ${name} is that already`,
      message: `${model.metadata.name}: ${candidate === undefined ? 'try' : 'change'} ${called}`,
      outcome: (after) => toMirrorOutcome(toRollout(after, target), called),
      notes: (after) => [
        ...toStaying(candidate, flags),
        ...toEqual(after, target),
        ...toOpening(candidate, after, target, flags),
      ],
    });
  });
}

/** `mirror`: sets the percentage in the policy that sets it, or in the one that is asked for. */
export function runMirror(name: string, percentage: string, flags: MirrorFlags, host: Host): Promise<number> {
  const wanted = /^\d+(\.\d+)? ?%?$/.test(percentage) ? Number.parseFloat(percentage) : Number.NaN;
  if (!(wanted <= 100))
    throw new Fault(
      'usage',
      safe`${quote(percentage)} is not a percentage`,
      safe`write a number from 0 to 100, as in 20 or 0.5`,
    );
  return runEdit(name, flags, host, (target) =>
    planMirror(target, wanted, { flags, host, isTyped: percentage.endsWith('%') }),
  );
}

/** A new version whose place was not said: it may well lie elsewhere. */
function toStaying(before: ModelVersion | undefined, flags: CandidateFlags): string[] {
  const { version, storageUri, storagePath, overrides } = flags;
  const isPlaced = storageUri !== undefined || storagePath !== undefined;
  if (before === undefined || version === undefined || before.version === version || isPlaced) return [];
  const ask = (field: string, value: string, flag: string) => [
    `${field} stays ${mask(value)}: pass ${flag} if ${version} lies elsewhere`,
  ];
  if (before.storageUri !== undefined) return ask('storageUri', before.storageUri, '--storage-uri');
  const path = overrides ? findStoragePath(before) : undefined;
  return path === undefined ? [] : ask('storage.path', path, '--storage-path');
}

/** A candidate that is what the primary is, as when only its version was said. */
function toEqual(after: Digests, target: EditTarget): string[] {
  const rendered = toRendered(after, target);
  if (rendered === undefined) return [];
  const { rollout, primary, candidates } = rendered;
  return primary.digest === candidates[0]?.digest
    ? [`${rollout.name}: the candidate has the same spec as the primary: its answers will tell nothing`]
    : [];
}

/** The first copies of a candidate where there was none. */
function toOpening(
  before: ModelVersion | undefined,
  after: Digests,
  target: EditTarget,
  flags: CandidateFlags,
): string[] {
  const rollout = toRollout(after, target);
  const opening = rollout && findFirstOpening(rollout, defaultThreshold);
  return opening === undefined || before !== undefined
    ? []
    : [
        `${target.model.metadata.name}: risk: ${toOpeningText(opening)}`,
        `    ${toSmallerStep(target.model.metadata.name, toCommandFlags(flags))}`,
      ];
}

export function runPromote(called: string, flags: PromoteFlags, host: Host): Promise<number> {
  return runEdit(called, flags, host, (target, head) => {
    const { candidate } = target.model.spec;
    if (candidate !== undefined) return planPromotion(target, candidate, flags);
    const { metadata, spec } = target.model;
    const before = head?.model.spec.candidate;
    const fate = head && findFate(head.model, target.model);
    if (head === undefined || before === undefined || fate !== 'promoted')
      return { problems: [toNoCandidate(target, fate && before, host)] };
    // What is to be committed is held to the same rules as what is to be written.
    const planned = planPromotion(head, before, flags);
    if (!('plan' in planned)) return planned;
    const { message, outcome } = planned.plan;
    const done = `${spec.primary.version} is the primary of ${metadata.name} already`;
    return { done, path: target.source.path, message, outcome };
  });
}

function planPromotion(target: EditTarget, candidate: ModelVersion, flags: PromoteFlags): Planned {
  const { model, source } = target;
  const tried = lookAtCandidate(target);
  if ('problems' in tried) return tried;
  if (tried.unready !== undefined && flags.force !== true) return { problems: [tried.unready] };
  const name = candidate.name ?? model.spec.primary.name;
  const service = toVersionName(model.metadata.name, 'primary', name === undefined ? {} : { name });
  const isInPlace = service === toVersionName(model.metadata.name, 'primary', model.spec.primary);
  return toPlanned(target, promoteCandidate(source, model, candidate), {
    done: `${candidate.version} is the primary already`,
    message: `${model.metadata.name}: promote ${candidate.version}`,
    outcome: () =>
      isInPlace
        ? `${service} serves ${model.spec.primary.version} until it has loaded ${candidate.version}`
        : `requests go to ${service}${tried.unready === undefined ? `, which has loaded ${candidate.version}` : ''}`,
    notes: (_, own) => toPromotionNotes(target, own, tried.digest),
  });
}

/** @param discarded the candidate that HEAD declares, and the work tree does not. */
function toNoCandidate(target: EditTarget, discarded: ModelVersion | undefined, host: Host): Problem {
  const { model, source } = target;
  const gone =
    discarded === undefined ? '' : safe`: ${mask(discarded.version)} is discarded here, which is not committed`;
  return toProblem(source, ['spec'], {
    code: 'no-candidate',
    message: safe`${mask(model.metadata.name)} has no candidate to promote${gone}`,
    hint: discarded === undefined ? safe`write one with model-mirror candidate set` : toUndoing(target, host),
  });
}

function toUndoing({ source, places }: EditTarget, { workingDirectory }: Host): SafeText {
  const line = toUndoLine(source.path, { workingDirectory, repository: places.repository });
  return safe`to undo that, make the whole file as HEAD has it: ${line ?? ''}`;
}

export function runDiscard(name: string, flags: EditFlags, host: Host): Promise<number> {
  return runEdit(name, flags, host, (target, head) => {
    const { model, source } = target;
    const before = head?.model.spec.candidate;
    const candidate = model.spec.candidate ?? before;
    if (head !== undefined && findFate(head.model, model) === 'promoted')
      return {
        problems: [
          toProblem(source, ['spec', 'primary'], {
            code: 'edit-refused',
            message: safe`${mask(candidate?.version ?? '')} is promoted here, which is not committed: it is no candidate to discard`,
            hint: toUndoing(target, host),
          }),
        ],
      };
    const service = candidate && toVersionName(model.metadata.name, 'candidate', candidate);
    return toPlanned(target, discardCandidate(source, model), {
      done: `${model.metadata.name} has no candidate`,
      message: `${model.metadata.name}: discard ${candidate?.version}`,
      outcome: () => `Argo CD removes ${service}`,
    });
  });
}

type Words = Pick<EditPlan, 'message' | 'outcome'> & {
  /** Said when the file holds it already. */
  readonly done: string;
  readonly notes?: EditPlan['notes'];
};

/** The plan of an edit of the model's own file. */
function toPlanned({ source }: EditTarget, edited: Edited, words: Words): Planned {
  if ('problem' in edited) return { problems: [edited.problem] };
  const { done, message, outcome, notes = () => [] } = words;
  if (edited.text === source.text) return { done, path: source.path, message, outcome };
  return { plan: { path: source.path, before: source.text, after: edited.text, message, outcome, notes } };
}

interface TriedCandidate {
  /** Of the candidate's InferenceService. */
  readonly digest: string | undefined;
  /** Undefined when the status says that this very candidate is ready. */
  readonly unready: Problem | undefined;
}

/** What the status file says of the candidate; it can be told only where the model can be rendered. */
function lookAtCandidate(target: EditTarget): TriedCandidate | { readonly problems: readonly Problem[] } {
  const { source, cluster, tree } = target;
  const application = renderAll(toOwnApplication(target));
  if (hasErrors(application.problems)) return { problems: application.problems };
  const rendered = toRendered(application, target);
  const [decided] = rendered?.candidates ?? [];
  if (rendered === undefined || decided === undefined) return { problems: [] };
  const { version: candidate, digest } = decided;
  const path = rendered.statusPath;
  const { reason } = computeMirror({
    candidate: { name: candidate.name, digest },
    mirrorPercentage: 100,
    gate: 'Status',
    status: rendered.status,
    assumeReady: false,
  });
  if (reason.code === 'ready') return { digest, unready: undefined };
  const others = tree.files.filter((found) => found.path !== path && found.path.startsWith(path.slice(0, -4)));
  const isElsewhere = cluster === undefined && others.length > 0;
  const unready = toProblem(source, candidate.path, {
    code: 'candidate-not-ready',
    message: safe`${mask(candidate.declared.version)} is not known to be ready: ${toReasonText(reason)} (${mask(path)})`,
    hint: isElsewhere
      ? safe`there is ${join(
          others.map((found) => mask(found.name)),
          ', ',
        )}: name a cluster with --cluster, or pass --force to promote it anyway`
      : reason.code === 'not-ready' && (reason.state === 'Failed' || reason.state === 'Stopped')
        ? safe`fix it or discard it, or pass --force to promote it anyway`
        : safe`pull the watcher's latest commit, or pass --force to promote it anyway`,
  });
  return { digest, unready };
}

function toPromotionNotes(target: EditTarget, after: Digests, tried: string | undefined): string[] {
  const { name } = target.model.metadata;
  const rendered = toRendered(after, target);
  if (rendered === undefined) return [];
  const { rollout, primary } = rendered;
  const isOther = primary.digest !== tried;
  const isNext = toVersionName(name, 'candidate', {}) === rollout.primary.name;
  return [
    ...(isOther
      ? [`${name}: a patch of a policy makes ${rollout.primary.name} differ from the candidate that was tried`]
      : []),
    ...(isNext ? [`${name}: the next candidate needs another name: candidate set --name ${name}-0`] : []),
  ];
}

function planMirror(
  target: EditTarget,
  percentage: number,
  { flags, host, isTyped }: { readonly flags: MirrorFlags; readonly host: Host; readonly isTyped: boolean },
): Planned {
  const { model, file, policies, places } = target;
  const { name } = model.metadata;
  const rollout = toRollout(renderAll(toOwnApplication(target)), target);
  if (rollout === undefined) return { problems: renderAll(toOwnApplication(target)).problems };
  const { policy } = rollout;
  const origin = policy.origins.get('mirrorPercentage');
  const isAsked = flags.here === true || flags.at !== undefined;
  const place = origin && locate(origin.source, origin.path);
  const from = place === undefined ? 'by default' : `by ${places.toShownPath(place.file)}:${place.line}`;
  if (!isAsked && policy.mirrorPercentage === percentage)
    return {
      done: `${name} is mirrored at ${percentage} % already, ${from}`,
      path: origin?.source.path,
      ...toMirrorWords(name, percentage),
    };
  const own = policies.filter(({ folder }) => folder === file.folder);
  const chosen = flags.at === undefined ? toOwnPolicy(own, policy) : findPolicy(flags.at, target, host);
  const isInherited = origin === undefined ? own.length === 0 : !own.some(({ path }) => path === origin.source.path);
  if (!isAsked && isInherited) return { problems: [toInherited(target, policy, percentage, chosen)] };
  if (flags.at !== undefined && chosen !== undefined && origin !== undefined) {
    const isNearer = policies.findIndex(({ path }) => path === origin.source.path) > policies.indexOf(chosen);
    if (isNearer)
      return {
        problems: [
          toProblem(origin.source, origin.path, {
            code: 'percentage-inherited',
            message: safe`${policy.mirrorPercentage} is set here, closer to ${mask(name)}, and would still hold`,
            hint: safe`change it here: pass --here, or name this file with --at`,
          }),
        ],
      };
  }
  if (chosen === undefined && own.length > 0)
    throw new Fault(
      'usage',
      safe`there are several policies in ${mask(file.folder)}: ${join(
        own.map((one) => mask(one.name)),
        ', ',
      )}`,
      safe`name one of them with --at`,
    );
  return planPolicy(target, percentage, chosen, isTyped);
}

/**
 * @param file undefined: a policy is made in the model's folder.
 * @param isTyped the sign % was typed: then a small share is no slip.
 */
function planPolicy(target: EditTarget, percentage: number, file: FoundFile | undefined, isTyped: boolean): Planned {
  const { name } = target.model.metadata;
  const path = file?.path ?? toSibling(target.file, 'policy.yaml');
  const share = toSmallShare(percentage);
  const words = {
    ...toMirrorWords(name, percentage),
    question: share === undefined || isTyped ? undefined : `${share}. Do you mean that?`,
    notes: (after: Digests) => [
      ...(share === undefined ? [] : [share]),
      ...toLater(target, after),
      ...toReach(after, target.places.toShownPath(path), path, name),
    ],
  };
  if (file === undefined) {
    const after = toPolicyText(name, percentage, target.source.text);
    return { plan: { path, before: undefined, after, ...words } };
  }
  const source = target.tree.read(file);
  if ('code' in source) return { problems: [source] };
  const { value: policy, problems } = parsePolicy(source);
  if (policy === undefined) return { problems };
  const edited = setMirrorPercentage(source, policy, percentage);
  if ('problem' in edited) return { problems: [edited.problem] };
  if (edited.text === source.text)
    return {
      done: `${target.places.toShownPath(path)} says ${percentage} % already`,
      path,
      ...toMirrorWords(name, percentage),
    };
  return { plan: { path, before: source.text, after: edited.text, ...words } };
}

/** Below this many percent, people may have meant a fraction of 1. */
const smallShare = 1;

/** A share as a count of requests; undefined where a percentage says enough. */
function toSmallShare(percentage: number): string | undefined {
  if (percentage <= 0 || percentage >= smallShare) return undefined;
  const decimals = String(Number(percentage.toFixed(6))).split('.')[1] ?? '';
  const count = Math.round(percentage * 10 ** decimals.length);
  const of = (100 * 10 ** decimals.length).toLocaleString('en-US');
  return `${percentage} % is ${count} ${count === 1 ? 'request' : 'requests'} in ${of}`;
}

function toMirrorWords(name: string, percentage: number): Pick<EditPlan, 'message' | 'outcome'> {
  return { message: `${name}: mirror ${percentage} %`, outcome: () => 'Argo CD applies it' };
}

/** The policy of a model's folder that sets the percentage, or that is to: the only one, or `policy.yaml`. */
function toOwnPolicy(own: readonly FoundFile[], { origins }: EffectivePolicy): FoundFile | undefined {
  const setting = own.find(({ path }) => path === origins.get('mirrorPercentage')?.source.path);
  return setting ?? own.find(({ name }) => name === 'policy.yaml') ?? (own.length === 1 ? own[0] : undefined);
}

function findPolicy(flag: string, { places, policies, model }: EditTarget, host: Host): FoundFile {
  const wanted = resolve(host.workingDirectory, flag);
  const found = policies.find(({ path }) => resolve(places.repository, path) === wanted);
  if (found !== undefined) return found;
  const known = policies.map(({ path }) => mask(places.toShownPath(path)));
  throw new Fault(
    'usage',
    safe`${mask(flag)} is no policy that holds for ${mask(model.metadata.name)}`,
    known.length === 0 ? safe`there is none: pass --here to make one` : safe`these do: ${join(known, ', ')}`,
  );
}

/** That the percentage is not the model's own, and what can be done. */
function toInherited(
  target: EditTarget,
  { mirrorPercentage, origins }: EffectivePolicy,
  percentage: number,
  own: FoundFile | undefined,
): Problem {
  const { model, source, file, places } = target;
  const { name } = model.metadata;
  const origin = origins.get('mirrorPercentage');
  const ownPath = places.toShownPath(own?.path ?? toSibling(file, 'policy.yaml'));
  const here = safe`pass --here to write ${percentage} into ${mask(ownPath)}`;
  if (origin === undefined)
    return toProblem(source, [], {
      code: 'percentage-inherited',
      message: safe`no policy sets the percentage of ${mask(name)}, so the default of ${mirrorPercentage} holds`,
      hint: safe`${here}, or --at FILE for a policy that holds for more models`,
    });
  const at = places.toShownPath(origin.source.path);
  return toProblem(origin.source, origin.path, {
    code: 'percentage-inherited',
    message: safe`${mask(name)} inherits its percentage of ${mirrorPercentage} from here`,
    hint: safe`${here}, or --at ${mask(at)} to change it for every model that it holds for`,
  });
}

/** When the mirror to a candidate that was written just now opens. */
function toMirrorOutcome(rollout: Rollout | undefined, called: string | undefined): string {
  const { mirrorPercentage = 100, gate } = rollout?.policy ?? {};
  if (mirrorPercentage === 0) return 'nothing is mirrored to it, since the policy says 0 %';
  const when = gate === 'None' ? 'at once' : `when the watcher's status says that ${called} is Ready`;
  return `the mirror opens at ${mirrorPercentage} % ${when}; then promote it, or discard it`;
}

/** What changes for the model, when nothing is mirrored that would tell. */
function toLater(target: EditTarget, after: Digests): string[] {
  const { name } = target.model.metadata;
  const before = toRollout(renderAll(toOwnApplication(target)), target)?.policy.mirrorPercentage;
  const state = after.rollouts.find(({ rollout }) => rollout.file.source.path === target.file.path);
  if (before === undefined || state === undefined || mirrorOf(state).percentage > 0) return [];
  const { candidates, policy } = state.rollout;
  const when = candidates.length === 0 ? 'for the next candidate' : 'once the mirror is open';
  return policy.mirrorPercentage === 0 || policy.mirrorPercentage === before
    ? []
    : [`${name}: ${before} % → ${policy.mirrorPercentage} % ${when}`];
}

function toRollout(application: Digests, target: EditTarget): Rollout | undefined {
  return toRendered(application, target)?.rollout;
}

function toRendered({ rollouts }: Digests, { file }: EditTarget): Digests['rollouts'][number] | undefined {
  return rollouts.find(({ rollout }) => rollout.file.source.path === file.path);
}
