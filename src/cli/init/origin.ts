/** What `init` is told to take over: a file, an object of the cluster, or Iter8's values. They are only read. */
import { resolve } from 'node:path';
import type { AdoptionFinding } from '../../core/adopt/inference-service.ts';
import type { Iter8Rollout } from '../../core/adopt/iter8-values.ts';
import { readIter8Values } from '../../core/adopt/iter8-values.ts';
import { Fault } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { hasErrors } from '../../core/diagnostics/problem.ts';
import { quote, safe } from '../../core/diagnostics/safe-text.ts';
import { toProblem } from '../../core/input/parse-document.ts';
import type { SourceFile } from '../../core/input/source-file.ts';
import { parseManifests } from '../../core/input/yaml-text.ts';
import { readSource, readStandardInput } from '../../io/files/folder-tree.ts';
import { ApiTrouble, KubernetesApi } from '../../io/kubernetes/kubernetes-api.ts';
import type { Host } from '../host.ts';
import type { InitFlags } from './flags.ts';

/** Where the model comes from, when it is there already. */
export interface Origin {
  readonly source: SourceFile;
  readonly value: unknown;
}

/** @returns undefined when nothing is to be taken over. */
export async function readOrigin(flags: InitFlags, host: Host): Promise<Origin | Problem[] | undefined> {
  if (flags.fromCluster !== undefined) return readCluster(flags.fromCluster, flags, host);
  return flags.from === undefined ? undefined : readValue(flags.from, host);
}

export function readIter8({ fromIter8 }: InitFlags, host: Host): Iter8Rollout | Problem[] | undefined {
  if (fromIter8 === undefined) return undefined;
  const read = readValue(fromIter8, host);
  if (isProblems(read)) return read;
  const rollout = readIter8Values(read.value);
  return 'code' in rollout ? [toPlaced(read.source, rollout)] : rollout;
}

function readValue(path: string, host: Host): Origin | Problem[] {
  const source = path === '-' ? readStandardInput() : readSource(resolve(host.workingDirectory, path), path);
  return 'code' in source ? [source] : parseOrigin(source);
}

function parseOrigin(source: SourceFile): Origin | Problem[] {
  const { value, problems } = parseManifests(source);
  return hasErrors(problems) ? [...problems] : { source, value };
}

async function readCluster(
  fromCluster: string,
  { kubeconfig, context }: InitFlags,
  host: Host,
): Promise<Origin | Problem[]> {
  const [namespace = '', name = '', ...more] = fromCluster.split('/');
  if (namespace === '' || name === '' || more.length > 0)
    throw new Fault('usage', safe`${quote(fromCluster)} names no InferenceService`, safe`write it as namespace/name`);
  const api = new KubernetesApi({
    kubeconfig: kubeconfig && resolve(host.workingDirectory, kubeconfig),
    context,
  });
  const path = `/apis/serving.kserve.io/v1beta1/namespaces/${encodeURIComponent(namespace)}/inferenceservices/${encodeURIComponent(name)}`;
  try {
    const response = await api.request(path, { signal: AbortSignal.timeout(patienceMs) });
    return parseOrigin({ path: fromCluster, text: await response.text() });
  } catch (error) {
    if (!(error instanceof ApiTrouble)) throw error;
    throw new Fault(
      'environment',
      error.status === 404 ? safe`there is no InferenceService ${quote(fromCluster)} in the cluster` : error.message,
      error.status === 404
        ? safe`kubectl get inferenceservice --all-namespaces lists them`
        : safe`look at the kubeconfig, or pass --from FILE`,
      { cause: error },
    );
  }
}

const patienceMs = 30_000;

/** A finding at its place in what was read. */
export function toPlaced(source: SourceFile, { path, ...finding }: AdoptionFinding): Problem {
  return toProblem(source, path, finding, { on: 'value' });
}

export function isProblems(value: unknown): value is Problem[] {
  return Array.isArray(value);
}
