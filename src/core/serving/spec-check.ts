/**
 * Checks an InferenceService's spec as the API server does by KServe's CustomResourceDefinition: a value that
 * it refuses is an error. A field that it would drop silently is a warning, since a newer KServe may know it.
 */

import type { FieldPath, Finding, Severity } from '../diagnostics/problem.ts';
import { maxProblems, toFieldText } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { join, mask, quote, safe } from '../diagnostics/safe-text.ts';
import { suggest } from '../diagnostics/suggest.ts';
import { findCorrection } from '../input/correction.ts';
import { describeType, describeValue } from '../input/describe.ts';
import { isMap } from '../input/plain-value.ts';
import { kserveVersion } from './kserve-schema.ts';
import type { SchemaNode } from './spec-schema.ts';
import { schemaNode, specIndex } from './spec-schema.ts';

export interface SpecFinding extends Finding {
  /** From the object's root. */
  readonly path: FieldPath;
  readonly severity: Severity;
  /** What the finding is about. */
  readonly on: 'key' | 'value';
}

/** At most as many findings as are reported of a file. */
export function checkSpec(spec: unknown): SpecFinding[] {
  const findings: SpecFinding[] = [];
  check(schemaNode(specIndex), spec, ['spec'], findings);
  return findings;
}

function check(node: SchemaNode, value: unknown, path: FieldPath, findings: SpecFinding[]): void {
  if (findings.length > maxProblems) return;
  const refusal = refuse(node, value, path);
  if (refusal !== undefined) {
    const hint = findCorrection(value, (choice) => refuse(node, choice, path) === undefined) ?? refusal.hint;
    findings.push({ ...refusal, hint, path, severity: 'error', on: 'value' });
  } else if (Array.isArray(value)) {
    const items = schemaNode(node.values ?? 0);
    for (const [i, item] of value.entries()) check(items, item, [...path, i], findings);
  } else if (isMap(value)) checkMap(node, value, path, findings);
}

function checkMap(node: SchemaNode, map: object, path: FieldPath, findings: SpecFinding[]): void {
  for (const [name, inner] of Object.entries(map)) {
    const index = node.fields !== undefined && Object.hasOwn(node.fields, name) ? node.fields[name] : node.values;
    if (index !== undefined) check(schemaNode(index), inner, [...path, name], findings);
    else findings.push(toUnknownField(node, map, name, path));
  }
  for (const name of node.required ?? [])
    if (!Object.hasOwn(map, name))
      findings.push({
        code: 'missing-field',
        message: safe`${toFieldText([...path, name])} is missing`,
        hint: safe`add ${mask(name)}, ${describeType(schemaNode(node.fields?.[name] ?? 0).type)}`,
        path: [...path, name],
        severity: 'error',
        on: 'value',
      });
}

function toUnknownField(node: SchemaNode, map: object, name: string, path: FieldPath): SpecFinding {
  const others = Object.keys(node.fields ?? {}).filter((field) => !Object.hasOwn(map, field));
  const meant = suggest(name, others);
  return {
    code: 'unknown-field',
    message: safe`KServe ${kserveVersion} has no field ${quote(name)} in ${toFieldText(path)}, and the API server drops it`,
    hint:
      meant === undefined
        ? safe`check its name and place, or ignore this if your KServe is newer and has it`
        : safe`did you mean "${mask(meant)}"?`,
    path: [...path, name],
    severity: 'warning',
    on: 'key',
  };
}

/** What is wrong with a value itself, whatever is in it. */
function refuse(node: SchemaNode, value: unknown, path: FieldPath): Finding | undefined {
  const field = toFieldText(path);
  if (!isOfType(node.type, value))
    return {
      code: 'wrong-type',
      message: safe`${field} is ${describeValue(value)}, not ${describeType(node.type)}`,
      hint: safe`write ${describeType(node.type)}`,
    };
  if (typeof value === 'string') return refuseText(node, value, field);
  const size = Array.isArray(value) ? value.length : value;
  if (typeof size !== 'number') return undefined;
  const { least = node.isInt32 ? -(2 ** 31) : undefined, most = node.isInt32 ? 2 ** 31 - 1 : undefined } = node;
  if (least !== undefined && size < least)
    return Array.isArray(value)
      ? {
          code: 'out-of-range',
          message: safe`${field} is an empty list`,
          hint: safe`add an item, or leave the field out`,
        }
      : { code: 'out-of-range', message: safe`${field} is less than ${least}`, hint: safe`write at least ${least}` };
  if (most !== undefined && size > most)
    return { code: 'out-of-range', message: safe`${field} is more than ${most}`, hint: safe`write at most ${most}` };
  return undefined;
}

function refuseText(node: SchemaNode, text: string, field: SafeText): Finding | undefined {
  const choices = node.enum;
  if (choices !== undefined && !choices.includes(text)) {
    const meant = suggest(text, choices);
    const all = join(choices.map(mask), ', ');
    return {
      code: 'invalid-value',
      message: safe`${field} is ${quote(text)}, not one of ${all}`,
      hint: meant === undefined ? safe`write one of ${all}` : safe`did you mean "${mask(meant)}"?`,
    };
  }
  if (node.least !== undefined && text.length < node.least)
    return { code: 'invalid-value', message: safe`${field} is empty`, hint: safe`fill it in, or leave the field out` };
  if (node.most !== undefined && text.length > node.most)
    return {
      code: 'invalid-value',
      message: safe`${field} is longer than ${node.most} characters`,
      hint: safe`shorten it`,
    };
  if (node.pattern === undefined || (text.length <= longest && new RegExp(node.pattern, 'u').test(text)))
    return undefined;
  return {
    code: 'invalid-value',
    message: safe`${field} is ${quote(text)}, which KServe does not accept`,
    hint: node.type === 'int-or-string' ? safe`write a quantity, as in 500m or 2Gi` : safe`match ${mask(node.pattern)}`,
  };
}

/** No text that one of KServe's patterns takes is as long. */
const longest = 1000;

function isOfType(type: SchemaNode['type'], value: unknown): boolean {
  switch (type) {
    case 'object':
      return isMap(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'int-or-string':
      return Number.isInteger(value) || typeof value === 'string';
    default:
      return typeof value === type;
  }
}
