/** Questions and answers of model servers in the sizes that are measured: both versions' differ in every number. */

export interface Bodies {
  readonly question: Buffer;
  readonly primary: Buffer;
  readonly candidate: Buffer;
}

/** V2 REST. @param bytes of each, about. */
export function toJsonBodies(bytes: number): Bodies {
  const count = Math.max(1, Math.floor((bytes - 150) / 19));
  const numbers = Array.from({ length: count }, (_, i) => Math.fround(Math.sin(i)) || 0.1);
  const answer = (model: string, shift: number) =>
    Buffer.from(
      JSON.stringify({
        model_name: model,
        id: model,
        outputs: [{ name: 'scores', shape: [1, count], datatype: 'FP32', data: numbers.map((value) => value + shift) }],
      }),
    );
  const question = { inputs: [{ name: 'x', shape: [1, count], datatype: 'FP32', data: numbers }] };
  return { question: Buffer.from(JSON.stringify(question)), primary: answer('a', 0), candidate: answer('b', 1e-7) };
}

/** ModelInfer with raw contents, in frames. @param bytes of each, about. */
export function toGrpcBodies(bytes: number): Bodies {
  const count = Math.max(1, Math.floor((bytes - 60) / 4));
  const raw = (shift: number) =>
    Buffer.from(Float32Array.from({ length: count }, (_, i) => Math.sin(i) + shift).buffer);
  const tensor = (name: string) =>
    Buffer.concat([toField(1, Buffer.from(name)), toField(2, Buffer.from('FP32')), toField(3, toVarint(count))]);
  const question = [toField(1, Buffer.from('model')), toField(5, tensor('x')), toField(7, raw(0))];
  const answer = (shift: number) =>
    toFrame([toField(1, Buffer.from('model')), toField(5, tensor('scores')), toField(6, raw(shift))]);
  return { question: toFrame(question), primary: answer(0), candidate: answer(1e-6) };
}

function toFrame(parts: readonly Buffer[]): Buffer {
  const message = Buffer.concat(parts);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** A field with a length (protobuf's encoding, wire type 2). */
function toField(number: number, content: Buffer): Buffer {
  return Buffer.concat([toVarint((number << 3) | 2), toVarint(content.length), content]);
}

function toVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}
