import type { Problem } from '../core/diagnostics/problem.ts';
import { hasErrors } from '../core/diagnostics/problem.ts';
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { mask, safe } from '../core/diagnostics/safe-text.ts';
import { findCandidate, findFate, promoteCandidate } from '../core/edit/model-edits.ts';
import type { EditNote, EditOutcome } from '../core/edit/outcome.ts';
import type { FolderTree } from '../core/input/folder-tree.ts';
import type { ModelStatus, ModelVersion } from '../core/input/schema.ts';
import type { SourceFile } from '../core/input/source-file.ts';
import type { Digests } from '../core/render/digests.ts';
import { renderDigests } from '../core/render/digests.ts';
import type { ModelTarget } from '../core/repository/find-model.ts';
import { toOwnTree } from '../core/repository/find-model.ts';
import type { MirrorReason } from '../core/rollout/gate.ts';
import { computeMirror } from '../core/rollout/gate.ts';
import { findHeldVerdict } from '../core/rollout/held-verdict.ts';
import {
  findMissingTime,
  findPromotionLimit,
  toMirroredTooBriefly,
  toMirrorTime,
  toUnjudged,
} from '../core/rollout/promotion-limit.ts';
import { toVersionName } from '../core/rollout/rollout.ts';
import type { MirrorRecord } from '../core/timeline/mirror-record.ts';
import { findMirrorRecord } from '../core/timeline/mirror-record.ts';
import { editModel } from './edit/edit-model.ts';
import type { EditPorts, EditRequest, Planned, RenderedEdit } from './edit/plan.ts';
import { findRendered, isToCommit, toModelPlan } from './edit/plan.ts';
import type { Observations } from './observations.ts';
import { readObservations } from './observations.ts';
import { toNoCandidate, toNotReady } from './promote-refusals.ts';

type RenderedModel = Digests['rollouts'][number];

interface PromoteInput {
  readonly cluster: string | undefined;
  readonly force: boolean;
  /** Whether it is committed, with the policies that HEAD has. */
  readonly isToCommit: boolean;
  /** At HEAD: whatever was observed must allow the promotion. */
  readonly observations: readonly Observations[];
  readonly readObservations: (commit: string) => Promise<readonly Observations[]>;
  readonly toReasonText: EditPorts['words']['toReasonText'];
  /** In seconds since 1970. */
  readonly now: () => number;
}

/**
 * Makes the candidate the primary, if the status file reports it as Ready.
 *
 * @param force promote a candidate that is not known to be ready.
 */
export function promote(request: EditRequest, force: boolean, ports: EditPorts): Promise<EditOutcome> {
  return editModel(request, ports, async ({ target, clone, head }) => {
    const { cluster } = request;
    const read = (commit: string | undefined) =>
      readObservations(target, commit, { clone, names: ports.names, cluster });
    const observations = await read(head?.state.head);
    const { now, words } = ports;
    const input = {
      ...{ cluster, force, isToCommit: isToCommit(request) },
      ...{ observations, readObservations: read, toReasonText: words.toReasonText, now },
    };
    return {
      plan: (found, other) => plan(found, other, input),
      findNotes: (found, rendered) => findNotes(found, rendered, input),
    };
  });
}

function plan(target: ModelTarget, head: ModelTarget | undefined, input: PromoteInput): Planned {
  const { source, model } = target;
  const candidate = findCandidate(model);
  if (candidate !== undefined) return planPromotion(target, candidate, input, input.isToCommit ? head : undefined);
  const before = head && findCandidate(head.model);
  const fate = head && findFate(head.model, model);
  if (head === undefined || before === undefined || fate === undefined)
    return { problems: [toNoCandidate(target, undefined)] };
  if (fate === 'discarded') return { problems: [toNoCandidate(target, before)], uncommitted: source.path };
  // What is about to be committed must meet the same conditions as what is about to be written.
  const planned = planPromotion(head, before, input);
  if (!('after' in planned)) return planned;
  const { subject, effect, findObjection } = planned;
  const unchanged = { code: 'promoted', model: model.metadata.name, version: model.spec.primary.version } as const;
  return { unchanged, file: source.path, subject, effect, findObjection };
}

