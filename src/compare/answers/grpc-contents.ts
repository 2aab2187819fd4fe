import { widths } from './numbers.ts';
import { WireReader, wireTypes } from './wire.ts';

/** Fields of InferTensorContents, and the datatypes whose values they have. */
const fields: Readonly<Record<string, number>> = {
  BOOL: 1,
  INT8: 2,
  INT16: 2,
  INT32: 2,
  INT64: 3,
  UINT8: 4,
  UINT16: 4,
  UINT32: 4,
  UINT64: 5,
  FP32: 6,
  FP64: 7,
  BYTES: 8,
};

/**
 * Typed contents as `raw_output_contents` would have them, so that both are compared as one.
 *
 * @param contents messages that are merged.
 * @returns undefined for values of another datatype, or that it cannot hold.
 */
export function readContents(datatype: string, contents: readonly Uint8Array[]): Uint8Array | undefined {
  const expected = Object.hasOwn(fields, datatype) ? fields[datatype] : undefined;
  const sink = new Sink();
  for (const message of contents) {
    const reader = new WireReader(message);
    while (reader.next()) {
      const { field, wireType } = reader;
      if (field > 8) reader.skip();
      else if (field !== expected || !readValues(datatype, reader, wireType, sink)) return undefined;
    }
    if (reader.isBroken) return undefined;
  }
  return sink.bytes;
}

/** One value, or many packed ones. */
function readValues(datatype: string, reader: WireReader, wireType: number, sink: Sink): boolean {
  const isPacked = wireType === wireTypes.bytes;
  if (datatype === 'BYTES') {
    if (!isPacked) return false;
    const value = reader.readBytes();
    const at = sink.grow(4);
    sink.view.setUint32(at, value.length, true);
    sink.add(value);
    return true;
  }
  if (datatype === 'FP32' || datatype === 'FP64') {
    const width = datatype === 'FP32' ? 4 : 8;
    if (!isPacked && wireType !== (width === 4 ? wireTypes.fixed32 : wireTypes.fixed64)) return false;
    const values = isPacked ? reader.readBytes() : reader.take(width);
    sink.add(values);
    return values.length % width === 0;
  }
  if (wireType === wireTypes.varint) return readVarints(datatype, reader, 1, sink);
  if (!isPacked) return false;
  const packed = reader.readBytes();
  const values = new WireReader(packed);
  return readVarints(datatype, values, countVarints(packed), sink) && values.isAtEnd;
}

/** By their last bytes. */
function countVarints(packed: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < packed.length; i++) if ((packed[i] as number) < 0x80) count++;
  return count;
}

function readVarints(datatype: string, reader: WireReader, count: number, sink: Sink): boolean {
  const width = widths[datatype] as number;
  const start = sink.grow(count * width);
  const { view } = sink;
  // Of 32 bits if it is shorter than 64: protobuf drops what is above them.
  const isSigned = datatype.startsWith('INT');
  const least = isSigned ? -(2 ** (8 * width - 1)) : 0;
  const most = least + 2 ** (8 * width) - 1;
  for (let i = 0; i < count; i++) {
    const at = start + i * width;
    reader.readVarint();
    const { low, high } = reader;
    if (width === 8) {
      view.setInt32(at, low, true);
      view.setInt32(at + 4, high, true);
      continue;
    }
    const number = isSigned ? low : low >>> 0;
    const value = datatype === 'BOOL' ? Number(low !== 0 || high !== 0) : number;
    if (value < least || value > most) return false;
    if (width === 1) view.setUint8(at, value);
    else if (width === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
  }
  return !reader.isBroken;
}

const empty = new DataView(new ArrayBuffer(0));

/** Bytes, one piece after the other; a single piece is not copied. */
class Sink {
  view = empty;
  #single: Uint8Array | undefined;
  #length = 0;

  get bytes(): Uint8Array {
    return this.#single ?? new Uint8Array(this.view.buffer, 0, this.#length);
  }

  add(piece: Uint8Array): void {
    if (this.#length === 0 && this.#single === undefined) this.#single = piece;
    else {
      const at = this.grow(piece.length);
      new Uint8Array(this.view.buffer).set(piece, at);
    }
  }

  /** @returns where in `view` room for so many more bytes begins. */
  grow(length: number): number {
    const first = this.#single;
    this.#single = undefined;
    const at = this.#length + (first?.length ?? 0);
    this.#length = at + length;
    if (this.#length > this.view.byteLength) {
      const larger = new Uint8Array(Math.max(64, 2 * this.#length));
      larger.set(first ?? new Uint8Array(this.view.buffer));
      this.view = new DataView(larger.buffer);
    }
    return at;
  }
}
