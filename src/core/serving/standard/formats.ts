import type { KnownFormat } from '../serving-mode.ts';

/** Of the ClusterServingRuntimes that KServe 0.20.0 installs (config/runtimes), the most used first. */
export const formats: readonly KnownFormat[] = [
  { name: 'sklearn', versions: ['0', '1'], runtimes: ['kserve-mlserver', 'kserve-sklearnserver'] },
  { name: 'xgboost', versions: ['1', '2'], runtimes: ['kserve-mlserver', 'kserve-xgbserver'] },
  { name: 'lightgbm', versions: ['3', '4'], runtimes: ['kserve-lgbserver', 'kserve-mlserver'] },
  { name: 'mlflow', versions: ['1', '2'], runtimes: ['kserve-mlserver'], protocolVersion: 'v2' },
  { name: 'onnx', versions: ['1'], runtimes: ['kserve-openvino', 'kserve-tritonserver'] },
  { name: 'pytorch', versions: ['1'], runtimes: ['kserve-torchserve'] },
  {
    name: 'tensorflow',
    versions: ['1', '2'],
    runtimes: ['kserve-openvino', 'kserve-tensorflow-serving', 'kserve-tritonserver'],
  },
  {
    name: 'huggingface',
    versions: ['1'],
    runtimes: ['kserve-huggingfaceserver', 'kserve-huggingfaceserver-multinode', 'kserve-openvino'],
  },
  { name: 'vLLM', versions: ['1'], runtimes: ['kserve-vllmserver'] },
  { name: 'triton', versions: ['2'], runtimes: ['kserve-tritonserver'] },
  { name: 'tensorrt', versions: ['8'], runtimes: ['kserve-tritonserver'], protocolVersion: 'v2' },
  { name: 'openvino', versions: ['10'], runtimes: ['kserve-openvino'] },
  { name: 'pmml', versions: ['3', '4'], runtimes: ['kserve-pmmlserver'] },
  { name: 'paddle', versions: ['2'], runtimes: ['kserve-paddleserver'] },
  { name: 'autogluon', versions: ['1'], runtimes: ['kserve-autogluonserver'] },
];
