/** What is known of models, for programs: the fields are documented in docs/operations.md. */

import type { AssessedCandidate, Assessment, DesiredVersion } from '../core/assess/assess-model.ts';
import type { WaitState } from '../core/assess/wait.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import { mask } from '../core/diagnostics/safe-text.ts';
import type { VersionStatus } from '../core/input/schema.ts';
import type { RampPosition } from '../core/rollout/ramp-choice.ts';
import type { Diagnosis } from '../core/routing/examination.ts';
import { toJsonText } from './masked-texts.ts';
import { toDifferenceText } from './words/difference.ts';
import { toGateText } from './words/gate.ts';
import { toNextText } from './words/next-step.ts';
import { toRampText } from './words/ramp.ts';
import { toWaitText } from './words/wait.ts';
import type { Wording } from './words/wording.ts';

/** What is reported besides the models. */
export interface StatusExtras {
  /** Undefined: the files are those of the working tree. */
  readonly revision: { readonly name: string; readonly commit: string } | undefined;
  readonly problems: readonly Problem[];
  /** The result of waiting. */
  readonly wait?: { readonly goal: string; readonly state: WaitState };
}

/** `{"models": […]}` */
export function toStatusJson(
  assessments: readonly Assessment[],
  { revision, problems, wait }: StatusExtras,
  wording: Wording,
): string {
  const models = assessments.map((assessment) => {
    const { name, namespace, file, primary, candidates, percentage, source } = assessment;
    return {
      name,
      namespace: namespace ?? null,
      file,
      desired: { primary: toVersionJson(primary.desired), candidates: candidates.map(toCandidateJson), percentage },
      source,
      ...toConclusionJson(assessment, wording),
    };
  });
  const all = {
    models,
    problems,
    revision: revision ?? null,
    ...(wait === undefined ? {} : { wait: toWaitJson(wait, wording) }),
  };
  return toJsonText(all);
}

/** The fields that `status` and `explain` share. */
export function toConclusionJson(assessment: Assessment, wording: Wording) {
  const { observed, differences, finding, next } = assessment;
  return {
    observed:
      observed === undefined
        ? null
        : { primary: toObservedJson(observed.primary), candidates: observed.candidates.map(toObservedJson) },
    differences: differences.map((one) => ({ code: one.code, text: toDifferenceText(one, wording) })),
    finding: finding === undefined ? null : toFindingJson(finding),
    next: toNextText(assessment, wording),
    nextCode: next.code,
  };
}

function toFindingJson({ code, severity, reason, cure }: Diagnosis): object {
  return { code, severity, reason, cure };
}

/** A URI's user and password are left out. */
export function toVersionJson({ name, version, storageUri, digest }: DesiredVersion): object {
  return { name, version, storageUri: storageUri === undefined ? null : mask(storageUri), digest };
}

/** With its mirror as it is rendered, and why. */
export function toCandidateJson({ desired, mirror, ramp }: AssessedCandidate): object {
  const { percentage, reason } = mirror;
  return {
    ...toVersionJson(desired),
    mirror: percentage === 0 ? null : { percentage },
    gate: { code: reason.code, open: percentage > 0, text: toGateText(mirror) },
    ramp: toRampJson(ramp),
  };
}

/** Steps count from 1, as the words have them. */
export function toRampJson(position: RampPosition | undefined): object | null {
  if (position === undefined) return null;
  const { ramp, step, since } = position;
  return { step: step + 1, steps: ramp.steps, hold: ramp.hold, since: since ?? null, text: toRampText(position) };
}

function toObservedJson(observed: VersionStatus | undefined): object | null {
  if (observed === undefined) return null;
  const { reason, message } = observed;
  return {
    ...observed,
    ...(reason === undefined ? {} : { reason: mask(reason) }),
    ...(message === undefined ? {} : { message: mask(message) }),
  };
}

function toWaitJson({ goal, state }: NonNullable<StatusExtras['wait']>, wording: Wording): object {
  const { outcome, models } = state;
  const reason = models[0]?.reason ?? { code: 'no-candidate' };
  return {
    for: goal,
    outcome: outcome === 'waiting' ? 'timed-out' : outcome,
    code:
      reason.code === 'difference'
        ? reason.difference.code
        : reason.code === 'gate'
          ? reason.gate.reason.code
          : reason.code,
    text: toWaitText(state, wording),
  };
}
