/** What differs between the serving modes in the demo: the model file, and the fake of KServe. */
import { mapsAt, textAt, valueAt } from '../core/input/plain-value.ts';
import { FakeKServe } from './fakes/kserve.ts';
import { FakeKServeStandard } from './fakes/kserve-standard/fake.ts';
import type { FakeKubernetes } from './fakes/kubernetes/api.ts';

interface DemoKServe {
  /** From now on the server of an InferenceService fails. */
  readonly fall: (namespace: string, name: string) => void;
  readonly recover: (namespace: string, name: string) => void;
  readonly stop: () => void;
}

export interface DemoMode {
  readonly namespace: string;
  /** Lines of the template's annotations. */
  readonly annotations: readonly string[];
  /** Where the versions are stored. */
  readonly storage: string;
  /** Whether an update can crash unnoticed by KServe's status. */
  readonly updateThatCrashes: boolean;
  readonly start: (cluster: FakeKubernetes, loadMs: number) => DemoKServe;
}

export const demoModes = {
  modelmesh: {
    namespace: 'modelmesh-serving',
    annotations: ['serving.kserve.io/deploymentMode: ModelMesh', 'serving.kserve.io/secretKey: localMinIO'],
    storage: 's3://modelmesh-example-models/sklearn',
    updateThatCrashes: false,
    start: (cluster, loadMs) => new FakeKServe(cluster, loadMs),
  },
  standard: {
    namespace: 'models',
    annotations: ['serving.kserve.io/deploymentMode: Standard'],
    storage: 's3://example-models/sklearn',
    updateThatCrashes: true,
    start: (cluster, loadMs) => {
      const toFate = (storageUri: string) => (storageUri.includes('-v4') ? 'crashes' : undefined);
      const fake = new FakeKServeStandard(cluster, { loadMs, toFate });
      return {
        fall: (namespace, name) => fake.setFate(namespace, name, 'crashes'),
        recover: (namespace, name) => fake.setFate(namespace, name, undefined),
        stop: () => fake.stop(),
      };
    },
  },
} satisfies Readonly<Record<string, DemoMode>>;

export type DemoModeName = keyof typeof demoModes;

/** What the cluster reports of an InferenceService: by KServe's status, and by its Deployment. */
export function toClusterLines(cluster: FakeKubernetes, namespace: string, name: string): string[] {
  const { status } = cluster.get('inferenceservices', namespace, name) ?? {};
  const ready = mapsAt(status, ['conditions']).find((condition) => condition['type'] === 'Ready');
  const deployment = cluster.get('deployments', namespace, `${name}-predictor`)?.status;
  const count = (field: string) => valueAt(deployment, [field]) ?? 0;
  return [
    `KServe reports ${name} as Ready: ${textAt(ready, ['status'])}, ${textAt(status, ['modelStatus', 'transitionStatus'])}`,
    `Its Deployment: ${count('replicas')} pods, ${count('updatedReplicas')} of the new spec, ${count('availableReplicas')} available`,
  ];
}
