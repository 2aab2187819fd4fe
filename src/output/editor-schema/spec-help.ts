/** What editors show of an InferenceService's fields that most models have; KServe documents all others. */

export interface FieldHelp {
  readonly description: string;
  /** Values that KServe's schema accepts. */
  readonly examples?: readonly unknown[];
}

/** By the field's path in the spec. */
export const specHelp: Readonly<Record<string, FieldHelp>> = {
  predictor: { description: 'The server that answers requests: what it loads, and the Pods it runs in.' },
  transformer: { description: 'A server in front of the predictor that prepares requests and answers.' },
  explainer: { description: 'A server that explains predictions.' },
  'predictor.model': { description: 'The model, and how the serving runtime runs it.' },
  'predictor.model.modelFormat': {
    description: 'The format of the stored model: KServe picks a runtime that takes it.',
  },
  'predictor.model.modelFormat.name': {
    description: 'The name of the format, as a ServingRuntime of the cluster lists it under supportedModelFormats.',
    examples: [
      'sklearn',
      'xgboost',
      'lightgbm',
      'onnx',
      'pytorch',
      'tensorflow',
      'huggingface',
      'mlflow',
      'triton',
      'vLLM',
    ],
  },
  'predictor.model.modelFormat.version': {
    description: 'The version of the format, in quotes; only where runtimes of the cluster differ by it.',
    examples: ['1', '2'],
  },
  'predictor.model.runtime': {
    description: 'The name of the ServingRuntime or ClusterServingRuntime. Without it, KServe picks one by format.',
    examples: ['kserve-sklearnserver', 'kserve-mlserver'],
  },
  'predictor.model.protocolVersion': {
    description: 'The protocol that the runtime must speak. KServe fills in v1 where most formats have none.',
    examples: ['v1', 'v2', 'grpc-v2'],
  },
  'predictor.model.storage': {
    description:
      'A storage of the cluster, in place of a storageUri: an entry of the Secret storage-config, and a path.',
  },
  'predictor.model.storage.key': {
    description: 'The name of the entry in the Secret storage-config.',
    examples: ['localMinIO', 'models'],
  },
  'predictor.model.storage.path': {
    description: 'The path in that storage. Give it in the overrides of each version, so that versions can differ.',
    examples: ['sklearn/wisdom-v1', 'onnx/wisdom-v1.onnx'],
  },
  'predictor.model.storage.parameters': {
    description: 'What differs from that entry, such as its bucket.',
    examples: [{ bucket: 'models' }],
  },
  'predictor.model.args': {
    description: 'Arguments for the server.',
    examples: [['--workers=2']],
  },
  'predictor.model.env': {
    description: 'Environment variables for the server.',
    examples: [[{ name: 'OMP_NUM_THREADS', value: '2' }]],
  },
  'predictor.model.resources': {
    description:
      'CPU, memory and accelerators of a Pod: requests are reserved for it, limits are the most that it gets.',
    examples: [{ requests: { cpu: '1', memory: '2Gi' }, limits: { cpu: '1', memory: '2Gi' } }],
  },
  'predictor.serviceAccountName': {
    description: 'The ServiceAccount whose Secrets have the credentials of the store.',
    examples: ['models-reader', 'default'],
  },
  'predictor.minReplicas': { description: 'The least number of Pods.', examples: [1, 2] },
  'predictor.maxReplicas': { description: 'The most Pods that the autoscaler may run.', examples: [3, 10] },
  'predictor.scaleTarget': {
    description: 'What the autoscaler aims at: percent of CPU or memory, or requests at the same time.',
    examples: [80, 60],
  },
  'predictor.containerConcurrency': {
    description: 'How many requests a Pod may answer at the same time; 0 is no limit.',
    examples: [1, 10],
  },
  'predictor.terminationGracePeriodSeconds': {
    description: 'Seconds that a Pod has to answer its last requests.',
    examples: [30, 120],
  },
  'predictor.timeout': { description: 'Seconds that a request may take.', examples: [60, 300] },
};
