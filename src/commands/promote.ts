import { hasErrors } from '../core/diagnostics/problem.ts';
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { mask, safe } from '../core/diagnostics/safe-text.ts';
import { findCandidate, findFate, promoteCandidate } from '../core/edit/model-edits.ts';
import type { EditNote, EditOutcome } from '../core/edit/outcome.ts';
import type { FolderTree } from '../core/input/folder-tree.ts';
import type { ModelStatus, ModelVersion } from '../core/input/schema.ts';
import type { SourceFile } from '../core/input/source-file.ts';
import { renderDigests } from '../core/render/digests.ts';
import type { ModelTarget } from '../core/repository/find-model.ts';
import { toOwnTree } from '../core/repository/find-model.ts';
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
import type { TimelinePoint } from '../core/timeline/points.ts';
import { editModel } from './edit/edit-model.ts';
import type { EditPorts, EditRequest, Planned, RenderedEdit } from './edit/plan.ts';
import { findRendered, toModelPlan } from './edit/plan.ts';
import { readPastIfAny } from './model-past.ts';
import { toNoCandidate, toNotReady } from './promote-refusals.ts';

interface PromoteInput {
  readonly cluster: string | undefined;
  readonly force: boolean;
  /** The files at HEAD; undefined: there is no commit that can be read. */
  readonly committed: FolderTree | undefined;
  readonly toReasonText: EditPorts['words']['toReasonText'];
  readonly statusBranch: SafeText | undefined;
  readonly readRecord: ReadRecord;
  /** The same by what a commit has behind it. */
  readonly readRecordAt: (commit: string, digest: string) => Promise<ReturnType<ReadRecord>>;
}

/** For how long the mirror was open for a candidate of this digest; undefined: git's history cannot be read. */
type ReadRecord = (digest: string) => MirrorRecord | undefined;

/**
 * Makes the candidate the primary, if the status file reports it as Ready.
 *
 * @param force promote a candidate that is not known to be ready.
 */
export function promote(request: EditRequest, force: boolean, ports: EditPorts): Promise<EditOutcome> {
  return editModel(request, ports, async ({ target, clone, head }) => {
    const { cluster } = request;
    const read = (tip: string | undefined) =>
      readPastIfAny(target, tip, clone && { clone, names: ports.names, cluster });
    const toRecord = (points: readonly TimelinePoint[] | undefined, digest: string) =>
      points && findMirrorRecord(points, digest, ports.now());
    const past = await read(head?.state.head);
    const input = {
      ...{ cluster, force, toReasonText: ports.words.toReasonText },
      statusBranch: await clone?.findStatusBranch(),
      readRecord: (digest: string) => toRecord(past, digest),
      readRecordAt: async (commit: string, digest: string) => toRecord(await read(commit), digest),
    };
    return {
      plan: (found, other, committed) => plan(found, other, { ...input, committed }),
      findNotes,
    };
  });
}

