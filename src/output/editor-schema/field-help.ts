/** What editors offer for the fields that people write: examples, defaults and snippets. The schemas describe the fields. */

/** Something to insert, as yaml-language-server reads it: `${1:text}` is a place to type at. */
export interface Snippet {
  readonly label: string;
  readonly description: string;
  readonly body: unknown;
}

/** A place to type at: the first is where typing begins. */
const at = (place: number, text: string) => `$\{${place}:${text}}`;

export interface FieldOffer {
  /**
   * Only where an absent field means exactly this: what policies inherit has none. Nor has an analysis: editors would write
   * all its defaults with its key, and no checks.
   */
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly defaultSnippets?: readonly Snippet[];
}

/** By the field's path; `[]` is an entry of a list. The empty path is the whole file. */
export type FieldOffers = Readonly<Record<string, FieldOffer>>;

const apiVersion = 'model-mirror.dev/v1alpha1';
const deploymentMode = 'serving.kserve.io/deploymentMode';

const primary = { version: at(3, 'v1'), storageUri: at(4, 's3://models/wisdom-v1') };
const candidate = { version: at(1, 'v2'), storageUri: at(2, 's3://models/wisdom-v2') };
const storagePath = (path: string) => ({ spec: { predictor: { model: { storage: { path } } } } });
const candidateSnippets: readonly Snippet[] = [
  { label: 'candidate', description: 'A second version, which gets copies of requests.', body: candidate },
  {
    label: 'candidate in a storage of the cluster',
    description: 'For a template with storage.key: the version has a path of its own.',
    body: { version: at(1, 'v2'), overrides: storagePath(at(2, 'sklearn/wisdom-v2')) },
  },
];

const addresses = [
  's3://models/wisdom-v1',
  'gs://models/wisdom-v1',
  'pvc://models/wisdom-v1',
  'https://example.com/wisdom-v1.tar.gz',
  'hf://org/wisdom',
  'oci://registry.example.com/models/wisdom:v1',
];

const version: FieldOffer = { examples: ['v1', 'v2', '2026-11-26'] };
const storageUri: FieldOffer = { examples: addresses };
const overrides: FieldOffer = {
  defaultSnippets: [
    {
      label: 'another path in the storage',
      description: 'Where this version is, in the storage that the template names.',
      body: storagePath(at(1, 'sklearn/wisdom-v2')),
    },
    {
      label: 'more memory',
      description: 'What differs from the template; all else stays.',
      body: { spec: { predictor: { model: { resources: { limits: { memory: at(1, '4Gi') } } } } } },
    },
  ],
};

export const modelOffers: FieldOffers = {
  '': {
    defaultSnippets: [
      {
        label: 'a model in Standard mode',
        description: 'A new model file: KServe runs Pods for each version.',
        body: {
          apiVersion,
          kind: 'Model',
          metadata: { name: at(1, 'wisdom') },
          spec: {
            template: {
              metadata: { annotations: { [deploymentMode]: 'Standard' } },
              spec: { predictor: { model: { modelFormat: { name: at(2, 'sklearn') } } } },
            },
            primary,
          },
        },
      },
      {
        label: 'a model of ModelMesh',
        description:
          'A new model file: ModelMesh loads each version into shared Pods, from an entry of storage-config.',
        body: {
          apiVersion,
          kind: 'Model',
          metadata: { name: at(1, 'wisdom') },
          spec: {
            template: {
              metadata: { annotations: { [deploymentMode]: 'ModelMesh' } },
              spec: {
                predictor: {
                  model: { modelFormat: { name: at(2, 'sklearn') }, storage: { key: at(3, 'localMinIO') } },
                },
              },
            },
            primary: { version: at(4, 'v1'), overrides: storagePath(at(5, 'sklearn/wisdom-v1')) },
          },
        },
      },
    ],
  },
  'metadata.name': { examples: ['wisdom', 'fraud-detection'] },
  'metadata.namespace': { examples: ['models', 'modelmesh-serving'] },
  'spec.protocols': {
    examples: [['rest'], ['grpc'], ['grpc', 'rest'], ['openai']],
  },
  'spec.template.metadata.labels': { examples: [{ team: 'ranking' }] },
  'spec.primary.version': version,
  'spec.primary.storageUri': storageUri,
  'spec.primary.name': { examples: ['wisdom-0', 'wisdom-blue'] },
  'spec.primary.overrides': overrides,
  'spec.candidate': { defaultSnippets: candidateSnippets },
  'spec.candidate.version': version,
  'spec.candidate.storageUri': storageUri,
  'spec.candidate.name': { examples: ['wisdom-1', 'wisdom-green'] },
  'spec.candidate.overrides': overrides,
  'spec.candidates[]': { defaultSnippets: candidateSnippets },
  'spec.candidates[].version': version,
  'spec.candidates[].storageUri': storageUri,
  'spec.candidates[].name': { examples: ['wisdom-1', 'wisdom-green'] },
  'spec.candidates[].overrides': overrides,
};

