/** The Deployment and the Pod that KServe makes for an InferenceService in Standard mode, for measurements. */
import type { FakeKubernetes } from '../../src/demo/fakes/kubernetes/api.ts';
import type { Written } from '../../src/demo/fakes/kubernetes/object.ts';
import { running, toContainer, toDeployment, toPod, upToDate } from '../core/serving/standard/objects.ts';

const namespace = 'models';
/** As much as a real pod has in volumes, probes and managed fields. */
const rest = Array.from({ length: 40 }, (_, i) => ({ name: `SETTING_${i}`, value: 'x'.repeat(100) }));

/** @param name of an InferenceService that is there. */
export function addWorkloads(cluster: FakeKubernetes, name: string): void {
  const service = cluster.get('inferenceservices', namespace, name);
  const { uid: owner = '', labels = {}, annotations = {} } = service?.metadata ?? {};
  const digest = annotations['model-mirror.dev/digest'] ?? '';
  const own = { ...labels, 'serving.kserve.io/inferenceservice': name, component: 'predictor' };
  const pod = `${name}-predictor-6d4cf56db6-x2k4v`;
  const made = { name: `${name}-predictor`, owner, digest, available: 0 };
  const write = (apiVersion: string, kind: string, object: object) => {
    const { metadata, spec } = object as Pick<Written, 'metadata'> & { readonly spec: object };
    cluster.apply({ apiVersion, kind, metadata: { ...metadata, labels: own }, spec });
  };
  write('apps/v1', 'Deployment', toDeployment(made));
  write('v1', 'Pod', {
    ...toPod({ name: pod, digest }),
    spec: { containers: [{ name: 'kserve-container', env: rest }] },
  });
  cluster.patchStatus('deployments', namespace, made.name, statusOf(toDeployment(made)));
  cluster.patchStatus('pods', namespace, pod, statusOf(toPod({ containers: [toContainer(running)] })));
}

/** Its pod gets ready. */
export function completeRollout(cluster: FakeKubernetes, name: string): void {
  const ready = toPod({ phase: 'Running', containers: [toContainer(running, { ready: true })] });
  cluster.patchStatus('pods', namespace, `${name}-predictor-6d4cf56db6-x2k4v`, statusOf(ready));
  cluster.patchStatus('deployments', namespace, `${name}-predictor`, statusOf(toDeployment()));
  cluster.patchStatus('inferenceservices', namespace, name, upToDate);
}

function statusOf(object: object): object {
  return (object as { readonly status: object }).status;
}
