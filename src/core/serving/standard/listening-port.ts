/** What a container's own fields show of the port on which it takes HTTP requests, where it declares none. */
import type { PlainMap } from '../../input/plain-value.ts';
import { valueAt } from '../../input/plain-value.ts';
import { findArgument, findVariable, listArguments } from './containers.ts';

/**
 * Arguments of servers that also have one for gRPC, in the order of their count: KServe's Python servers, Triton,
 * TensorFlow Serving and OpenVINO. For the last two `--port` is that of gRPC, for vLLM and uvicorn it is of HTTP.
 */
const httpArguments = ['--http_port', '--http-port', '--rest_api_port', '--rest_port'];
const variables = ['MLSERVER_HTTP_PORT', 'PORT'];
const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'];

export interface ListeningPort {
  readonly port: number;
  /** The field of the container that shows it. */
  readonly field: string;
  /** What in the field. */
  readonly by: string;
}

/**
 * @param grpcArgument the argument by which the runtime is given its port of gRPC, if it is known.
 * @returns undefined: nothing shows it.
 */
export function findListeningPort(container: PlainMap, grpcArgument: string | undefined): ListeningPort | undefined {
  const command: unknown = container['command'];
  const started = { args: [...(Array.isArray(command) ? command : []), ...listArguments(container)] };
  const found = [
    ...[...httpArguments, '--port']
      .filter((by) => by !== grpcArgument)
      .map((by) => ({
        value: findArgument(started, by)[0],
        field: listArguments(container).length > 0 ? 'args' : 'command',
        by,
      })),
    ...variables.map((by) => ({ value: findVariable(container, by), field: 'env', by })),
    // One by name has nothing to name without declared ports.
    ...probes.flatMap((field) =>
      ['httpGet', 'tcpSocket'].map((by) => ({
        value: String(valueAt(container, [field, by, 'port']) ?? ''),
        field,
        by,
      })),
    ),
  ];
  const first = found.find(({ value = '' }) => /^[1-9]\d{0,4}$/.test(value));
  return first && { port: Number(first.value), field: first.field, by: first.by };
}
