/** How the candidate of a model is judged: from the files of the work tree, and from the watcher's counts. */
import type { Judgement } from '../core/assess/judgement.ts';
import { findJudgement } from '../core/assess/judgement.ts';
import type { LiveView } from '../core/assess/outlook.ts';
import { toOutlook } from '../core/assess/outlook.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import { hasErrors } from '../core/diagnostics/problem.ts';
import type { FolderTree } from '../core/input/folder-tree.ts';
import type { WatcherPages } from '../core/ports/watcher-pages.ts';
import { renderDigests } from '../core/render/digests.ts';
import type { PathNames } from '../core/repository/find-model.ts';
import { pickModel, toOwnTree } from '../core/repository/find-model.ts';
import { findRendered } from './edit/plan.ts';
import { readLive } from './live-analysis.ts';
import { requireNamespace } from './rendered-models.ts';

export interface AnalysisRequest {
  /** Of the model, or a path. */
  readonly model: string;
  readonly names: PathNames;
  readonly tree: FolderTree;
  readonly cluster: string | undefined;
  /** For models that name none. */
  readonly namespace: string | undefined;
}

export type AnalysisResult =
  | { readonly code: 'problems'; readonly problems: readonly Problem[] }
  | { readonly code: 'no-candidate' | 'no-analysis'; readonly model: string }
  | { readonly code: 'found'; readonly judgement: Judgement; readonly view: LiveView };

/**
 * @param pages of a watcher; undefined: it is not asked.
 * @throws Fault when it is, and the model's namespace is not known.
 */
export async function readAnalysis(
  { model, names, tree, cluster, namespace }: AnalysisRequest,
  pages: WatcherPages | undefined,
  signal: AbortSignal,
): Promise<AnalysisResult> {
  const target = pickModel(model, tree, names);
  if ('problems' in target) return { code: 'problems', problems: target.problems };
  const application = renderDigests(toOwnTree(target), { cluster, namespace });
  if (hasErrors(application.problems)) return { code: 'problems', problems: application.problems };
  const { name } = target.model.metadata;
  const rendered = findRendered(application, target);
  const candidate = rendered?.candidates[0];
  if (rendered === undefined || candidate === undefined) return { code: 'no-candidate', model: name };
  const judgement = findJudgement(rendered, candidate);
  if (judgement === undefined) return { code: 'no-analysis', model: name };
  if (pages === undefined) return { code: 'found', judgement, view: { code: 'not-asked' } };
  const live = await readLive(pages, requireNamespace(rendered, namespace), name, signal);
  const view: LiveView =
    live.code === 'found' ? { code: 'found', outlook: toOutlook(live.analysis, judgement.subject) } : live;
  return { code: 'found', judgement, view };
}
