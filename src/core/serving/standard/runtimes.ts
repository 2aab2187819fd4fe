/**
 * The runtimes that KServe ships: how each is given its model's name, and where it serves gRPC (KServe 0.20.0,
 * config/runtimes/*.yaml; the names executed for KServe's Python servers and MLServer).
 */
import { isMap, textAt, valueAt } from '../../input/plain-value.ts';

/** `storage`: what is loaded has the name, and neither an argument nor a variable may set it. */
export type Naming = { readonly argument: string } | { readonly variable: string } | 'storage';

export interface Runtime {
  readonly naming: Naming;
  /** Undefined: it serves none. `by`: the argument or variable that sets another port. */
  readonly grpc: { readonly port: number; readonly by?: string } | undefined;
}

const pythonServer: Runtime = {
  naming: { argument: '--model_name' },
  grpc: { port: 8081, by: '--grpc_port' },
};
/** Arguments would replace the command of its image. */
const mlServer: Runtime = {
  naming: { variable: 'MLSERVER_MODEL_NAME' },
  grpc: { port: 9000, by: 'MLSERVER_GRPC_PORT' },
};
const vllm: Runtime = { naming: { argument: '--served-model-name' }, grpc: undefined };
const triton: Runtime = { naming: 'storage', grpc: { port: 9000, by: '--grpc-port' } };
/** By default; a config.properties in the storage may have another one. */
const torchServe: Runtime = { naming: 'storage', grpc: { port: 7070 } };
const namedByFlag: Runtime = { naming: { argument: '--model_name' }, grpc: { port: 9000, by: '--port' } };

const byName: ReadonlyMap<string, Runtime> = new Map([
  ...['sklearn', 'xgb', 'lgb', 'pmml', 'paddle', 'autogluon', 'predictive', 'huggingface'].map(
    (name) => [`kserve-${name}server`, pythonServer] as const,
  ),
  ['kserve-huggingfaceserver-multinode', pythonServer],
  ['kserve-mlserver', mlServer],
  ['kserve-vllmserver', vllm],
  ['kserve-tritonserver', triton],
  ['kserve-torchserve', torchServe],
  ['kserve-tensorflow-serving', namedByFlag],
  ['kserve-openvino', namedByFlag],
]);

/**
 * The runtime that KServe selects by model format and protocol version, where no other is in question that takes the
 * name in another way. So onnx in V2 is missing: both OpenVINO and Triton serve it, and Triton does not start with an
 * argument that it does not know.
 */
const byFormat: readonly {
  readonly formats: readonly string[];
  readonly runtimes: Readonly<Record<string, Runtime>>;
}[] = [
  { formats: ['sklearn', 'xgboost', 'lightgbm'], runtimes: { v1: pythonServer, v2: mlServer } },
  { formats: ['mlflow'], runtimes: { v2: mlServer } },
  { formats: ['pmml', 'paddle', 'autogluon', 'huggingface'], runtimes: { v1: pythonServer, v2: pythonServer } },
  { formats: ['vLLM'], runtimes: { v1: vllm, v2: vllm } },
  { formats: ['tensorflow'], runtimes: { v1: namedByFlag, 'grpc-v1': namedByFlag } },
  { formats: ['openvino'], runtimes: { v1: namedByFlag, v2: namedByFlag, 'grpc-v2': namedByFlag } },
  { formats: ['pytorch'], runtimes: { v1: torchServe, v2: torchServe, 'grpc-v2': torchServe } },
  { formats: ['triton', 'tensorrt'], runtimes: { v2: triton, 'grpc-v2': triton } },
];

/** The runtime of a predictor; undefined: it is not known, as with a container of one's own. */
export function findRuntime(predictor: unknown): Runtime | undefined {
  const model = valueAt(predictor, ['model']);
  if (!isMap(model)) return undefined;
  const named = textAt(model, ['runtime']);
  if (named !== undefined) return byName.get(named);
  const format = textAt(model, ['modelFormat', 'name']) ?? '';
  const choices = byFormat.find(({ formats }) => formats.includes(format))?.runtimes ?? {};
  const version = toProtocolVersion(model);
  return Object.hasOwn(choices, version) ? choices[version] : undefined;
}

/** As KServe's webhook fills it in, or else what counts without one (predictor_model.go). */
export function toProtocolVersion(model: unknown): string {
  const format = textAt(model, ['modelFormat', 'name']);
  return textAt(model, ['protocolVersion']) ?? (format === 'triton' || format === 'vLLM' ? 'v2' : 'v1');
}
