/** How the candidate of a model is judged, from the files of the work tree. */
import type { Judgement } from '../core/assess/judgement.ts';
import { findJudgement } from '../core/assess/judgement.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import { hasErrors } from '../core/diagnostics/problem.ts';
import type { FolderTree } from '../core/input/folder-tree.ts';
import { renderDigests } from '../core/render/digests.ts';
import type { PathNames } from '../core/repository/find-model.ts';
import { pickModel, toOwnTree } from '../core/repository/find-model.ts';
import { findRendered } from './edit/plan.ts';

export interface AnalysisRequest {
  /** Of the model, or a path. */
  readonly model: string;
  readonly names: PathNames;
  readonly tree: FolderTree;
  readonly cluster: string | undefined;
}

export type AnalysisResult =
  | { readonly code: 'problems'; readonly problems: readonly Problem[] }
  | { readonly code: 'no-candidate' | 'no-analysis'; readonly model: string }
  | { readonly code: 'found'; readonly judgement: Judgement };

export function readAnalysis({ model, names, tree, cluster }: AnalysisRequest): AnalysisResult {
  const target = pickModel(model, tree, names);
  if ('problems' in target) return { code: 'problems', problems: target.problems };
  const application = renderDigests(toOwnTree(target), { cluster });
  if (hasErrors(application.problems)) return { code: 'problems', problems: application.problems };
  const { name } = target.model.metadata;
  const rendered = findRendered(application, target);
  const candidate = rendered?.candidates[0];
  if (rendered === undefined || candidate === undefined) return { code: 'no-candidate', model: name };
  const judgement = findJudgement(rendered, candidate);
  return judgement === undefined ? { code: 'no-analysis', model: name } : { code: 'found', judgement };
}
