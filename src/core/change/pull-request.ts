/**
 * Two renders → the report of a pull request: what changes about each model, what to look at twice, and the objects
 * that change.
 *
 * Invariants: equal renders give an empty report; everything is sorted, so equal renders give equal reports.
 */
import type { Problem } from '../diagnostics/problem.ts';
import { compareText, hasErrors } from '../diagnostics/problem.ts';
import type { FolderTree } from '../input/folder-tree.ts';
import type { RenderedRollout } from '../render/decide-model.ts';
import type { ChangedModel } from './changed-models.ts';
import { findChangedModels, pairModels } from './changed-models.ts';
import { findGuardrailRisks } from './guardrails.ts';
import type { ChangedObject, PrintedObject } from './manifest-change.ts';
import { pairObjects } from './manifest-change.ts';
import { findModelRisks } from './model-risks.ts';
import type { Risk } from './risk.ts';

/** The files of a revision, and what they render to. */
export interface RenderedRevision {
  readonly tree: FolderTree;
  readonly models: readonly RenderedRollout[];
  /** Empty when there are errors. */
  readonly objects: readonly PrintedObject[];
  readonly problems: readonly Problem[];
}

export interface PullRequest {
  readonly models: readonly ChangedModel[];
  /** Sorted by place. */
  readonly risks: readonly Risk[];
  /** Sorted by kind, namespace, name. */
  readonly objects: readonly ChangedObject[];
  /** Errors in the base, whose models are compared as far as they can be read, and its objects not at all. */
  readonly problemsBefore: readonly Problem[];
}

/**
 * @param head without errors.
 * @param threshold in percent: the highest share that a mirror can be opened at or raised to without a risk.
 */
export function comparePullRequest(base: RenderedRevision, head: RenderedRevision, threshold: number): PullRequest {
  const pairs = pairModels(base.models, head.models);
  const isComparable = !hasErrors(base.problems);
  return {
    models: findChangedModels(base.models, head.models),
    risks: sortRisks([
      ...pairs.flatMap((pair) => findModelRisks(pair, threshold)),
      ...findGuardrailRisks(base.tree, head.tree),
    ]),
    objects: isComparable ? pairObjects(base.objects, head.objects) : [],
    problemsBefore: isComparable ? [] : base.problems,
  };
}

/** Whether there is anything to report. A base that could not be rendered is a change. */
export function isChanged({ models, risks, objects, problemsBefore }: PullRequest): boolean {
  return models.length + risks.length + objects.length + problemsBefore.length > 0;
}

/** By place. A policy that several models share gives the same risk once. */
function sortRisks(risks: readonly Risk[]): Risk[] {
  const byText = [...new Map(risks.map((risk) => [JSON.stringify(risk), risk]))];
  return byText
    .sort(
      ([oneText, a], [otherText, b]) =>
        compareText(a.file, b.file) ||
        a.line - b.line ||
        a.column - b.column ||
        compareText(a.code, b.code) ||
        compareText(oneText, otherText),
    )
    .map(([, risk]) => risk);
}
