/** What is in effect for one model and why, from the files of the work tree. */
import { assessModel } from '../core/assess/assess-model.ts';
import type { Explanation } from '../core/assess/explanation.ts';
import { explainRollout } from '../core/assess/explanation.ts';
import { readNamespace } from '../core/assess/namespace.ts';
import type { FindPending } from '../core/assess/pending.ts';
import type { Fault } from '../core/diagnostics/fault.ts';
import { isFault } from '../core/diagnostics/fault.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import { findBrokenFiles } from '../core/diagnostics/problem.ts';
import type { FolderTree } from '../core/input/folder-tree.ts';
import type { Clone } from '../core/ports/clone.ts';
import type { ClusterReader } from '../core/ports/cluster-reader.ts';
import type { RenderedRollout } from '../core/render/decide-model.ts';
import { renderDigests } from '../core/render/digests.ts';
import type { ModelTarget, PathNames } from '../core/repository/find-model.ts';
import { toOwnTree } from '../core/repository/find-model.ts';
import { listStatusClusters } from '../core/repository/status-clusters.ts';
import { toMirrorTime } from '../core/rollout/promotion-limit.ts';
import { findMirrorRecord } from '../core/timeline/mirror-record.ts';
import { findWorst } from './examine-cluster.ts';
import { readPastIfAny } from './model-past.ts';
import type { RenderOptions } from './rendered-models.ts';
import { renderModel, requireNamespace } from './rendered-models.ts';

export interface ExplainRequest extends RenderOptions {
  /** Its name, or the path of its file or folder. */
  readonly model: string;
  readonly names: PathNames;
  readonly tree: FolderTree;
}

export interface ExplainReport {
  /** Undefined: there are errors, or there is no such model. */
  readonly explanation: Explanation | undefined;
  readonly problems: readonly Problem[];
  /** Why the cluster was not examined, although it was to be. */
  readonly unanswered?: Fault | undefined;
  /** Files with errors that keep an Application which also renders the model from applying anything. */
  readonly broken: ReturnType<typeof findBrokenFiles>;
}

export interface ExplainPorts {
  /** Of the cluster; undefined: the mirror path is not examined. */
  readonly reader?: ClusterReader | undefined;
  /** Undefined: outside of a repository. */
  readonly clone?: Pick<Clone, 'readPast'> | undefined;
  /** In seconds since 1970. */
  readonly now: number;
}

/**
 * @param findPending finds what is only in this clone of a tree.
 * @throws Fault when several models have this name, or the namespace to examine is not known.
 */
export async function explainModel(
  { model, names, tree, cluster, namespace }: ExplainRequest,
  findPending: (tree: FolderTree) => Promise<FindPending>,
  { reader, clone, now }: ExplainPorts,
): Promise<ExplainReport> {
  const render = (known: string | undefined) => renderModel(model, tree, names, { cluster, namespace: known });
  const declared = render(namespace);
  const observed = namespace === undefined ? readNamespace(declared.rollouts[0]?.status) : undefined;
  const { target, rollouts, problems } = observed === undefined ? declared : render(observed);
  const [rendered] = rollouts;
  if (target === undefined || rendered === undefined) return { explanation: undefined, problems, broken: [] };
  const examined = reader && (await examine(rendered, namespace, reader));
  const pending = await findPending(toOwnTree(target));
  const assessment = assessModel(rendered, {
    namespace,
    finding: examined?.worst,
    pending: pending([target.file.path]),
    clusters: cluster === undefined ? listStatusClusters(tree) : [],
  });
  return {
    explanation: explainRollout(rendered, assessment, await readMirrorTime(target, rendered)),
    problems,
    unanswered: examined?.unanswered,
    broken: findBrokenFiles(renderDigests(tree, { cluster }).problems),
  };

  async function readMirrorTime(target: ModelTarget, { rollout, candidates }: RenderedRollout) {
    const limit = rollout.policy.minMirrorTime;
    const [candidate] = candidates;
    if (limit === undefined || candidate === undefined) return undefined;
    const points = await readPastIfAny(target, undefined, clone && { clone, names, cluster });
    return toMirrorTime(limit, points && findMirrorRecord(points, candidate.digest, now));
  }
}

async function examine(rendered: RenderedRollout, namespace: string | undefined, reader: ClusterReader) {
  requireNamespace(rendered, namespace);
  try {
    const { worst } = await findWorst([rendered], reader, new AbortController().signal);
    return { worst, unanswered: undefined };
  } catch (error) {
    // What git says holds without the cluster.
    if (isFault(error) && error.code === 'environment') return { worst: undefined, unanswered: error };
    throw error;
  }
}
