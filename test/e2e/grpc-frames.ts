/**
 * The little of gRPC over HTTP/2 and of KServe's V2 protocol that the fake of ModelMesh and the load
 * generator speak, written by hand.
 *
 * Sources: grpc/grpc doc/PROTOCOL-HTTP2.md; kserve/kserve docs/predict-api/v2/grpc_predict_v2.proto, where
 * fields 1, 2 and 3 of both ModelInferRequest and ModelInferResponse are model_name, model_version and id.
 */

/** By number, as in grpc/grpc doc/statuscodes.md. */
const statuses = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

export type GrpcStatus = (typeof statuses)[number];

export const inferPath = '/inference.GRPCInferenceService/ModelInfer';
export const contentType = 'application/grpc';

export function isStatus(text: string): text is GrpcStatus {
  return statuses.some((status) => status === text);
}

/** The value of the header `grpc-status`. */
export function toStatusCode(status: GrpcStatus): string {
  return String(statuses.indexOf(status));
}

/** @param code the header `grpc-status`; one that gRPC does not know is given back as it is. */
export function toStatusName(code: string): string {
  return statuses[Number(code)] ?? code;
}

/** The header `grpc-message`: what is not printable ASCII is percent-encoded, byte by byte. */
export function toGrpcMessage(text: string): string {
  const toHex = (byte: number) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  const bytes = [...Buffer.from(text)];
  return bytes
    .map((byte) => (byte < 0x20 || byte > 0x7e || byte === 0x25 ? toHex(byte) : String.fromCharCode(byte)))
    .join('');
}

/** The header `grpc-timeout`, which has eight digits at most: `10000m` for ten seconds. */
export function toTimeout(ms: number): string {
  return ms < 1e8 ? `${Math.ceil(ms)}m` : `${Math.ceil(ms / 1000)}S`;
}

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Milliseconds; undefined for anything that is not a `grpc-timeout`. */
export function parseTimeout(header: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(header) ?? [];
  const factor = unitMs[unit];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}

/** A field that is not there is undefined; one that is there and empty is ''. */
export interface InferMessage {
  readonly modelName?: string | undefined;
  readonly modelVersion?: string | undefined;
  readonly id?: string | undefined;
}

/** A message as it was parsed, and what of it a server has to know beside the texts. */
export interface ParsedMessage extends InferMessage {
  readonly isNamedTwice: boolean;
  /** Whether there is an input tensor, or an output tensor in an answer. */
  readonly hasTensor: boolean;
}

const lengthDelimited = 2;
const tensorField = 5;

/** A ModelInferRequest or a ModelInferResponse. */
export function toInferMessage({ modelName, modelVersion, id }: InferMessage): Buffer {
  const texts = [modelName, modelVersion, id];
  return Buffer.concat(texts.flatMap((text, i) => (text === undefined ? [] : [toField(i + 1, Buffer.from(text))])));
}

/**
 * With one input tensor, `x` of type FP32: MLServer refuses a request that has none.
 * @param bytes how long it is made at least, by values that are 0.
 * @param sample its first values.
 */
export function toInferRequest(message: InferMessage, bytes = 0, sample?: readonly number[]): Buffer {
  const values = Math.max(sample?.length ?? 1, Math.ceil(bytes / 4));
  const packed = Buffer.alloc(4 * values);
  for (const [i, value] of (sample ?? []).entries()) packed.writeFloatLE(value, 4 * i);
  const shape = [...(sample === undefined ? [] : [1]), ...toVarint(values)];
  const tensor = [
    ...[toField(1, Buffer.from('x')), toField(2, Buffer.from('FP32')), toField(3, Buffer.from(shape))],
    toField(5, toField(6, packed)),
  ];
  return Buffer.concat([toInferMessage(message), toField(tensorField, Buffer.concat(tensor))]);
}

const contentsField = 5;
const doublesField = 7;
const rawField = 6;

/** With one output tensor, `y` of type FP64 and of one value. */
export function toInferResponse(message: InferMessage, value: number): Buffer {
  const packed = Buffer.alloc(8);
  packed.writeDoubleLE(value);
  const tensor = [
    ...[toField(1, Buffer.from('y')), toField(2, Buffer.from('FP64')), toField(3, Buffer.from([1]))],
    toField(contentsField, toField(doublesField, packed)),
  ];
  return Buffer.concat([toInferMessage(message), toField(tensorField, Buffer.concat(tensor))]);
}

