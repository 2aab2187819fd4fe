/**
 * Two renders → the report of a pull request: each model in the words of a rollout, what to look at
 * twice, and the objects that change.
 *
 * Invariants: equal renders give an empty report; everything is sorted, so equal renders give equal
 * bytes.
 */

import type { Problem } from '../diagnostics/problem.ts';
import { compareText } from '../diagnostics/problem.ts';
import type { FolderTree } from '../input/folder-tree.ts';
import { findGuardrailRisks } from './guardrails.ts';
import type { ChangedObject, PrintedObject } from './manifest-change.ts';
import { pairObjects } from './manifest-change.ts';
import type { ModelPair, ModelState } from './model-pair.ts';
import { pairModels } from './model-pair.ts';
import { findModelRisks } from './model-risks.ts';
import { summarizeModel } from './model-summary.ts';
import type { Risk } from './risk.ts';

/** What is compared: a revision's files, and what is rendered of them. */
export interface Side {
  readonly tree: FolderTree;
  readonly models: readonly ModelState[];
  /** Empty when there are errors. */
  readonly objects: readonly PrintedObject[];
  readonly problems: readonly Problem[];
}

export interface ModelChange {
  readonly name: string;
  readonly namespace: string;
  /** Of the model, from the repository's root. */
  readonly file: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** The parts of one sentence about the model; never empty. */
  readonly summary: readonly string[];
}

export interface PullRequest {
  readonly models: readonly ModelChange[];
  /** Sorted by place. */
  readonly risks: readonly Risk[];
  /** Sorted by kind, namespace, name. */
  readonly objects: readonly ChangedObject[];
  /** What is wrong with what was there before: it is compared as far as it can be read. */
  readonly problemsBefore: readonly Problem[];
}

/**
 * @param after without errors.
 * @param threshold in percent: to what the mirror can be raised without a word.
 */
export function comparePullRequest(
  before: Side,
  after: Side,
  { threshold }: { readonly threshold: number },
): PullRequest {
  const pairs = pairModels(before.models, after.models);
  const isComparable = !before.problems.some(({ severity }) => severity === 'error');
  return {
    models: pairs.flatMap(toModelChange),
    risks: sortRisks([
      ...pairs.flatMap((pair) => findModelRisks(pair, threshold)),
      ...findGuardrailRisks(before.tree, after.tree),
    ]),
    objects: isComparable ? pairObjects(before.objects, after.objects) : [],
    problemsBefore: isComparable ? [] : before.problems,
  };
}

/** Whether there is anything to tell. What could not be rendered and now can be is a change. */
export function isChanged({ models, risks, objects, problemsBefore }: PullRequest): boolean {
  return models.length + risks.length + objects.length + problemsBefore.length > 0;
}

function toModelChange(pair: ModelPair): ModelChange[] {
  const { before, after } = pair;
  const state = after ?? before;
  const summary = summarizeModel(pair);
  if (state === undefined || summary.length === 0) return [];
  const { name, namespace, file } = state.rollout;
  const change = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  return [{ name, namespace, file: file.source.path, change, summary }];
}

/** By place; a policy that many models share brings the same risk once. */
function sortRisks(risks: readonly Risk[]): Risk[] {
  const byText = new Map(risks.map((risk) => [JSON.stringify(risk), risk]));
  return [...byText.values()].sort(
    (a, b) =>
      compareText(a.file, b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      compareText(a.code, b.code) ||
      compareText(a.message, b.message),
  );
}
