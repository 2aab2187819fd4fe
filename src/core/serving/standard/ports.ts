/** Where the pods of a version serve each protocol. */
import type { PlainMap } from '../../input/plain-value.ts';
import { isMap, mapsAt, textAt, valueAt } from '../../input/plain-value.ts';
import type { Protocol } from '../../input/schema.ts';
import { isHttp } from '../protocol.ts';
import { findArgument, findPredictor, findTransformer, findVariable } from './containers.ts';
import { findRuntime } from './runtimes.ts';

/** Where KServe has every server listen that declares no port, and its agent (pkg/constants/constants.go). */
export const defaultPort = 8080;
const agentPort = 9081;

/** The container ports; undefined: not known. */
export interface TargetPorts {
  readonly http: number;
  readonly grpc: number | undefined;
}

export function findTargetPorts(spec: PlainMap, protocols: readonly Protocol[]): TargetPorts {
  const { grpc, other } = findDeclaredPorts(spec);
  const isGrpcAlone = !protocols.some(isHttp);
  return {
    http: hasAgent(spec) ? agentPort : (other ?? defaultPort),
    grpc: grpc ?? (isGrpcAlone ? other : undefined) ?? findRuntimePort(spec),
  };
}

/** What the container in front declares. */
export function findDeclaredPorts(spec: PlainMap): Readonly<Record<'grpc' | 'other', number | undefined>> {
  const front = findTransformer(spec) ?? findPredictor(spec);
  const declared = mapsAt(front?.container, ['ports']).flatMap((port) => {
    const number = port['containerPort'];
    return typeof number === 'number' ? [{ number, name: textAt(port, ['name']) ?? '' }] : [];
  });
  // As KServe tells them apart (service_reconciler.go, getAppProtocol).
  const ofGrpc = declared.filter(({ name }) => /grpc|h2c/.test(name));
  return { grpc: ofGrpc[0]?.number, other: declared.find((port) => !ofGrpc.includes(port))?.number };
}

/** With a logger or a batcher, KServe's agent takes the requests in front of the container; it knows HTTP alone. */
function hasAgent(spec: PlainMap): boolean {
  const component = isMap(spec['transformer']) ? 'transformer' : 'predictor';
  return ['logger', 'batcher'].some((field) => isMap(valueAt(spec, [component, field])));
}

/** Of a runtime that is known, with nothing in front of it that is not. */
function findRuntimePort(spec: PlainMap): number | undefined {
  const { predictor } = spec;
  const runtime = findTransformer(spec) === undefined ? findRuntime(predictor) : undefined;
  const model = findPredictor(spec)?.container;
  if (runtime?.grpc === undefined || model === undefined) return undefined;
  const { port, by } = runtime.grpc;
  if (by === undefined) return port;
  const set = by.startsWith('--') ? findArgument(model, by)[0] : findVariable(model, by);
  if (set === undefined) return port;
  return /^[1-9]\d{0,4}$/.test(set) ? Number(set) : undefined;
}
