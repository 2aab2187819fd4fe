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

/**
 * More values than this are not read: each takes 17 bytes here, though only two in the text, and both answers of a pair are
 * read at once. A million pixels in their rows are fewer.
 */
const mostValues = 2 ** 20 + 2 ** 16;

/** A table with room for so many values, 2.2 MB, is kept to be written again. */
const mostKept = 2 ** 17;

const none = new Uint8Array();

/** While it is written. */
export class JsonTable implements JsonText {
  bytes: Uint8Array;
  count = 0;
  kinds: Uint8Array<ArrayBuffer>;
  starts: Int32Array<ArrayBuffer>;
  ends: Int32Array<ArrayBuffer>;
  doubles: Float64Array<ArrayBuffer>;

  constructor() {
    this.bytes = none;
    this.kinds = new Uint8Array();
    this.starts = new Int32Array();
    this.ends = new Int32Array();
    this.doubles = new Float64Array();
  }

  /** Forgets what it has, and makes room for about as many values as a text of these bytes has. */
  begin(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.count = 0;
    const capacity = Math.min(64 + (bytes.length >> 4), mostValues);
    if (this.kinds.length < capacity) this.#resize(capacity);
  }

  /** Keeps no text, and no more memory than another one of a usual size will need. */
  clear(): void {
    this.bytes = none;
    this.count = 0;
    if (this.kinds.length > mostKept) this.#resize(0);
  }

  /** Makes room for another value. @returns whether there may be one. */
  reserve(): boolean {
    const { length } = this.kinds;
    if (this.count < length) return true;
    if (length === mostValues) return false;
    // As many as the text has if it goes on as it began: twice as many would more often be memory that nobody needs.
    const read = Math.max(1, this.starts[this.count - 1] ?? 1);
    const whole = Math.ceil((1.05 * this.count * this.bytes.length) / read);
    this.#resize(Math.min(Math.max(whole, Math.ceil(1.5 * length)), mostValues));
    return true;
  }

  /** Keeps the values that it has. */
  #resize(capacity: number): void {
    this.kinds = copy(this.kinds, this.count, new Uint8Array(capacity));
    this.starts = copy(this.starts, this.count, new Int32Array(capacity));
    this.ends = copy(this.ends, this.count, new Int32Array(capacity));
    this.doubles = copy(this.doubles, this.count, new Float64Array(capacity));
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

function copy<T extends Uint8Array | Int32Array | Float64Array>(from: T, count: number, to: T): T {
  to.set(from.subarray(0, count));
  return to;
}
