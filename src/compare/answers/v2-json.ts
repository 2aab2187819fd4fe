import { listValues } from './json-numbers.ts';
import { scanJson } from './json-scan.ts';
import { type JsonTable, type JsonText, kinds, toNext } from './json-table.ts';
import { findMember, findText, toNumber } from './json-values.ts';
import type { Reply } from './reply.ts';
import { mostAxes, mostOutputs, type Tensor, type Tensors } from './tensor.ts';

/** How long the JSON before binary data is (Triton's protocol extension `binary_data`). */
export const lengthHeader = 'inference-header-content-length';

/**
 * Reads an answer of the V2 protocol over REST, its tensors in JSON or as binary data after it.
 *
 * @param table for its JSON.
 * @returns undefined when it is none, or its parts contradict each other.
 */
export function readV2Answer({ headers, body }: Reply, table?: JsonTable): Tensors | undefined {
  const length = toLength(headers[lengthHeader], body.length);
  const json = length === undefined ? undefined : scanJson(body.subarray(0, length), table);
  if (json === undefined || length === undefined) return undefined;
  const list = findMember(json, 0, 'outputs');
  if (list === -1 || json.kinds[list] !== kinds.array) return undefined;
  const outputs: Tensor[] = [];
  let at = length;
  const end = toNext(json, list);
  for (let output = list + 1; output < end; output = toNext(json, output)) {
    const size = findBinarySize(json, output);
    const raw = size === undefined ? undefined : body.subarray(at, at + size);
    at += size ?? 0;
    const tensor = at > body.length || outputs.length === mostOutputs ? undefined : toTensor(json, output, raw);
    if (tensor === undefined) return undefined;
    outputs.push(tensor);
  }
  return at === body.length ? { model: findText(json, 0, 'model_name'), outputs } : undefined;
}

function toLength(header: string | undefined, most: number): number | undefined {
  if (header === undefined) return most;
  const length = /^\d{1,15}$/.test(header) ? Number(header) : Number.NaN;
  return length <= most ? length : undefined;
}

/** NaN for one that is no size. */
function findBinarySize(json: JsonText, output: number): number | undefined {
  const parameters = findMember(json, output, 'parameters');
  const value = parameters === -1 ? -1 : findMember(json, parameters, 'binary_data_size');
  if (value === -1) return undefined;
  const size = json.kinds[value] === kinds.number ? (json.doubles[value] as number) : Number.NaN;
  return Number.isSafeInteger(size) && size >= 0 ? size : Number.NaN;
}

function toTensor(json: JsonText, output: number, raw: Uint8Array | undefined): Tensor | undefined {
  const name = findText(json, output, 'name');
  const datatype = findText(json, output, 'datatype');
  const shape = toShape(json, findMember(json, output, 'shape'));
  const value = findMember(json, output, 'data');
  if (name === undefined || datatype === undefined || shape === undefined) return undefined;
  if (raw !== undefined) return value === -1 ? { name, datatype, shape, data: { raw } } : undefined;
  return value === -1 ? undefined : { name, datatype, shape, data: { json, value } };
}

function toShape(json: JsonText, value: number): number[] | undefined {
  if (value === -1 || json.kinds[value] !== kinds.array) return undefined;
  const axes = listValues(json, value);
  if (axes === undefined || axes.length > mostAxes) return undefined;
  const shape = [...axes].map((axis) => (json.kinds[axis] === kinds.number ? Number(toNumber(json, axis)) : -1));
  return shape.includes(-1) ? undefined : shape;
}
