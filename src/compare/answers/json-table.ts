/** JSON as a table of its values, in the order of the text. */
export interface JsonText {
  readonly bytes: Uint8Array;
  /** How many values there are, names of members included: each is right before its value. */
  readonly count: number;
  /** Of `kinds`. */
  readonly kinds: Uint8Array;
  /** Where a value begins, in bytes; of a string, after the quotation mark. */
  readonly starts: Int32Array;
  /** Where it ends, likewise; of arrays and objects, the value after all that is in it. */
  readonly ends: Int32Array;
  /** A number as a double; of a `roundedNumber`, with a relative error below 1e-15. */
  readonly doubles: Float64Array;
}

/** What a value is. */
export const kinds = {
  null: 0,
  true: 1,
  false: 2,
  /** Its double is what JavaScript makes of the text. */
  number: 3,
  /** Its double may be next to that one. */
  roundedNumber: 4,
  string: 5,
  /** With a backslash. */
  escapedString: 6,
  array: 7,
  object: 8,
} as const;

/** @returns the value after another and all that is in it. */
export function toNext({ kinds: kindOf, ends }: JsonText, value: number): number {
  return (kindOf[value] as number) >= kinds.array ? (ends[value] as number) : value + 1;
}

/** More values than this are not read: each takes 17 bytes here, though only two in the text. */
const mostValues = 2 ** 21;

/** While it is written. */
export class JsonTable implements JsonText {
  readonly bytes: Uint8Array;
  count = 0;
  kinds: Uint8Array<ArrayBuffer>;
  starts: Int32Array<ArrayBuffer>;
  ends: Int32Array<ArrayBuffer>;
  doubles: Float64Array<ArrayBuffer>;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    const capacity = Math.min(64 + (bytes.length >> 4), mostValues);
    this.kinds = new Uint8Array(capacity);
    this.starts = new Int32Array(capacity);
    this.ends = new Int32Array(capacity);
    this.doubles = new Float64Array(capacity);
  }

  /** Makes room for another value. @returns whether there may be one. */
  reserve(): boolean {
    const { length } = this.kinds;
    if (this.count < length) return true;
    if (length === mostValues) return false;
    const capacity = Math.min(2 * length, mostValues);
    this.kinds = grow(this.kinds, new Uint8Array(capacity));
    this.starts = grow(this.starts, new Int32Array(capacity));
    this.ends = grow(this.ends, new Int32Array(capacity));
    this.doubles = grow(this.doubles, new Float64Array(capacity));
    return true;
  }

  /** What is not a number. @returns the value. */
  add(kind: number, start: number, end: number): number {
    const value = this.count++;
    this.kinds[value] = kind;
    this.starts[value] = start;
    this.ends[value] = end;
    return value;
  }
}

function grow<T extends Uint8Array | Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