/** @param committed whose limits count, too. */
function planPromotion(
  target: ModelTarget,
  candidate: ModelVersion,
  input: PromoteInput,
  committed?: ModelTarget,
): Planned {
  const { cluster, force, observations } = input;
  const { model, source } = target;
  const called = model.metadata.name;
  const { primary } = model.spec;
  const application = renderDigests(toOwnTree(target), { cluster });
  // Only of a model that can be rendered is it known whether its candidate is ready.
  if (hasErrors(application.problems)) return { problems: application.problems };
  const rendered = findRendered(application, target);
  const decided = rendered?.candidates[0];
  if (rendered === undefined || decided === undefined) return { problems: [] };
  const limits = committed && findRendered(renderDigests(toOwnTree(committed), { cluster }), committed);
  const trials = [rendered, ...(limits ? [limits] : [])].map((by): Trial => ({ target, rendered: by, decided, input }));
  const judgeAll = (all: readonly Observations[]) => trials.flatMap((trial) => all.map((one) => judge(trial, one)));
  const judged = judgeAll(observations);
  const refused = judged.find(({ problem }) => problem !== undefined);
  if (refused?.problem !== undefined) return { problems: [refused.problem] };
  const [{ status, mirrored } = { status: undefined, mirrored: undefined }] = judged;
  const isLimited = trials.some(({ rendered: { rollout } }) => {
    const { minMirrorTime, requireAnalysis } = rollout.policy;
    return requireAnalysis.length > 0 || minMirrorTime !== undefined;
  });
  const name = candidate.name ?? primary.name;
  const service = toVersionName(called, 'primary', name === undefined ? {} : { name });
  const isInPlace = service === toVersionName(called, 'primary', primary);
  const { version } = candidate;
  return toModelPlan(target, promoteCandidate(source, model, candidate), {
    subject: {
      ...{ code: 'promote', model: called, version },
      trial: {
        version,
        mirrored,
        verdict: decided.analysis && findHeldVerdict(status, decided.version.name, decided.analysis.subject),
        isCompared: decided.analysis !== undefined,
      },
    },
    unchanged: { code: 'promoted', model: called, version },
    effect: isInPlace
      ? { code: 'loaded-in-place', service, from: primary.version, to: version }
      : {
          ...{ code: 'requests-move', service },
          version: judged.every(({ reason }) => reason.code === 'ready') ? version : undefined,
        },
    findObjection:
      force && !isLimited
        ? undefined
        : async (commit) => {
            const again = judgeAll(await input.readObservations(commit));
            return again.find(({ objection }) => objection !== undefined)?.objection;
          },
  });
}

interface Trial {
  readonly target: ModelTarget;
  readonly rendered: RenderedModel;
  readonly decided: RenderedModel['candidates'][number];
  readonly input: PromoteInput;
}

interface Judged {
  readonly status: ModelStatus | undefined;
  readonly reason: MirrorReason;
  /** For how long the mirror was open; undefined: git's history cannot be read. */
  readonly mirrored: MirrorRecord | undefined;
  /** What refuses the promotion, before it is made and when it is to be pushed. */
  readonly problem?: Problem;
  readonly objection?: SafeText;
}

/** Whether what was observed allows the promotion. */
function judge(trial: Trial, observations: Observations): Judged {
  const judged = judgeBy(trial, observations);
  const { branch, elsewhere } = observations;
  const { problem } = judged;
  if (problem === undefined) return judged;
  if (branch !== undefined && problem.code !== 'candidate-not-ready')
    return {
      ...judged,
      problem: { ...problem, hint: safe`${problem.hint ?? ''}; ${branch} counts as it was last fetched` },
    };
  if (elsewhere === undefined) return judged;
  const hint = safe`${mask(trial.rendered.statusPath)} is here and on ${elsewhere}, and each must allow it: if the watcher writes to ${elsewhere} alone, remove this one with git rm`;
  return { ...judged, problem: { ...problem, hint } };
}

