import { resolve } from 'node:path';
import type { ReadService } from '../../commands/init/services.ts';
import { Fault } from '../../core/diagnostics/fault.ts';
import { quote, safe } from '../../core/diagnostics/safe-text.ts';
import { mapsAt } from '../../core/input/plain-value.ts';
import type { RecognizedMode } from '../../core/serving/modes.ts';
import { recognizeMode } from '../../core/serving/modes.ts';
import { ApiTrouble, KubernetesApi } from '../../io/kubernetes/kubernetes-api.ts';
import type { Host } from '../host.ts';
import type { InitFlags } from './flags.ts';

const timeoutMs = 30_000;

type ClusterFlags = Pick<InitFlags, 'kubeconfig' | 'context'>;
type Start = Pick<Host, 'workingDirectory'>;

/** @returns an InferenceService of the cluster as JSON. @throws Fault when there is none, or no answer. */
export async function readClusterService(
  namespace: string,
  name: string,
  flags: ClusterFlags,
  host: Start,
): Promise<string> {
  try {
    const path = `${services(namespace)}/${encodeURIComponent(name)}`;
    return await readText(path, flags, host);
  } catch (error) {
    if (!(error instanceof ApiTrouble)) throw error;
    const isAbsent = error.status === 404;
    throw new Fault(
      'environment',
      isAbsent ? safe`there is no InferenceService ${quote(`${namespace}/${name}`)} in the cluster` : error.message,
      isAbsent
        ? safe`kubectl get inferenceservice --all-namespaces lists them`
        : safe`check the kubeconfig, or pass --from FILE`,
      { cause: error },
    );
  }
}

/** @returns a Service of the cluster, whatever the answer. */
export async function readPlainService(
  namespace: string,
  name: string,
  flags: ClusterFlags,
  host: Start,
): Promise<ReadService> {
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${encodeURIComponent(name)}`;
    const text = await readText(path, flags, host);
    return { code: 'found', value: JSON.parse(text) as unknown };
  } catch (error) {
    if (error instanceof ApiTrouble)
      return error.status === 404 ? { code: 'absent' } : { code: 'unread', reason: error.message };
    if (error instanceof SyntaxError) return { code: 'unread', reason: safe`the answer is not JSON` };
    throw error;
  }
}

/** As many as show the mode of a namespace. */
const fewServices = 20;

/** @returns which mode the models of a namespace have; undefined: nothing shows it. @throws Fault when there is no answer. */
export async function recognizeInCluster(
  namespace: string,
  flags: ClusterFlags,
  host: Start,
): Promise<RecognizedMode | undefined> {
  try {
    const list = JSON.parse(await readText(`${services(namespace)}?limit=${fewServices}`, flags, host)) as unknown;
    const found = recognizeMode(undefined, mapsAt(list, ['items']));
    if (found !== undefined) return found;
    return recognizeMode(await readNamespace(namespace, flags, host), []);
  } catch (error) {
    if (!(error instanceof ApiTrouble || error instanceof SyntaxError)) throw error;
    throw new Fault(
      'environment',
      error instanceof ApiTrouble ? error.message : safe`the answer is not JSON`,
      safe`check the kubeconfig, or pass the mode with --mode`,
      { cause: error },
    );
  }
}

/** @returns undefined: there is no such namespace yet, or this person may not read it. */
async function readNamespace(namespace: string, flags: ClusterFlags, host: Start): Promise<unknown> {
  try {
    return JSON.parse(await readText(`/api/v1/namespaces/${encodeURIComponent(namespace)}`, flags, host)) as unknown;
  } catch (error) {
    if (error instanceof ApiTrouble && (error.status === 404 || error.status === 403)) return undefined;
    throw error;
  }
}

const services = (namespace: string) =>
  `/apis/serving.kserve.io/v1beta1/namespaces/${encodeURIComponent(namespace)}/inferenceservices`;

/** @param path of the Kubernetes API. */
async function readText(
  path: string,
  { kubeconfig, context }: ClusterFlags,
  { workingDirectory }: Start,
): Promise<string> {
  const api = new KubernetesApi({ kubeconfig: kubeconfig && resolve(workingDirectory, kubeconfig), context });
  const response = await api.request(path, { signal: AbortSignal.timeout(timeoutMs) });
  return response.text();
}
