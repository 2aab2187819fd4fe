/** Types and values in words, for messages: `write a list`, `is a number, not true or false`. */
import type { SafeText } from '../diagnostics/safe-text.ts';
import { mask, safe } from '../diagnostics/safe-text.ts';

const types: Readonly<Record<string, SafeText>> = {
  array: safe`a list`,
  string: safe`a string`,
  integer: safe`a whole number`,
  number: safe`a number`,
  boolean: safe`true or false`,
  'int-or-string': safe`a whole number or a string`,
};

/** @param type of valibot, or of JSON Schema as in CustomResourceDefinitions; all others are maps. */
export function describeType(type: string): SafeText {
  return types[type] ?? safe`a map of fields`;
}

export function describeValue(value: unknown): SafeText {
  if (value === null) return safe`empty`;
  if (typeof value === 'boolean') return mask(String(value));
  return describeType(Array.isArray(value) ? 'array' : typeof value);
}