function judgeBy(trial: Trial, { branch, files, past }: Observations): Judged {
  const { target, rendered, decided, input } = trial;
  const { cluster, force, now, toReasonText } = input;
  const { source } = target;
  const { path, declared } = decided.version;
  const version = mask(declared.version);
  // The watcher commits what it observes: what somebody has written into its file since is no observation.
  const status =
    files === undefined && branch === undefined
      ? rendered.status
      : files && findObserved(target, rendered.statusPath, files, cluster)?.status;
  const reason = findReason(trial, status);
  const mirrored = past && findMirrorRecord(past, decided.digest, now());
  const known = { status, reason, mirrored };
  const limit = findPromotionLimit(rendered, decided, status);
  if (limit !== undefined)
    return {
      ...known,
      problem: toUnjudged(source, path, declared.version, limit),
      objection: safe`${version} is not judged as Passing any more`,
    };
  const { minMirrorTime } = rendered.rollout.policy;
  const time = minMirrorTime && toMirrorTime(minMirrorTime, mirrored);
  if (time !== undefined && findMissingTime(time) > 0)
    return {
      ...known,
      problem: toMirroredTooBriefly(source, path, declared.version, time),
      objection: safe`${version} was not mirrored for ${mask(time.limit.written)}, as its mirror was closed meanwhile`,
    };
  if (reason.code === 'ready' || force) return known;
  const reasonText = toReasonText(reason);
  const { statusPath } = rendered;
  const isEdited = branch === undefined && findReason(trial, rendered.status).code === 'ready';
  return {
    ...known,
    problem: toNotReady(target, decided.version, { reason, reasonText, statusPath, isEdited, cluster, branch, files }),
    objection: reasonText,
  };
}

function findReason({ decided }: Trial, status: ModelStatus | undefined): MirrorReason {
  return computeMirror({
    candidate: { name: decided.version.name, digest: decided.digest },
    mirrorPercentage: 100,
    gate: 'Status',
    status,
    analysis: decided.analysis,
    assumeReady: false,
  }).reason;
}

/** The model as it is rendered by the status file that is among other files. */
function findObserved(
  target: ModelTarget,
  statusPath: string,
  files: FolderTree,
  cluster: string | undefined,
): RenderedModel | undefined {
  const { path, text } = readStatus(files, statusPath);
  return findRendered(renderDigests(toOwnTree(target), { cluster, edited: new Map([[path, text]]) }), target);
}

/** An empty text where there is no such file, or none that can be read: it reports nothing. */
function readStatus(tree: FolderTree, path: string): SourceFile {
  const file = tree.files.find((one) => one.path === path);
  const source = file && tree.read(file);
  return source === undefined || 'code' in source ? { path, text: '' } : source;
}

function findNotes(
  target: ModelTarget,
  { before, own }: RenderedEdit,
  { observations, cluster }: PromoteInput,
): EditNote[] {
  const model = target.model.metadata.name;
  const promoted = findRendered(own, target);
  if (promoted === undefined) return [];
  const service = promoted.primary.version.name;
  const rendered = findRendered(before, target);
  const isPatched = promoted.primary.digest !== rendered?.candidates[0]?.digest;
  const isOpen = (one: RenderedModel | undefined) =>
    // One that moves with its name stays loaded.
    one?.candidates.some((candidate) => candidate.mirror.percentage > 0 && candidate.version.name !== service) === true;
  const observed = observations.map(({ branch, files }) =>
    branch === undefined || files === undefined || rendered === undefined
      ? rendered
      : findObserved(target, rendered.statusPath, files, cluster),
  );
  const old = rendered?.primary.version.name;
  const isNameTaken = toVersionName(model, 'candidate', {}) === service;
  return [
    ...observations.flatMap(({ branch }) => (branch === undefined ? [] : [{ code: 'observed-on', branch } as const])),
    ...(observed.some(isOpen)
      ? [{ code: 'revert-opens', model, version: promoted.primary.version.declared.version } as const]
      : []),
    ...(isPatched ? [{ code: 'patched', model, service } as const] : []),
    ...(old !== undefined && old !== service
      ? [{ code: 'removed-first', model, service: old, to: service } as const]
      : []),
    ...(isNameTaken ? [{ code: 'name-taken', model, free: `${model}-0` } as const] : []),
  ];
}
