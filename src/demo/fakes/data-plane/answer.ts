/**
 * What a fake model answers, in the Open Inference Protocol over REST or gRPC. Versions answer the same question alike,
 * unless the address that one was loaded from says otherwise.
 */
import { createHash } from 'node:crypto';
import type { Arrived, Reply } from './ends.ts';

/** The word for a version that answers a third of all questions otherwise. */
const otherwise = /disagrees/;
/** The word for a version that answers every tenth question with an error. */
const failing = /fails/;

/**
 * @param storageUri what the server has loaded.
 * @param name by which it calls the model that answers.
 */
export function toAnswer({ headers, body }: Arrived, storageUri: string, name: string): Reply {
  const isGrpc = (headers['content-type'] ?? '').startsWith('application/grpc');
  const [first = 0, second = 0] = createHash('sha256').update(body).digest();
  if (failing.test(storageUri) && second % 10 === 0) return toFailure(isGrpc, 500, '13', 'it fails on this one');
  const digit = (first + (otherwise.test(storageUri) && second % 3 === 0 ? 1 : 0)) % 10;
  return isGrpc ? toGrpc(name, digit) : toJson(name, digit);
}

export function toFailure(isGrpc: boolean, status: number, grpcStatus: string, message: string): Reply {
  if (!isGrpc) {
    const text = Buffer.from(JSON.stringify({ error: message }));
    return { status, headers: { 'content-type': 'application/json' }, trailers: {}, body: text };
  }
  const trailers = { 'grpc-status': grpcStatus, 'grpc-message': message };
  return { status: 200, headers: { 'content-type': 'application/grpc' }, trailers, body: Buffer.alloc(0) };
}

function toJson(model: string, digit: number): Reply {
  const outputs = [{ name: 'digit', datatype: 'INT64', shape: [1], data: [digit] }];
  const body = Buffer.from(JSON.stringify({ model_name: model, outputs }));
  return { status: 200, headers: { 'content-type': 'application/json' }, trailers: {}, body };
}

/** A ModelInferResponse, field by field (open_inference_grpc.proto of the Open Inference Protocol). */
function toGrpc(model: string, digit: number): Reply {
  const contents = toField(3, Buffer.from([digit]));
  const shape = toField(3, Buffer.from([1]));
  const output = Buffer.concat([toField(1, 'digit'), toField(2, 'INT64'), shape, toField(5, contents)]);
  const message = Buffer.concat([toField(1, model), toField(5, output)]);
  return {
    status: 200,
    headers: { 'content-type': 'application/grpc' },
    trailers: { 'grpc-status': '0' },
    body: toFrame(message),
  };
}

/** Of a length below 128, which is one byte. */
function toField(number: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

/** As gRPC sends a message that is not compressed. */
export function toFrame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
