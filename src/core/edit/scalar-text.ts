import type { PlainMap } from '../input/plain-value.ts';
import { isMap } from '../input/plain-value.ts';
import { toScalar } from '../manifests/manifest-text.ts';
import type { FieldText } from './field-text.ts';

/** What can be written as one field. */
export type NewValue = string | number | PlainMap;

/** A text or number, in the quotes of the value before, where they can contain it. */
export function toScalarLike(form: FieldText['form'], value: string | number): string {
  if (typeof value === 'string' && form === 'single-quoted' && /^[\u0020-\u007e]*$/.test(value))
    return `'${value.replaceAll("'", "''")}'`;
  if (typeof value === 'string' && form === 'double-quoted' && /^[\u0020-\u007e]*$/.test(value))
    return JSON.stringify(value);
  return toScalar(value);
}

/** On one line, with quotes around every text where the file is JSON. */
export function toFlowText(value: unknown, isJson: boolean): string {
  if (Array.isArray(value)) return `[${value.map((item) => toFlowText(item, isJson)).join(', ')}]`;
  if (!isMap(value)) return isJson ? JSON.stringify(value) : toScalar(value);
  const fields = Object.entries(value).map(([key, inner]) => `${toKeyText(key, isJson)}: ${toFlowText(inner, isJson)}`);
  return `{${fields.join(', ')}}`;
}

export function toKeyText(key: string, isJson: boolean): string {
  return isJson ? JSON.stringify(key) : toScalar(key);
}
