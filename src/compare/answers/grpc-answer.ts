import { readContents } from './grpc-contents.ts';
import { mostAxes, mostOutputs, type Tensor, type Tensors } from './tensor.ts';
import { WireReader, wireTypes } from './wire.ts';

const utf8 = new TextDecoder();

/** No library writes more than one. */
const mostParts = 100;

/** A tensor while it is read. */
interface Draft {
  name: string;
  datatype: string;
  readonly shape: number[];
  /** Several are one: protobuf merges them. */
  readonly contents: Uint8Array[];
}

/**
 * Reads a ModelInferResponse (kserve/open-inference-protocol, specification/protocol/open_inference_grpc.proto).
 *
 * @returns undefined when it is none, or its parts contradict each other.
 */
export function readGrpcAnswer(message: Uint8Array): Tensors | undefined {
  const reader = new WireReader(message);
  let model: string | undefined;
  const drafts: Draft[] = [];
  const raw: Uint8Array[] = [];
  while (reader.next()) {
    if (reader.wireType !== wireTypes.bytes) reader.skip();
    else {
      const { field } = reader;
      const bytes = reader.readBytes();
      if (raw.length > mostOutputs) return undefined;
      if (field === 1) model = utf8.decode(bytes);
      else if (field === 6) raw.push(bytes);
      else if (field === 5) {
        const draft = readTensor(bytes);
        if (draft === undefined || drafts.length === mostOutputs) return undefined;
        drafts.push(draft);
      }
    }
  }
  // Raw contents are of all outputs or of none.
  if (reader.isBroken || (raw.length > 0 && raw.length !== drafts.length)) return undefined;
  const outputs: Tensor[] = [];
  for (const [i, { contents, name, datatype, shape }] of drafts.entries()) {
    // Beside raw contents MLServer writes typed ones that are empty.
    if (raw.length > 0 && contents.some(({ length }) => length > 0)) return undefined;
    const bytes = raw[i] ?? readContents(datatype, contents);
    if (bytes === undefined) return undefined;
    outputs.push({ name, datatype, shape, data: { raw: bytes } });
  }
  return { model, outputs };
}

function readTensor(bytes: Uint8Array): Draft | undefined {
  const reader = new WireReader(bytes);
  const draft: Draft = { name: '', datatype: '', shape: [], contents: [] };
  while (reader.next()) {
    const { field, wireType } = reader;
    if (draft.shape.length > mostAxes || draft.contents.length > mostParts) return undefined;
    if (field === 3 && wireType === wireTypes.varint) {
      reader.readVarint();
      draft.shape.push(toAxis(reader));
    } else if (wireType !== wireTypes.bytes) reader.skip();
    else {
      const part = reader.readBytes();
      if (field === 1) draft.name = utf8.decode(part);
      else if (field === 2) draft.datatype = utf8.decode(part);
      else if (field === 5) draft.contents.push(part);
      else if (field === 3) {
        const axes = new WireReader(part);
        while (!axes.isAtEnd && draft.shape.length <= mostAxes) {
          axes.readVarint();
          draft.shape.push(toAxis(axes));
        }
        if (axes.isBroken) return undefined;
      }
    }
  }
  return reader.isBroken || draft.shape.length > mostAxes ? undefined : draft;
}

/** An int64: negative ones are no axis, and `countValues` says so. */
function toAxis({ low, high }: WireReader): number {
  return high * 2 ** 32 + (low >>> 0);
}
