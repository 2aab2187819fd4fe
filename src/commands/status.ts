/** Desired and observed state of one model, or of all below a folder. */
import type { Assessment } from '../core/assess/assess-model.ts';
import { assessModel } from '../core/assess/assess-model.ts';
import type { FindPending, PendingStep } from '../core/assess/pending.ts';
import { toPendingStep } from '../core/assess/pending.ts';
import { isFault } from '../core/diagnostics/fault.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import type { FolderTree } from '../core/input/folder-tree.ts';
import type { RecordedModel } from '../core/observe/cluster-observer.ts';
import { ClusterObserver } from '../core/observe/cluster-observer.ts';
import type { ClusterReader } from '../core/ports/cluster-reader.ts';
import type { ListLive, ReadFiles, RepositoryFiles } from '../core/ports/observation.ts';
import type { Clock } from '../core/ports/watch.ts';
import type { RenderedRollout } from '../core/render/decide-model.ts';
import type { PathNames } from '../core/repository/find-model.ts';
import { listStatusClusters } from '../core/repository/status-clusters.ts';
import type { Diagnosis } from '../core/routing/examination.ts';
import { findWorst } from './examine-cluster.ts';
import type { RenderOptions } from './rendered-models.ts';
import { renderInNamespaces, renderModel, renderModels, requireNamespace } from './rendered-models.ts';

export interface StatusRequest extends RenderOptions {
  /** Undefined: all models of the tree. */
  readonly model: string | undefined;
  readonly names: PathNames;
}

export interface StatusPorts {
  readonly readFiles: ReadFiles;
  /** Absent: the status files are all that is observed. */
  readonly listLive?: ListLive | undefined;
  /** Absent: the mirror path is not examined. */
  readonly reader?: ClusterReader | undefined;
  /** Absent: unknown. */
  readonly findPending?: ((files: RepositoryFiles) => Promise<FindPending>) | undefined;
  readonly clock: Pick<Clock, 'now'>;
}

export interface StatusReport extends Omit<RepositoryFiles, 'tree'> {
  readonly assessments: readonly Assessment[];
  readonly problems: readonly Problem[];
  /** The worst finding on the mirror path of any of them. */
  readonly finding: Diagnosis | undefined;
  /** What to commit or push before anything else. */
  readonly pending: PendingStep | undefined;
}

/** May be called again and again. Rejects with a Fault when files or cluster cannot be read. */
export type ReadStatus = (signal: AbortSignal) => Promise<StatusReport>;

export function createStatus(request: StatusRequest, ports: StatusPorts): ReadStatus {
  const observer = new ClusterObserver();
  const { model, names, cluster, namespace } = request;
  const render = (tree: FolderTree, known: string | undefined) =>
    model === undefined
      ? renderModels(tree, { cluster, namespace: known })
      : renderModel(model, tree, names, { cluster, namespace: known });
  return async (signal) => {
    const { tree, revision, ahead, statusesOn } = await ports.readFiles(signal);
    const { rollouts, problems } = render(tree, namespace);
    const live = await observe(rollouts);
    const findings = await examine(tree, rollouts);
    const findPending = await ports.findPending?.({ tree, revision, ahead });
    const clusters = cluster === undefined ? listStatusClusters(tree) : [];
    const assessments = rollouts.map((rendered, i) => {
      // At another revision, what is only in this clone changes nothing.
      const pending = revision === undefined ? findPending?.([toFile(rendered)]) : undefined;
      return assessModel(rendered, { live: live?.[i], finding: findings?.byModel[i], namespace, pending, clusters });
    });
    const pending = findPending?.(rollouts.map(toFile));
    return {
      ...{ assessments, problems, revision, ahead, statusesOn },
      finding: findings?.worst,
      pending: pending && toPendingStep(pending),
    };

    async function examine(around: FolderTree, all: readonly RenderedRollout[]) {
      if (ports.reader === undefined) return undefined;
      const named = renderInNamespaces(all, namespace, (known) => render(around, known).rollouts);
      try {
        return await findWorst(named, ports.reader, signal);
      } catch (error) {
        // Status does without findings; `doctor` reports why there are none.
        if (isFault(error)) return undefined;
        throw error;
      }
    }

    async function observe(all: readonly RenderedRollout[]) {
      if (ports.listLive === undefined) return undefined;
      const models = all.map((rendered) => toRecorded(rendered, namespace));
      const objects = await ports.listLive([...new Set(models.map((one) => one.namespace))], signal);
      return observer.observe(models, objects, ports.clock.now());
    }
  };
}

function toFile({ rollout }: RenderedRollout): string {
  return rollout.file.source.path;
}

/** @throws Fault when no namespace is known. */
function toRecorded(rendered: RenderedRollout, otherwise: string | undefined): RecordedModel {
  const { name, primary, candidates } = rendered.rollout;
  return {
    name,
    namespace: requireNamespace(rendered, otherwise),
    primary: primary.name,
    candidates: candidates.map((candidate) => candidate.name),
    recorded: rendered.status?.status,
  };
}
