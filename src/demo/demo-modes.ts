/** What differs between the serving modes in the demo: the model file, and the fake of KServe. */
import { mapsAt, textAt, valueAt } from '../core/input/plain-value.ts';
import type { FindServed } from './fakes/data-plane/model-server.ts';
import { FakeKServe } from './fakes/kserve.ts';
import { FakeKServeStandard } from './fakes/kserve-standard/fake.ts';
import type { FakeKubernetes } from './fakes/kubernetes/api.ts';

interface DemoKServe {
  /** From now on the server of an InferenceService fails. */
  readonly fall: (namespace: string, name: string) => void;
  readonly recover: (namespace: string, name: string) => void;
  /** What is loading does not become ready until `resume`. */
  readonly pause: () => void;
  readonly resume: () => void;
  readonly findServed: FindServed;
  readonly stop: () => void;
}

export interface DemoMode {
  readonly namespace: string;
  /** Lines of the template's annotations. */
  readonly annotations: readonly string[];
  /** Where the versions are stored. */
  readonly storage: string;
  /** How clients call models. */
  readonly protocol: 'grpc' | 'rest';
  /** What a person must know who follows the tutorial in this mode, after its name. */
  readonly tutorialHint: string;
  /** Whether an update can crash unnoticed by KServe's status. */
  readonly updateThatCrashes: boolean;
  readonly start: (cluster: FakeKubernetes, loadMs: number) => DemoKServe;
}

/** What is in the address of a model that cannot be loaded. */
const broken = 'broken';

export const demoModes = {
  modelmesh: {
    namespace: 'modelmesh-serving',
    annotations: ['serving.kserve.io/deploymentMode: ModelMesh', 'serving.kserve.io/secretKey: localMinIO'],
    storage: 's3://models',
    protocol: 'grpc',
    tutorialHint: ', with what its table lists for ModelMesh',
    updateThatCrashes: false,
    start: (cluster, loadMs) => new FakeKServe(cluster, loadMs, ({ spec }) => JSON.stringify(spec).includes(broken)),
  },
  standard: {
    namespace: 'models',
    annotations: ['serving.kserve.io/deploymentMode: Standard'],
    storage: 's3://models',
    protocol: 'rest',
    tutorialHint: '',
    updateThatCrashes: true,
    start: (cluster, loadMs) => {
      const toFate = (storageUri: string) =>
        storageUri.includes(broken) ? 'initializer-fails' : storageUri.includes('crashes') ? 'crashes' : undefined;
      const fake = new FakeKServeStandard(cluster, { loadMs, toFate });
      return {
        fall: (namespace, name) => fake.setFate(namespace, name, 'crashes'),
        recover: (namespace, name) => fake.setFate(namespace, name, undefined),
        pause: () => fake.pause('kubelet'),
        resume: () => fake.resume('kubelet'),
        findServed: fake.findServed,
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