function plan(target: ModelTarget, head: ModelTarget | undefined, input: PromoteInput): Planned {
  const { source, model } = target;
  const candidate = findCandidate(model);
  if (candidate !== undefined) return planPromotion(target, candidate, input);
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

function planPromotion(
  target: ModelTarget,
  candidate: ModelVersion,
  { cluster, force, committed, toReasonText, statusBranch, readRecord, readRecordAt }: PromoteInput,
): Planned {
  const { model, source } = target;
  const called = model.metadata.name;
  const { primary } = model.spec;
  const application = renderDigests(toOwnTree(target), { cluster });
  // Only of a model that can be rendered is it known whether its candidate is ready.
  if (hasErrors(application.problems)) return { problems: application.problems };
  const rendered = findRendered(application, target);
  const decided = rendered?.candidates[0];
  if (rendered === undefined || decided === undefined) return { problems: [] };
  const toReason = (status: ModelStatus | undefined) =>
    computeMirror({
      candidate: { name: decided.version.name, digest: decided.digest },
      mirrorPercentage: 100,
      gate: 'Status',
      status,
      analysis: decided.analysis,
      assumeReady: false,
    }).reason;
  const readStatusIn = (files: FolderTree) => {
    const { path, text } = readStatus(files, rendered.statusPath);
    const news = renderDigests(toOwnTree(target), { cluster, edited: new Map([[path, text]]) });
    return findRendered(news, target)?.status;
  };
  // The watcher commits what it observes: what somebody has written into its file since is no observation.
  const status = committed === undefined ? rendered.status : readStatusIn(committed);
  const reason = toReason(status);
  const limit = findPromotionLimit(rendered, decided, status);
  if (limit !== undefined) return { problems: [toUnjudged(source, decided.version.path, candidate.version, limit)] };
  const { minMirrorTime } = rendered.rollout.policy;
  const time = minMirrorTime && toMirrorTime(minMirrorTime, readRecord(decided.digest));
  if (time !== undefined && findMissingTime(time) > 0)
    return { problems: [toMirroredTooBriefly(source, decided.version.path, candidate.version, time)] };
  const isFree = force && rendered.rollout.policy.requireAnalysis.length === 0 && time === undefined;
  const isReady = reason.code === 'ready';
  if (!isReady && !force)
    return {
      problems: [
        toNotReady(target, decided.version, {
          reason,
          reasonText: toReasonText(reason),
          statusPath: rendered.statusPath,
          isEdited: toReason(rendered.status).code === 'ready',
          ...{ cluster, statusBranch },
        }),
      ],
    };
  const name = candidate.name ?? primary.name;
  const service = toVersionName(called, 'primary', name === undefined ? {} : { name });
  const isInPlace = service === toVersionName(called, 'primary', primary);
  const { version } = candidate;
  return toModelPlan(target, promoteCandidate(source, model, candidate), {
    subject: {
      ...{ code: 'promote', model: called, version },
      trial: {
        version,
        mirrored: readRecord(decided.digest),
        verdict: decided.analysis && findHeldVerdict(status, decided.version.name, decided.analysis.subject),
        isCompared: decided.analysis !== undefined,
      },
    },
    unchanged: { code: 'promoted', model: called, version },
    effect: isInPlace
      ? { code: 'loaded-in-place', service, from: primary.version, to: version }
      : { code: 'requests-move', service, version: isReady ? version : undefined },
    findObjection: isFree
      ? undefined
      : async (files, commit) => {
          const pulled = readStatusIn(files);
          const again = time && toMirrorTime(time.limit, await readRecordAt(commit, decided.digest));
          if (again !== undefined && findMissingTime(again) > 0)
            return safe`${mask(version)} was not mirrored for ${mask(again.limit.written)}, as its mirror was closed meanwhile`;
          if (findPromotionLimit(rendered, decided, pulled) !== undefined)
            return safe`${mask(version)} is not judged as Passing any more`;
          const now = toReason(pulled);
          return force || now.code === 'ready' ? undefined : toReasonText(now);
        },
  });
}

/** An empty text where there is no such file, or none that can be read: it reports nothing. */
function readStatus(tree: FolderTree, path: string): SourceFile {
  const file = tree.files.find((one) => one.path === path);
  const source = file && tree.read(file);
  return source === undefined || 'code' in source ? { path, text: '' } : source;
}

function findNotes(target: ModelTarget, { before, own }: RenderedEdit): EditNote[] {
  const model = target.model.metadata.name;
  const promoted = findRendered(own, target);
  if (promoted === undefined) return [];
  const service = promoted.primary.version.name;
  const rendered = findRendered(before, target);
  const isPatched = promoted.primary.digest !== rendered?.candidates[0]?.digest;
  // One that moves with its name stays loaded.
  const isLost = rendered?.candidates.some((one) => one.mirror.percentage > 0 && one.version.name !== service) === true;
  const old = rendered?.primary.version.name;
  const isNameTaken = toVersionName(model, 'candidate', {}) === service;
  return [
    ...(isLost ? [{ code: 'revert-opens', model, version: promoted.primary.version.declared.version } as const] : []),
    ...(isPatched ? [{ code: 'patched', model, service } as const] : []),
    ...(old !== undefined && old !== service
      ? [{ code: 'removed-first', model, service: old, to: service } as const]
      : []),
    ...(isNameTaken ? [{ code: 'name-taken', model, free: `${model}-0` } as const] : []),
  ];
}