/** The annotations by which KServe decides how it runs and reads a model. */
export const annotationHelp: Readonly<Record<string, FieldOffer & { readonly description: string }>> = {
  [deploymentMode]: {
    description:
      'How KServe runs the versions: Standard gives each its own Pods, ModelMesh loads them into shared ones.',
    examples: ['Standard', 'ModelMesh'],
  },
  'serving.kserve.io/secretKey': {
    description: 'ModelMesh: the entry of the Secret storage-config with which a storageUri is read.',
    examples: ['localMinIO', 'models'],
  },
  'serving.kserve.io/autoscalerClass': {
    description: 'Standard mode: what scales the Pods. none: nothing, so their number is minReplicas.',
    examples: ['hpa', 'none', 'external', 'keda'],
  },
};

const errors = { errors: { candidateOnly: at(1, '0.2%') } };
const slower = { slower: { than: 1.5, atMost: '5%' } };
const agreement = { agreement: { atLeast: at(2, '98%') } };
const hold = '30m';

export const mirrorPolicyOffers: FieldOffers = {
  '': {
    defaultSnippets: [
      {
        label: 'a policy',
        description: 'How much is mirrored.',
        body: {
          apiVersion,
          kind: 'MirrorPolicy',
          metadata: { name: at(1, 'wisdom') },
          spec: { mirrorPercentage: 5 },
        },
      },
      {
        label: 'a policy that judges candidates',
        description: 'How much is mirrored, and by what a candidate fails.',
        body: {
          apiVersion,
          kind: 'MirrorPolicy',
          metadata: { name: at(3, 'wisdom') },
          spec: { mirrorPercentage: 20, analysis: { share: 1, checks: [errors, slower, agreement] } },
        },
      },
    ],
  },
  'metadata.name': { examples: ['wisdom', 'all-models'] },
  'spec.mirrorPercentage': {
    defaultSnippets: [
      { label: '5', description: 'Five of a hundred requests are copied to the candidate.', body: 5 },
      { label: '20', description: 'One of five requests is copied to the candidate.', body: 20 },
      {
        label: '100',
        description: 'Every request is copied: the candidate needs as much room as the primary.',
        body: 100,
      },
      { label: 'brake (0)', description: 'No request is copied: this stops mirroring.', body: 0 },
    ],
  },
  'spec.analysis': {
    defaultSnippets: [
      {
        label: 'judge errors, slowness and answers',
        description: 'The comparer asks both versions what one of a hundred requests asks.',
        body: { share: 1, checks: [errors, slower, agreement] },
      },
      {
        label: 'judge errors alone',
        description: 'A candidate fails by requests that the primary answers and it does not.',
        body: { share: 1, checks: [errors] },
      },
    ],
  },
  'spec.analysis.share': { examples: [1, 5] },
  'spec.analysis.minSamples': { examples: [500, 5000] },
  'spec.analysis.confidence': { examples: [0.95, 0.99] },
  'spec.analysis.checks[]': {
    defaultSnippets: [
      { label: 'check errors', description: 'Requests that only the candidate fails.', body: errors },
      {
        label: 'check the error rate',
        description: 'Requests that the candidate fails, whatever the primary does.',
        body: { errors: { rate: at(1, '1%') } },
      },
      {
        label: 'check latency',
        description: 'Answers of the candidate that take too long.',
        body: { latency: { over: at(1, '200ms'), atMost: at(2, '1%') } },
      },
      {
        label: 'check slowness',
        description: 'Requests for which the candidate takes longer than the primary.',
        body: slower,
      },
      { label: 'check agreement', description: 'Whether both answer the same.', body: agreement },
      {
        label: 'check agreement of numbers',
        description: 'Answers agree whose numbers are close enough.',
        body: { agreement: { atLeast: at(1, '98%'), outputs: [{ name: at(2, 'scores'), abs: 1e-5, rel: 1e-3 }] } },
      },
    ],
  },
  'spec.analysis.checks[].errors.candidateOnly': { examples: ['0.2%', '1%'] },
  'spec.analysis.checks[].errors.rate': { examples: ['1%', '0.5%'] },
  'spec.analysis.checks[].latency.over': { examples: ['200ms', '1s'] },
  'spec.analysis.checks[].latency.atMost': { examples: ['1%', '5%'] },
  'spec.analysis.checks[].slower.than': { examples: [1.5, 2] },
  'spec.analysis.checks[].slower.atMost': { examples: ['5%', '1%'] },
  'spec.analysis.checks[].agreement.atLeast': { examples: ['98%', '99.5%'] },
  'spec.analysis.checks[].agreement.withinNoise': { examples: ['1%', '2%'] },
  'spec.analysis.checks[].agreement.outputs[].name': { examples: ['scores', '$.choices[*].message.content'] },
  'spec.analysis.checks[].agreement.outputs[].abs': { examples: [1e-5, 1e-3] },
  'spec.analysis.checks[].agreement.outputs[].rel': { examples: [1e-3, 1e-2] },
  'spec.analysis.checks[].agreement.ignore': { examples: [['$.id'], ['$.id', '$.created']] },
  'spec.analysis.comparer.service': { examples: ['model-mirror-comparer.model-mirror.svc.cluster.local'] },
  'spec.analysis.comparer.port': { examples: [80] },
  'spec.ramp': {
    defaultSnippets: [
      {
        label: 'ramp',
        description: 'The mirror opens step by step, while an analysis finds the candidate Passing.',
        body: { steps: [1, 5, 20, 50], hold },
      },
    ],
  },
  'spec.ramp.steps': { examples: [[1, 5, 20, 50]] },
  // An entry is never absent: this is what editors put into a new list, which would be 0 otherwise.
  'spec.ramp.steps[]': { default: 1 },
  'spec.ramp.hold': { default: hold, examples: [hold, '2h', '24h'] },
  'spec.routing.api': { examples: ['Istio'] },
  'spec.routing.hosts': { examples: [['wisdom.example.com']] },
  'spec.routing.clusterDomain': { examples: ['cluster.local'] },
  'spec.routing.gateway.name': { examples: ['istio-system/public-gateway', 'mm-gateway'] },
  'spec.routing.gateway.namespaces': { examples: [['models']] },
  'spec.routing.gateway.selector': { examples: [{ istio: 'ingressgateway' }] },
  'spec.routing.gateway.port': { examples: [80] },
  'spec.routing.mirrorGateway.name': { examples: ['model-mirror/model-mirror-gateway'] },
  'spec.routing.mirrorGateway.namespaces': { examples: [['models']] },
  'spec.routing.mirrorGateway.selector': { examples: [{ istio: 'egressgateway' }] },
  'spec.routing.mirrorGateway.service': {
    examples: ['model-mirror-gateway.model-mirror.svc.cluster.local'],
  },
  'spec.routing.mirrorGateway.port': { examples: [443, 80] },
  'spec.routing.service.host': { examples: ['modelmesh-serving.models.svc.cluster.local'] },
  'spec.routing.service.port': { examples: [8033] },
  'spec.routing.timeout': { examples: ['30s', '5m'] },
  'spec.routing.mirrorTimeout': { examples: ['2s', '10s'] },
  'spec.routing.maxCopiesInFlight': { examples: [10, 50] },
  'spec.limits.maxMirrorPercentage': { examples: [20, 5] },
  'spec.limits.storageUriPrefixes': { examples: [['s3://models'], ['s3://models/team-a', 'gs://models/team-a']] },
  'spec.patches[]': {
    defaultSnippets: [
      {
        label: 'patch',
        description: 'Sets a field of rendered objects.',
        body: {
          target: { kind: 'InferenceService' },
          patch: [{ op: 'add', path: at(1, '/metadata/annotations/example.com~1team'), value: at(2, 'ranking') }],
        },
      },
    ],
  },
  'spec.patches[].target.kind': { examples: ['InferenceService', 'VirtualService', 'DestinationRule'] },
  'spec.patches[].target.name': { examples: ['wisdom', 'wisdom-1'] },
};
