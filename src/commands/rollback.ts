/** The last promotion is undone by an edit of the model file. */
import { Fault, isFault } from '../core/diagnostics/fault.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import { mask, safe } from '../core/diagnostics/safe-text.ts';
import { findCandidate } from '../core/edit/model-edits.ts';
import type { EditNote, EditOutcome } from '../core/edit/outcome.ts';
import { isSame } from '../core/edit/proof.ts';
import { restorePrimary, toRestored } from '../core/edit/restore-primary.ts';
import { findStoragePath } from '../core/input/model-storage.ts';
import { toProblem } from '../core/input/parse-document.ts';
import type { Model } from '../core/input/schema.ts';
import type { RenderedRollout } from '../core/render/decide-model.ts';
import { renderDigests } from '../core/render/digests.ts';
import type { ModelTarget } from '../core/repository/find-model.ts';
import { toOwnTree } from '../core/repository/find-model.ts';
import { isSameServed } from '../core/rollout/decided.ts';
import { toVersionName } from '../core/rollout/rollout.ts';
import type { PrimaryPast } from '../core/timeline/former-primary.ts';
import { findPrimaryPast } from '../core/timeline/former-primary.ts';
import type { Moment, TimelineCommit } from '../core/timeline/points.ts';
import { toMoments } from '../core/timeline/points.ts';
import { findStatus } from '../core/timeline/stages.ts';
import { findTrials } from '../core/timeline/trials.ts';
import { editModel } from './edit/edit-model.ts';
import type { HeadView } from './edit/head.ts';
import type { EditPorts, EditRequest, Planned, PrepareEdit, RenderedEdit } from './edit/plan.ts';
import { findRendered, toModelPlan } from './edit/plan.ts';
import { readPast } from './model-past.ts';

/** Makes the version that was the primary before the last promotion the primary again. */
export function rollback(request: EditRequest, ports: EditPorts): Promise<EditOutcome> {
  return editModel(request, ports, (scene) => prepare(scene, request, ports));
}

const prepare = async (
  { target, clone, head }: Parameters<PrepareEdit>[0],
  { cluster }: EditRequest,
  { names }: EditPorts,
) => {
  const tip = head?.state.head;
  if (clone === undefined || head === undefined || tip === undefined)
    throw new Fault(
      'environment',
      safe`this is not in a git repository with commits, which a rollback is made from`,
      safe`run it in a clone`,
    );
  const moments = toMoments(await readPast(target, tip, { clone, names, cluster }));
  const found = findPrimaryPast(moments);
  const past = {
    ...found,
    moments,
    isCut: moments[0]?.point.commit.author === undefined,
    isPushed: !head.state.unpushed.has(target.file.path) || (await isPushed(found.last?.commit, target, head)),
  };
  return {
    plan: (found: ModelTarget, other: ModelTarget | undefined) => plan(found, other, { ...past, cluster }),
    findNotes: (found: ModelTarget, rendered: RenderedEdit) => findNotes(found, rendered, past),
  };
};

/** Whether a branch that is pushed to has the commit: something else may be what is not pushed of the file. */
function isPushed(
  commit: TimelineCommit | undefined,
  { file }: ModelTarget,
  { clone, state }: HeadView,
): Promise<boolean> {
  return clone.readPast(file.path, async ({ history: { names } }) => {
    if (commit === undefined) return false;
    for (const ref of state.destination?.tracking ?? []) {
      try {
        if ((await names.findMergeBase(commit.id, await names.resolve(ref))) === commit.id) return true;
      } catch (error) {
        // Nothing was fetched of it yet, or nothing that is in common.
        if (!isFault(error)) throw error;
      }
    }
    return false;
  });
}

interface Past extends PrimaryPast {
  readonly moments: readonly Moment[];
  /** The clone begins after the model did. */
  readonly isCut: boolean;
  /** Whether the remote has the model file of HEAD, or at least the last promotion or rollback. */
  readonly isPushed: boolean;
}

