import { listValues } from './json-numbers.ts';
import { type JsonText, kinds } from './json-table.ts';
import { isString, toText } from './json-values.ts';

/** The values of an output of datatype BYTES. */
export interface Texts {
  readonly count: number;
  at(index: number): Uint8Array;
}

const utf8 = new TextEncoder();

/**
 * @param bytes of each value its length, in four bytes, little endian, and the value (Triton's convention, KServe's
 *   since: `deserialize_bytes_tensor` of its infer_type.py).
 * @param count how many there must be.
 * @returns undefined when the lengths do not add up.
 */
export function toRawTexts(bytes: Uint8Array, count: number): Texts | undefined {
  if (count > bytes.length / 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const starts = new Float64Array(count + 1);
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) return undefined;
    at += 4;
    starts[i] = at;
    at += view.getUint32(at - 4, true);
  }
  starts[count] = at + 4;
  if (at !== bytes.length) return undefined;
  return { count, at: (i) => bytes.subarray(starts[i] as number, (starts[i + 1] as number) - 4) };
}

/** @param data strings, in arrays however nested. */
export function toJsonTexts(json: JsonText, data: number): Texts | undefined {
  const values = listValues(json, data);
  if (!values?.every((value) => isString(json, value))) return undefined;
  const at = (i: number): Uint8Array => {
    const value = values[i] as number;
    if (json.kinds[value] === kinds.escapedString) return utf8.encode(toText(json, value));
    return json.bytes.subarray(json.starts[value], json.ends[value]);
  };
  return { count: values.length, at };
}
