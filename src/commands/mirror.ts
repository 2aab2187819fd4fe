import { Fault } from '../core/diagnostics/fault.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import { join, mask, quote, safe } from '../core/diagnostics/safe-text.ts';
import type { EditEffect, EditNote, EditOutcome, EditSubject, SmallShare } from '../core/edit/outcome.ts';
import { setMirrorPercentage, toPolicyText } from '../core/edit/policy-edits.ts';
import type { FoundFile } from '../core/input/folder-tree.ts';
import { toSibling } from '../core/input/folder-tree.ts';
import { parsePolicy, toProblem } from '../core/input/parse-document.ts';
import { locate } from '../core/input/yaml-place.ts';
import { renderDigests } from '../core/render/digests.ts';
import type { ModelTarget } from '../core/repository/find-model.ts';
import { toOwnTree } from '../core/repository/find-model.ts';
import { mirrorOf, shareOf } from '../core/rollout/decided.ts';
import type { EffectivePolicy } from '../core/rollout/effective-policy.ts';
import { editModel } from './edit/edit-model.ts';
import type { EditPorts, EditRequest, Planned, RenderedEdit } from './edit/plan.ts';
import { findRendered } from './edit/plan.ts';

export interface MirrorInput {
  /** As typed: `20`, `0.5`, `0.2%`. */
  readonly percentage: string;
  /** Write it into the policy in the model's folder. */
  readonly here: boolean;
  /** Write it into this policy, a path as typed. */
  readonly at: string | undefined;
  /** In an emergency nobody is asked where: an inherited percentage is set for this model alone. */
  readonly isBrake?: boolean;
}

/** Sets the percentage in the policy that sets it, or in the one that is asked for. */
export function mirror(request: EditRequest, input: MirrorInput, ports: EditPorts): Promise<EditOutcome> {
  const percentage = /^\d+(\.\d+)? ?%?$/.test(input.percentage) ? Number.parseFloat(input.percentage) : Number.NaN;
  if (!(percentage <= 100))
    throw new Fault(
      'usage',
      safe`${quote(input.percentage)} is not a percentage`,
      safe`write a number from 0 to 100, as in 20 or 0.5`,
    );
  const share = toSmallShare(percentage);
  // Whoever types the sign means percent.
  const question = input.percentage.endsWith('%') ? undefined : share;
  const choose = { ...input, percentage, question, cluster: request.cluster, names: ports.names };
  return editModel(request, ports, {
    plan: (target) => plan(target, choose),
    findNotes: (target, rendered) => [
      ...(share === undefined ? [] : [{ code: 'small-share', ...share } as const]),
      ...findLater(target, rendered),
    ],
  });
}

interface Wish extends Pick<MirrorInput, 'here' | 'at' | 'isBrake'> {
  readonly percentage: number;
  readonly question: SmallShare | undefined;
  readonly cluster: string | undefined;
  readonly names: EditPorts['names'];
}

function plan(target: ModelTarget, wish: Wish): Planned {
  const { percentage, here, at, isBrake = false, cluster, names } = wish;
  const { model, file, policies } = target;
  const { name } = model.metadata;
  const application = renderDigests(toOwnTree(target), { cluster });
  const policy = findRendered(application, target)?.rollout.policy;
  if (policy === undefined) return { problems: application.problems };
  const origin = policy.origins.get('mirrorPercentage');
  const setIn = origin?.source.path;
  const isAsked = here || at !== undefined;
  if (!isAsked && policy.mirrorPercentage === percentage) {
    const place = origin && locate(origin.source, origin.path);
    return {
      unchanged: { code: 'mirrored', model: name, percentage, place },
      file: setIn,
      ...toFacts(name, wish),
    };
  }
  const own = policies.filter(({ folder }) => folder === file.folder);
  const chosen = at === undefined ? toOwnPolicy(own, setIn) : findPolicy(at, target, names);
  const isInherited = setIn === undefined ? own.length === 0 : !own.some(({ path }) => path === setIn);
  if (!isAsked && isInherited && !isBrake) return { problems: [toInherited(target, policy, chosen, wish)] };
  const isNearer = (found: FoundFile) => policies.findIndex(({ path }) => path === setIn) > policies.indexOf(found);
  if (at !== undefined && chosen !== undefined && origin !== undefined && isNearer(chosen))
    return {
      problems: [
        toProblem(origin.source, origin.path, {
          code: 'percentage-inherited',
          message: safe`${policy.mirrorPercentage} is set here, closer to ${mask(name)}, and would still apply`,
          hint: safe`change it here: pass --here, or name this file with --at`,
        }),
      ],
    };
  if (chosen === undefined && own.length > 0)
    throw new Fault(
      'usage',
      safe`there are several policies in ${mask(file.folder)}: ${join(
        own.map((one) => mask(one.name)),
        ', ',
      )}`,
      safe`name one of them with --at`,
    );
  return planPolicy(target, chosen, wish);
}

