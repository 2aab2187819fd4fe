/** The wire format of protobuf (protobuf.dev/programming-guides/encoding), as far as answers need it. */

/** What comes before a value. */
export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, group: 3, groupEnd: 4, fixed32: 5 } as const;

/**
 * Reads a message field by field and copies nothing. Whatever the bytes are, it ends: what is not protobuf makes it
 * broken, and then there are no more fields.
 */
export class WireReader {
  isBroken = false;
  /** Of the field that `next` has found. */
  field = 0;
  wireType = 0;
  /** Of the last varint, 32 bits each, both signed: V8 keeps only such numbers without a place of their own. */
  low = 0;
  high = 0;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.isBroken || this.#at >= this.#bytes.length;
  }

  /** @returns whether there is another field, whose value must be read or skipped then. */
  next(): boolean {
    if (this.isAtEnd) return false;
    this.readVarint();
    this.field = this.low >>> 3;
    this.wireType = this.low & 7;
    if (this.high !== 0 || this.field === 0) this.isBroken = true;
    return !this.isBroken;
  }

  /** Into `low` and `high`. */
  readVarint(): void {
    const bytes = this.#bytes;
    const first = bytes[this.#at] ?? 0xff;
    if (first < 0x80) {
      this.#at++;
      this.low = first;
      this.high = 0;
      return;
    }
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[this.#at];
      if (byte === undefined) break;
      this.#at++;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else high |= (bits & 1) << 31;
      if (byte < 0x80) {
        this.low = low;
        this.high = high;
        return;
      }
    }
    this.isBroken = true;
  }

  /** What has a length before it: a text, a message, bytes, packed numbers. */
  readBytes(): Uint8Array {
    this.readVarint();
    return this.take(this.high === 0 ? this.low >>> 0 : Number.POSITIVE_INFINITY);
  }

  take(length: number): Uint8Array {
    const start = this.#at;
    if (this.isBroken || length > this.#bytes.length - start) {
      this.isBroken = true;
      return this.#bytes.subarray(0, 0);
    }
    this.#at = start + length;
    return this.#bytes.subarray(start, this.#at);
  }

  /** The value of the field that `next` has found. */
  skip(): void {
    let depth = 0;
    do {
      if (this.wireType === wireTypes.varint) this.readVarint();
      else if (this.wireType === wireTypes.fixed64) this.take(8);
      else if (this.wireType === wireTypes.bytes) this.readBytes();
      else if (this.wireType === wireTypes.fixed32) this.take(4);
      else if (this.wireType === wireTypes.group) depth++;
      else if (this.wireType === wireTypes.groupEnd && depth > 0) depth--;
      else this.isBroken = true;
    } while (depth > 0 && this.next());
    if (depth > 0) this.isBroken = true;
  }
}
