/** How SSH writes values one after another (RFC 4251, 5): keys, signatures and what is signed consist of them. */

/** Reads strings; past the end, empty ones. */
export class Fields {
  readonly #bytes: Buffer;
  #at: number;

  /** @param magic what the bytes begin with; when they do not, there is nothing to read. */
  constructor(bytes: Buffer, magic = '') {
    this.#bytes = bytes;
    this.#at = bytes.toString('latin1', 0, magic.length) === magic ? magic.length : bytes.length;
  }

  next(): Buffer {
    if (this.#at + 4 > this.#bytes.length) return Buffer.alloc(0);
    const start = this.#at + 4;
    this.#at = start + this.#bytes.readUInt32BE(this.#at);
    return this.#bytes.subarray(start, this.#at);
  }

  skip(length: number): void {
    this.#at += length;
  }
}

/** A string: its length, and its bytes. */
export function toField(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A positive number (`mpint`), from its bytes: without zeros in front, except one where it would be negative. */
export function toNumberField(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const number = start < 0 ? Buffer.alloc(0) : bytes.subarray(start);
  return toField((number[0] ?? 0) < 0x80 ? number : Buffer.concat([Buffer.alloc(1), number]));
}
