/** Reads the mirror path of some models in a cluster, and finds what is wrong with it. Nothing is written. */
import type { ClusterReader } from '../core/ports/cluster-reader.ts';
import type { Clock } from '../core/ports/watch.ts';
import type { RenderedRollout } from '../core/render/decide-model.ts';
import { renderServices } from '../core/render/render-model.ts';
import type {
  DiagnosedModel,
  Diagnosis,
  ExaminedModel,
  ObjectList,
  PodStatistics,
  ResourceQuery,
  StatisticsRequest,
} from '../core/routing/examination.ts';
import { examiner } from '../core/routing/examiners.ts';

export interface ExaminePorts {
  readonly reader: ClusterReader;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
}

export interface ExaminedCluster {
  /** The worst first. */
  readonly diagnoses: readonly Diagnosis[];
  readonly lists: readonly ObjectList[];
  /** The Pods whose statistics were read or could not be. */
  readonly statistics: readonly PodStatistics[];
}

/**
 * @param models each with a known namespace.
 * @param countMs how long lost copies are counted; 0: only what was lost since the proxies started.
 * @throws Fault when the cluster does not answer.
 */
export async function examineCluster(
  models: readonly ExaminedModel[],
  countMs: number,
  { reader, clock }: ExaminePorts,
  signal: AbortSignal,
): Promise<ExaminedCluster> {
  const lists = await listAll(models, reader, signal);
  const requests = examiner.toStatisticsRequests(models, lists);
  const statistics = await readTwice(requests, countMs, { reader, clock }, signal);
  return { diagnoses: examiner.examine(models, { lists, statistics }), lists, statistics };
}

export interface WorstFindings {
  /** Of all models. */
  readonly worst: Diagnosis | undefined;
  /** Of each model, in the order in which they were given. */
  readonly byModel: readonly (Diagnosis | undefined)[];
}

/**
 * The worst errors or warnings by the objects in the cluster alone: no statistics are read.
 *
 * @param rollouts each with a known namespace.
 * @throws Fault when the cluster does not answer.
 */
export async function findWorst(
  rollouts: readonly RenderedRollout[],
  reader: ClusterReader,
  signal: AbortSignal,
): Promise<WorstFindings> {
  const models = rollouts.map(toExaminedModel);
  const diagnoses = examiner
    .examine(models, { lists: await listAll(models, reader, signal), statistics: [] })
    .filter(({ severity }) => severity !== 'note');
  const toKey = ({ namespace, name }: DiagnosedModel) => `${namespace}/${name}`;
  const worst = new Map<string, Diagnosis>();
  for (const one of diagnoses)
    for (const model of one.models) if (!worst.has(toKey(model))) worst.set(toKey(model), one);
  return { worst: diagnoses[0], byModel: models.map((model) => worst.get(toKey(model))) };
}

export function toExaminedModel({ rollout }: RenderedRollout): ExaminedModel {
  const { file, name, namespace, policy, hosts, serviceHosts } = rollout;
  const hasCandidate = rollout.candidates.length > 0;
  return { file, name, namespace, policy, hosts, serviceHosts, hasCandidate, services: renderServices(rollout) };
}

async function listAll(
  models: readonly ExaminedModel[],
  reader: ClusterReader,
  signal: AbortSignal,
): Promise<ObjectList[]> {
  return (await Promise.all(examiner.toQueries(models).map((query) => list(query, reader, signal)))).flat();
}

/** Who may not list a kind in all namespaces may be able to in some. */
async function list(query: ResourceQuery, reader: ClusterReader, signal: AbortSignal): Promise<ObjectList[]> {
  const { otherwise = [], ...all } = query;
  const whole = await reader.list(all, signal);
  if (whole.failure?.code !== 'refused' || otherwise.length === 0) return [whole];
  return [whole, ...(await Promise.all(otherwise.map((namespace) => reader.list({ ...all, namespace }, signal))))];
}

async function readTwice(
  requests: readonly StatisticsRequest[],
  countMs: number,
  { reader, clock }: ExaminePorts,
  signal: AbortSignal,
): Promise<PodStatistics[]> {
  const read = () =>
    Promise.all(
      requests.map(async (request) => ({ answer: await reader.readStatistics(request, signal), at: clock.now() })),
    );
  const first = await read();
  const isAgain = countMs > 0 && first.some(({ answer }) => typeof answer === 'string');
  if (isAgain) await clock.sleep(countMs, signal);
  const second = isAgain ? await read() : [];
  return requests.map((request, i) => {
    const readings = [first[i], second[i]].flatMap((reading) => reading ?? []);
    const texts = readings.flatMap(({ answer }) => (typeof answer === 'string' ? [answer] : []));
    const [failure] = readings.flatMap(({ answer }) => (typeof answer === 'string' ? [] : [answer]));
    const [start, end] = readings;
    return {
      request,
      texts,
      seconds: start === undefined || end === undefined ? 0 : (end.at - start.at) / 1000,
      failure: texts.length === 0 ? failure : undefined,
    };
  });
}
