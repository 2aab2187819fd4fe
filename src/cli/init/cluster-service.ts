import { resolve } from 'node:path';
import { Fault } from '../../core/diagnostics/fault.ts';
import { quote, safe } from '../../core/diagnostics/safe-text.ts';
import { ApiTrouble, KubernetesApi } from '../../io/kubernetes/kubernetes-api.ts';
import type { Host } from '../host.ts';
import type { InitFlags } from './flags.ts';

const timeoutMs = 30_000;

/** @returns an InferenceService of the cluster as JSON. @throws Fault when there is none, or no answer. */
export async function readClusterService(
  namespace: string,
  name: string,
  { kubeconfig, context }: Pick<InitFlags, 'kubeconfig' | 'context'>,
  { workingDirectory }: Pick<Host, 'workingDirectory'>,
): Promise<string> {
  const api = new KubernetesApi({ kubeconfig: kubeconfig && resolve(workingDirectory, kubeconfig), context });
  const path = `/apis/serving.kserve.io/v1beta1/namespaces/${encodeURIComponent(namespace)}/inferenceservices/${encodeURIComponent(name)}`;
  try {
    const response = await api.request(path, { signal: AbortSignal.timeout(timeoutMs) });
    return await response.text();
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
