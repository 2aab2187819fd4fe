import { textAt } from '../../input/plain-value.ts';
import type { KnownFormat } from '../serving-mode.ts';

/** Of the ClusterServingRuntimes that ModelMesh installs (kserve/modelmesh-serving, config/runtimes), the most used first. */
export const formats: readonly KnownFormat[] = [
  { name: 'sklearn', versions: ['0'], runtimes: ['mlserver-1.x'] },
  { name: 'xgboost', versions: ['1'], runtimes: ['mlserver-1.x'] },
  { name: 'lightgbm', versions: ['3'], runtimes: ['mlserver-1.x'] },
  { name: 'onnx', versions: ['1'], runtimes: ['triton-2.x'] },
  { name: 'pytorch', versions: ['1'], runtimes: ['triton-2.x'] },
  { name: 'tensorflow', versions: ['1', '2'], runtimes: ['triton-2.x'] },
  { name: 'keras', versions: ['2'], runtimes: ['triton-2.x'] },
  { name: 'tensorrt', versions: ['7'], runtimes: ['triton-2.x'] },
  { name: 'openvino_ir', versions: ['opset1'], runtimes: ['ovms-1.x'] },
  { name: 'pytorch-mar', versions: ['0'], runtimes: ['torchserve-0.x'] },
];

/** The label by which its controller takes care of a namespace (kserve/modelmesh-serving, controllers/util.go). */
export function isOwnNamespace(namespace: unknown): boolean {
  return textAt(namespace, ['metadata', 'labels', 'modelmesh-enabled']) === 'true';
}
