/**
 * Answers as servers write them: gRPC by protobuf-es, with the schema in `fixtures/answers/grpc_predict_v2.binpb`, which
 * is the descriptor that protoc has put into the package kserve 0.21.0 (kserve/protocol/grpc/grpc_predict_v2_pb2.py).
 */
import { readFileSync } from 'node:fs';
import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { Call, Reply } from '../../../src/compare/answers/reply.ts';

const descriptor = readFileSync(new URL('../../../fixtures/answers/grpc_predict_v2.binpb', import.meta.url));
const registry = createFileRegistry(fromBinary(FileDescriptorProtoSchema, descriptor), () => undefined);
const schema = registry.getMessage('inference.ModelInferResponse');
if (schema === undefined) throw new Error('The descriptor has no inference.ModelInferResponse.');
const responseSchema = schema;

export const grpcCall: Call = {
  protocol: 'grpc',
  path: '/inference.GRPCInferenceService/ModelInfer',
  versions: { primary: 'wisdom-0', candidate: 'wisdom-1' },
};
export const v2Call: Call = { ...grpcCall, protocol: 'http', path: '/v2/models/wisdom/infer' };
export const v1Call: Call = { ...v2Call, path: '/v1/models/wisdom:predict' };
export const chatCall: Call = { ...v2Call, path: '/v1/chat/completions' };

export interface Output {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  /** In row-major order; bytes for BYTES. */
  readonly values: readonly (number | bigint | boolean | Uint8Array)[];
}

/** By datatype, the field of InferTensorContents. */
const fields: Readonly<Record<string, string>> = {
  BOOL: 'boolContents',
  INT8: 'intContents',
  INT16: 'intContents',
  INT32: 'intContents',
  INT64: 'int64Contents',
  UINT8: 'uintContents',
  UINT16: 'uintContents',
  UINT32: 'uintContents',
  UINT64: 'uint64Contents',
  FP32: 'fp32Contents',
  FP64: 'fp64Contents',
  BYTES: 'bytesContents',
};

export interface Message {
  readonly modelName?: string;
  readonly modelVersion?: string;
  readonly id?: string;
}

/** @param form of the outputs: FP16 and BF16 have raw contents alone. */
export function toGrpcMessage(outputs: readonly Output[], form: 'raw' | 'typed', message: Message = {}): Uint8Array {
  const tensors = outputs.map(({ name, datatype, shape, values }) => ({
    name,
    datatype,
    shape: shape.map(BigInt),
    ...(form === 'typed' ? { contents: { [fields[datatype] ?? '']: values } } : {}),
  }));
  const rawOutputContents = form === 'raw' ? outputs.map(toRaw) : [];
  return toBinary(
    responseSchema,
    create(responseSchema, { ...message, outputs: tensors, rawOutputContents } as Record<string, unknown>),
  );
}

export function toFrame(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(5 + message.length);
  new DataView(frame.buffer).setUint32(1, message.length);
  frame.set(message, 5);
  return frame;
}

export function toReply(body: Uint8Array | string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status: 200, headers, trailers: {}, body: typeof body === 'string' ? new TextEncoder().encode(body) : body };
}

export function toGrpcReply(outputs: readonly Output[], form: 'raw' | 'typed', message?: Message): Reply {
  const body = toFrame(toGrpcMessage(outputs, form, message));
  return { ...toReply(body, { 'content-type': 'application/grpc' }), trailers: { 'grpc-status': '0' } };
}

export function toV2Reply(outputs: readonly Output[], message: object = {}): Reply {
  const tensors = outputs.map(({ name, datatype, shape, values }) => ({ name, datatype, shape, data: values }));
  return toReply(toJson({ ...message, outputs: tensors }), { 'content-type': 'application/json' });
}

/** With Triton's extension for binary data. */
export function toBinaryReply(outputs: readonly Output[], message: object = {}): Reply {
  const raws = outputs.map(toRaw);
  const tensors = outputs.map(({ name, datatype, shape }, i) => ({
    name,
    datatype,
    shape,
    parameters: { binary_data_size: raws[i]?.length },
  }));
  const json = new TextEncoder().encode(toJson({ ...message, outputs: tensors }));
  const body = Buffer.concat([json, ...raws]);
  return toReply(new Uint8Array(body), { 'inference-header-content-length': String(json.length) });
}

/** As Python's json writes it: NaN and infinities by name, whole numbers with all digits; bytes as UTF-8. */
export function toJson(value: unknown): string {
  if (value === undefined) return 'null';
  if (typeof value === 'number') return Object.is(value, -0) ? '-0.0' : String(value);
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return JSON.stringify(new TextDecoder().decode(value));
  if (Array.isArray(value)) return `[${value.map(toJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .filter(([, of]) => of !== undefined)
    .map(([name, of]) => `${JSON.stringify(name)}: ${toJson(of)}`)
    .join(', ')}}`;
}

/** Written a second time, by Buffer instead of DataView. */
export function toRaw({ datatype, values }: Output): Uint8Array {
  const parts = values.map((value) => {
    const part = Buffer.alloc(8);
    const number = Number(value instanceof Uint8Array ? 0 : value);
    switch (datatype) {
      case 'BOOL':
        return Buffer.from([value === true ? 1 : 0]);
      case 'INT8':
        return part.subarray(0, part.writeInt8(number));
      case 'UINT8':
        return part.subarray(0, part.writeUInt8(number));
      case 'INT16':
        return part.subarray(0, part.writeInt16LE(number));
      case 'UINT16':
        return part.subarray(0, part.writeUInt16LE(number));
      case 'INT32':
        return part.subarray(0, part.writeInt32LE(number));
      case 'UINT32':
        return part.subarray(0, part.writeUInt32LE(number));
      case 'INT64':
        return part.subarray(0, part.writeBigInt64LE(BigInt(value as bigint)));
      case 'UINT64':
        return part.subarray(0, part.writeBigUInt64LE(BigInt(value as bigint)));
      case 'FP16':
        return Buffer.from(new Uint16Array(new Float16Array([number]).buffer).buffer);
      case 'BF16': {
        part.writeFloatLE(number);
        return part.subarray(2, 4);
      }
      case 'FP32':
        return part.subarray(0, part.writeFloatLE(number));
      case 'FP64':
        return part.subarray(0, part.writeDoubleLE(number));
      default: {
        const bytes = value as Uint8Array;
        part.writeUInt32LE(bytes.length);
        return Buffer.concat([part.subarray(0, 4), bytes]);
      }
    }
  });
  return new Uint8Array(Buffer.concat(parts));
}