/** The numbers of the output tensors of a ModelInferResponse: FP32 or FP64, typed contents or raw ones. */
export function parseOutputs(bytes: Buffer): number[] {
  const numbers: number[] = [];
  const types: string[] = [];
  for (const [field, value] of listFields(bytes))
    if (field === tensorField)
      for (const [inner, part] of listFields(value)) {
        if (inner === 2) types.push(part.toString());
        if (inner === contentsField)
          for (const [kind, packed] of listFields(part))
            numbers.push(...toNumbers(packed, kind === doublesField ? 'FP64' : 'FP32'));
      }
    else if (field === rawField) numbers.push(...toNumbers(value, types.shift() ?? ''));
  return numbers;
}

function toNumbers(packed: Buffer, type: string): number[] {
  const size = type === 'FP64' ? 8 : 4;
  return Array.from({ length: packed.length / size }, (_, i) =>
    size === 8 ? packed.readDoubleLE(8 * i) : packed.readFloatLE(4 * i),
  );
}

/** Those with a length. */
function listFields(bytes: Buffer): [field: number, value: Buffer][] {
  const fields: [number, Buffer][] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at);
    const { start, end } = readField(bytes, tag.next, tag.value % 8);
    if (tag.value % 8 === lengthDelimited) fields.push([Math.floor(tag.value / 8), bytes.subarray(start, end)]);
    at = end;
  }
  return fields;
}

function toField(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | lengthDelimited, ...toVarint(bytes.length)]), bytes]);
}

/**
 * Skips all other fields; of a field that is there twice the last counts; a name that is cut off is an empty one, as
 * ModelMesh takes it. Throws when it is broken otherwise.
 */
export function parseInferMessage(bytes: Buffer): ParsedMessage {
  const texts: (string | undefined)[] = [];
  let names = 0;
  let hasTensor = false;
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at);
    const field = Math.floor(tag.value / 8);
    const wireType = tag.value % 8;
    if (field === 1 && wireType === lengthDelimited && isCutOff(bytes, tag.next)) {
      texts[1] = '';
      names++;
      break;
    }
    const value = readField(bytes, tag.next, wireType);
    if (field >= 1 && field <= 3) {
      if (wireType !== lengthDelimited) throw new Error(`field ${field} is not a string`);
      texts[field] = bytes.toString('utf8', value.start, value.end);
    }
    if (field === 1) names++;
    if (field === tensorField) hasTensor = true;
    at = value.end;
  }
  return { modelName: texts[1], modelVersion: texts[2], id: texts[3], isNamedTwice: names > 1, hasTensor };
}

function isCutOff(bytes: Buffer, at: number): boolean {
  try {
    readField(bytes, at, lengthDelimited);
    return false;
  } catch {
    return true;
  }
}

/** Where a field's value begins, without its length, and ends. */
function readField(bytes: Buffer, at: number, wireType: number): { start: number; end: number } {
  if (wireType === 0) return { start: at, end: readVarint(bytes, at).next };
  let start = at;
  let length = wireType === 1 ? 8 : wireType === 5 ? 4 : undefined;
  if (wireType === lengthDelimited) ({ value: length, next: start } = readVarint(bytes, at));
  if (length === undefined) throw new Error(`wire type ${wireType}`);
  if (start + length > bytes.length) throw new Error('cut off');
  return { start, end: start + length };
}

function readVarint(bytes: Buffer, at: number): { value: number; next: number } {
  let value = 0;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) throw new Error('cut off');
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, next: at + i + 1 };
  }
  throw new Error('a number without end');
}

function toVarint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...toVarint(Math.floor(value / 0x80))];
}

/** Flag and length. */
const prefixLength = 5;

/** Its sender compressed it: what is in it cannot be read here. */
export class CompressedMessage extends Error {}

/** A message as it goes over the wire, not compressed. */
export function toFrame(message: Buffer): Buffer {
  const prefix = Buffer.alloc(prefixLength);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Takes in a unary call's body. */
export class MessageReader {
  #chunks: Buffer[] = [];
  #length = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** How long the message says that it is; 0 until it says so. */
  get announced(): number {
    return this.#length < prefixLength ? 0 : this.#whole(prefixLength).readUInt32BE(1);
  }

  /** A second message has begun. */
  get isStream(): boolean {
    return this.#length > prefixLength && this.#length > prefixLength + this.#whole(prefixLength).readUInt32BE(1);
  }

  /** Undefined when nothing came; throws when it is cut off or compressed. */
  message(): Buffer | undefined {
    if (this.#length === 0) return undefined;
    const body = this.#whole(this.#length);
    if (body.length < prefixLength || body.length < prefixLength + body.readUInt32BE(1)) throw new Error('cut off');
    if (body[0] !== 0) throw new CompressedMessage('compressed');
    return body.subarray(prefixLength, prefixLength + body.readUInt32BE(1));
  }

  /** The first chunk, made to have so many bytes at least. */
  #whole(length: number): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= length) return first;
    const whole = Buffer.concat(this.#chunks);
    this.#chunks = [whole];
    return whole;
  }
}