/** @param file undefined: a policy is created in the model's folder. */
function planPolicy(target: ModelTarget, file: FoundFile | undefined, wish: Wish): Planned {
  const { percentage, question } = wish;
  const { name } = target.model.metadata;
  const facts = toFacts(name, wish);
  if (file === undefined) {
    const after = toPolicyText(name, percentage, target.source.text);
    return { file: toSibling(target.file, 'policy.yaml'), before: undefined, after, question, ...facts };
  }
  const source = target.tree.read(file);
  if ('code' in source) return { problems: [source] };
  const { value: policy, problems } = parsePolicy(source);
  if (policy === undefined) return { problems };
  const edited = setMirrorPercentage(source, policy, percentage);
  if ('problem' in edited) return { problems: [edited.problem] };
  return edited.text === source.text
    ? { unchanged: { code: 'policy-set', file: file.path, percentage }, file: file.path, ...facts }
    : { file: file.path, before: source.text, after: edited.text, question, ...facts };
}

function toFacts(
  model: string,
  { percentage, isBrake = false }: Wish,
): { readonly subject: EditSubject; readonly effect: EditEffect } {
  const subject: EditSubject = isBrake ? { code: 'brake', model } : { code: 'mirror', model, percentage };
  return { subject, effect: { code: 'applied' } };
}

/** Below this many percent, people may have meant a fraction of 1. */
const smallShare = 1;

/** A share as a count of requests; undefined where a percentage is clear enough. */
function toSmallShare(percentage: number): SmallShare | undefined {
  if (percentage <= 0 || percentage >= smallShare) return undefined;
  const decimals = String(Number(percentage.toFixed(6))).split('.')[1] ?? '';
  const factor = 10 ** decimals.length;
  return { percentage, requests: Math.round(percentage * factor), outOf: 100 * factor };
}

/** The policy of a model's folder that sets the percentage, or that is to set it: the only one, or `policy.yaml`. */
function toOwnPolicy(own: readonly FoundFile[], setIn: string | undefined): FoundFile | undefined {
  const setting = own.find(({ path }) => path === setIn);
  return setting ?? own.find(({ name }) => name === 'policy.yaml') ?? (own.length === 1 ? own[0] : undefined);
}

function findPolicy(typed: string, { policies, model }: ModelTarget, names: EditPorts['names']): FoundFile {
  const [path] = names.toInnerPaths(typed);
  const found = policies.find((policy) => policy.path === path);
  if (found !== undefined) return found;
  const known = policies.map((policy) => names.toShownPath(policy.path));
  throw new Fault(
    'usage',
    safe`${mask(typed)} is not a policy that applies to ${mask(model.metadata.name)}`,
    known.length === 0 ? safe`there is none: pass --here to create one` : safe`these do: ${join(known, ', ')}`,
  );
}

/** The percentage is not the model's own. */
function toInherited(
  { model, source, file }: ModelTarget,
  { mirrorPercentage, origins }: EffectivePolicy,
  own: FoundFile | undefined,
  { percentage, names }: Wish,
): Problem {
  const name = mask(model.metadata.name);
  const origin = origins.get('mirrorPercentage');
  const here = safe`pass --here to write ${percentage} into ${names.toShownPath(own?.path ?? toSibling(file, 'policy.yaml'))}`;
  if (origin === undefined)
    return toProblem(source, [], {
      code: 'percentage-inherited',
      message: safe`no policy sets the percentage of ${name}, so the default of ${mirrorPercentage} applies`,
      hint: safe`${here}, or --at FILE for a policy that applies to more models`,
    });
  return toProblem(origin.source, origin.path, {
    code: 'percentage-inherited',
    message: safe`${name} inherits its percentage of ${mirrorPercentage} from here`,
    hint: safe`${here}, or --at ${names.toShownPath(origin.source.path)} to change it for every model that it applies to`,
  });
}

/** What changes for the model while its mirror is closed. */
function findLater(target: ModelTarget, { before, after }: RenderedEdit): EditNote[] {
  const model = target.model.metadata.name;
  const old = findRendered(before, target);
  const state = findRendered(after, target);
  // Without a candidate, the change itself says for which one it is.
  if (old === undefined || state === undefined || state.candidates.length === 0) return [];
  const [from, to] = [shareOf(old), shareOf(state)];
  return to === 0 || to === from || mirrorOf(state).percentage > 0 ? [] : [{ code: 'later', model, from, to }];
}
