/** Whether copies of models get to their candidates, and whether clients are safe from them. */
import { Fault } from '../core/diagnostics/fault.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import { safe } from '../core/diagnostics/safe-text.ts';
import type { FolderTree } from '../core/input/folder-tree.ts';
import type { PathNames } from '../core/repository/find-model.ts';
import type { DiagnosedModel, Diagnosis, ExaminedModel, StatisticsRequest } from '../core/routing/examination.ts';
import { examiner } from '../core/routing/examiners.ts';
import type { ExaminePorts } from './examine-cluster.ts';
import { examineCluster, toExaminedModel } from './examine-cluster.ts';
import type { RenderOptions } from './rendered-models.ts';
import { renderInNamespaces, renderModel, renderModels, requireNamespace } from './rendered-models.ts';

export interface DoctorRequest extends RenderOptions {
  /** Undefined: all models of the tree. */
  readonly model: string | undefined;
  readonly names: PathNames;
  readonly tree: FolderTree;
  /** How long lost copies are counted; 0: only what was lost since the proxies started. */
  readonly countMs: number;
}

export interface DoctorReport {
  /** The worst first. */
  readonly diagnoses: readonly Diagnosis[];
  readonly models: readonly DiagnosedModel[];
  /** Pods whose statistics were read; undefined: the cluster was not examined. */
  readonly counted: readonly Pick<StatisticsRequest, 'namespace' | 'pod'>[] | undefined;
  /** Of the files: models with errors are not examined. */
  readonly problems: readonly Problem[];
}

/**
 * @param ports of the cluster; undefined: only files are examined.
 * @throws Fault when the cluster does not answer, or lists nothing to this user.
 */
export async function runDoctor(
  request: DoctorRequest,
  ports: ExaminePorts | undefined,
  signal: AbortSignal,
): Promise<DoctorReport> {
  const { rollouts, problems } = renderNamed(request);
  if (ports === undefined || rollouts.length === 0) {
    const models = rollouts.map(toExaminedModel);
    const diagnoses = examiner.examinePolicies(models);
    return { diagnoses, models: models.map(toDiagnosedModel), counted: undefined, problems };
  }
  for (const rendered of rollouts) requireNamespace(rendered, request.namespace);
  const models = rollouts.map(toExaminedModel);
  const { diagnoses, lists, statistics } = await examineCluster(models, request.countMs, ports, signal);
  const [refusal] = lists.flatMap(({ failure }) => failure ?? []);
  if (refusal !== undefined && lists.every(({ failure }) => failure?.code === 'refused'))
    throw new Fault('environment', refusal.message, safe`this needs permission to list objects; try another --context`);
  return {
    diagnoses,
    models: models.map(toDiagnosedModel),
    counted: statistics.flatMap(({ request: { namespace, pod }, texts }) =>
      texts.length > 0 ? [{ namespace, pod }] : [],
    ),
    problems,
  };
}

function toDiagnosedModel({ namespace, name }: ExaminedModel): DiagnosedModel {
  return { namespace, name };
}

function renderNamed({ model, names, tree, cluster, namespace }: DoctorRequest) {
  const render = (known: string | undefined) =>
    model === undefined
      ? renderModels(tree, { cluster, namespace: known })
      : renderModel(model, tree, names, { cluster, namespace: known });
  const { rollouts, problems } = render(namespace);
  return { problems, rollouts: renderInNamespaces(rollouts, namespace, (known) => render(known).rollouts) };
}