function plan(
  target: ModelTarget,
  head: ModelTarget | undefined,
  { former, last, isInferred, isCut, isPushed, cluster }: Past & { readonly cluster: string | undefined },
): Planned {
  const { model, source } = target;
  const called = model.metadata.name;
  const { primary } = model.spec;
  const file = source.path;
  const applied = {
    subject: toSubject(model, primary.version),
    effect: { code: 'applied' },
  } as const;
  // Whoever runs it again to push what is committed does not mean the promotion before, too.
  if (last?.code === 'returned' && !isPushed && head !== undefined && isSame(primary, head.model.spec.primary))
    return {
      unchanged: {
        code: 'rolled-back',
        model: called,
        version: primary.version,
      },
      file,
      ...applied,
    };
  const isRestored = former !== undefined && isSame(primary, toRestored(model, former.primary.version.declared));
  if (head !== undefined && !isRestored && !isSame(primary, head.model.spec.primary))
    return {
      problems: [
        toProblem(source, ['spec', 'primary'], {
          code: 'edit-refused',
          message: safe`the primary of ${mask(called)} is changed here, which is not committed`,
          hint: safe`commit it, or restore the file as it is at HEAD; then roll back`,
        }),
      ],
      uncommitted: file,
    };
  // What looks like a promotion may be a way back, and the version before it the bad one.
  if (former === undefined || (isCut && isInferred)) return { problems: [toNoPromotion(target, last?.commit, isCut)] };
  const { declared } = former.primary.version;
  const edited = restorePrimary(source, model, declared, former.rollout.file.source.text);
  if ('problem' in edited) return { problems: [edited.problem] };
  // What is wrong with the version that leaves must not be in the way.
  const render = (texts: ReadonlyMap<string, string>) =>
    findRendered(renderDigests(toOwnTree(target), { cluster, edited: texts }), target);
  const restored = render(new Map([[file, edited.text]]));
  if (restored !== undefined && restored.rollout.mode !== former.rollout.mode)
    return { problems: [toOtherMode(target, declared.version, former, restored)] };
  const rendered = render(new Map());
  const service = toVersionName(called, 'primary', primary);
  const status = rendered && findStatus(rendered.primary, rendered.status);
  return toModelPlan(target, edited, {
    unchanged: {
      code: 'rolled-back',
      model: called,
      version: declared.version,
    },
    subject: toSubject(head?.model ?? model, declared.version),
    effect: {
      code: 'loaded-in-place',
      service,
      from: !isRestored && status?.state === 'Ready' ? primary.version : undefined,
      to: declared.version,
    },
  });
}

function toSubject({ metadata, spec }: Model, version: string) {
  return {
    code: 'rollback',
    model: metadata.name,
    version,
    from: spec.primary.version,
  } as const;
}

function toNoPromotion({ model, source }: ModelTarget, last: TimelineCommit | undefined, isCut: boolean): Problem {
  const { version } = model.spec.primary;
  const since = last === undefined ? '' : safe`, or since the rollback of ${mask(last.id.slice(0, 7))}`;
  return toProblem(source, ['spec', 'primary'], {
    code: 'no-promotion',
    message: isCut
      ? safe`the commits of this clone show no promotion of ${mask(version)}, and older ones are not in it`
      : safe`no commit shows that another version was the primary before ${mask(version)}${since}`,
    hint: isCut ? safe`run git fetch --unshallow` : safe`write the version into spec.primary by hand`,
  });
}

function toOtherMode(
  { model, source }: ModelTarget,
  version: string,
  { rollout: { mode: before } }: RenderedRollout,
  { rollout: { mode: now } }: RenderedRollout,
): Problem {
  return toProblem(source, ['spec', 'primary'], {
    code: 'edit-refused',
    message: safe`${mask(version)} was the primary in ${mask(before.name)} mode, and ${mask(model.metadata.name)} is in ${mask(now.name)} mode since then`,
    hint: safe`write the version into spec.primary by hand, with what it needs in this mode`,
  });
}

function findNotes(target: ModelTarget, { before, own }: RenderedEdit, past: Past): EditNote[] {
  const model = target.model.metadata.name;
  const { former, last, moments } = past;
  const restored = findRendered(own, target);
  if (former === undefined || restored === undefined) return [];
  const { primary, candidates } = restored;
  const { version } = primary.version.declared;
  const undone = findRendered(before, target)?.primary.version.declared;
  const isKept = undone === undefined || candidates.some((one) => one.version.declared.version === undone.version);
  const differs = !isSameServed(primary, former.primary) && last !== undefined;
  const [service, formerService] = [primary.version.name, former.primary.version.name];
  const trial = findTrials(moments, 0).findLast((one) => one.outcome === 'promoted' && one.version === version);
  const candidate = findCandidate(target.model);
  return [
    ...(differs
      ? [
          {
            code: 'differs-from-then',
            model,
            version,
            commit: last.commit.id,
          } as const,
        ]
      : []),
    ...(service === formerService ? [] : [{ code: 'name-kept', model, service, former: formerService } as const]),
    ...(trial?.readyAfter === undefined || trial.by === undefined
      ? []
      : [{ code: 'took-to-load', version, seconds: trial.readyAfter } as const]),
    ...(candidate === undefined
      ? []
      : [
          {
            code: 'candidate-stays',
            model,
            candidate: candidate.version,
            primary: version,
          } as const,
        ]),
    ...(candidates.some((one) => isSameServed(one, primary)) ? [{ code: 'equals-primary', model } as const] : []),
    ...(isKept
      ? []
      : [
          {
            code: 'not-kept',
            model,
            version: undone.version,
            storageUri: undone.storageUri,
            storagePath: findStoragePath(undone),
            overridesIn: undone.overrides === undefined ? undefined : moments.at(-1)?.point.commit.id,
          } as const,
        ]),
  ];
}
