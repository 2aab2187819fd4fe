import { resolve } from 'node:path';
import type { ReadService } from '../../commands/init/services.ts';
import { Fault } from '../../core/diagnostics/fault.ts';
import { quote, safe } from '../../core/diagnostics/safe-text.ts';
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
    return await readText('apis/serving.kserve.io/v1beta1', 'inferenceservices', { namespace, name }, flags, host);
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
    const text = await readText('api/v1', 'services', { namespace, name }, flags, host);
    return { code: 'found', value: JSON.parse(text) as unknown };
  } catch (error) {
    if (error instanceof ApiTrouble)
      return error.status === 404 ? { code: 'absent' } : { code: 'unread', reason: error.message };
    if (error instanceof SyntaxError) return { code: 'unread', reason: safe`the answer is not JSON` };
    throw error;
  }
}

async function readText(
  group: string,
  plural: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  { kubeconfig, context }: ClusterFlags,
  { workingDirectory }: Start,
): Promise<string> {
  const api = new KubernetesApi({ kubeconfig: kubeconfig && resolve(workingDirectory, kubeconfig), context });
  const path = `/${group}/namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(name)}`;
  const response = await api.request(path, { signal: AbortSignal.timeout(timeoutMs) });
  return response.text();
}
