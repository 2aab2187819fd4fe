import { type JsonText, kinds, toNext } from './json-table.ts';
import { hasSameText, toText } from './json-values.ts';

const utf8 = new TextEncoder();
/** Whoever writes an answer cannot know which names fall together. */
const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));

/** The members of an object by name, in a few bytes each: an answer may have half a million of them. */
export class Members {
  readonly #json: JsonText;
  /** Of each member its name's value, in the order of the text; -1: it was taken. */
  readonly #names: Int32Array;
  /** Of each member the next one whose name falls together with its own; -1: there is none. */
  readonly #next: Int32Array;
  readonly #first: Int32Array;

  /** @param from the name of the first member. */
  constructor(json: JsonText, from: number, end: number) {
    let count = 0;
    for (let at = from; at < end; at = toNext(json, at + 1)) count++;
    this.#json = json;
    this.#names = new Int32Array(count);
    this.#next = new Int32Array(count);
    this.#first = new Int32Array(2 ** Math.ceil(Math.log2(count + 1))).fill(-1);
    for (let at = from, i = 0; at < end; at = toNext(json, at + 1), i++) this.#names[i] = at;
    // The last one first, so that of members of one name the first is found.
    for (let i = count - 1; i >= 0; i--) {
      const place = this.#toPlace(json, this.#names[i] as number);
      this.#next[i] = this.#first[place] as number;
      this.#first[place] = i;
    }
  }

  /** @returns the value of the first member of that name that was not taken yet; -1: there is none. */
  take(of: JsonText, name: number): number {
    const place = this.#toPlace(of, name);
    let before = -1;
    for (let i = this.#first[place] as number; i !== -1; i = this.#next[i] as number) {
      const found = this.#names[i] as number;
      if (hasSameName(of, name, this.#json, found)) {
        const next = this.#next[i] as number;
        if (before === -1) this.#first[place] = next;
        else this.#next[before] = next;
        this.#names[i] = -1;
        return found + 1;
      }
      before = i;
    }
    return -1;
  }

  /** The names of those that were not taken. */
  *left(): Iterable<number> {
    for (const name of this.#names) if (name !== -1) yield name;
  }

  #toPlace(json: JsonText, name: number): number {
    let hash = seed;
    const isEscaped = json.kinds[name] === kinds.escapedString;
    const bytes = isEscaped ? utf8.encode(toText(json, name)) : json.bytes;
    const from = isEscaped ? 0 : (json.starts[name] as number);
    const end = isEscaped ? bytes.length : (json.ends[name] as number);
    for (let at = from; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
    hash ^= hash >>> 15;
    return (hash >>> 0) & (this.#first.length - 1);
  }
}

/** Whether two names are the same, however they are written. */
export function hasSameName(one: JsonText, a: number, other: JsonText, b: number): boolean {
  if (hasSameText(one, a, other, b)) return true;
  const isEscaped = one.kinds[a] === kinds.escapedString || other.kinds[b] === kinds.escapedString;
  return isEscaped && toText(one, a) === toText(other, b);
}
