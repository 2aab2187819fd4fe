/** A file's text → a Model, MirrorPolicy or ModelStatus, or problems with their places. */
import * as v from 'valibot';
import type { FieldPath, Finding, Problem, ProblemCode, Severity } from '../diagnostics/problem.ts';
import { limitProblems, maxProblems, toFieldText } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { join, mask, quote, safe } from '../diagnostics/safe-text.ts';
import { suggest } from '../diagnostics/suggest.ts';
import { checkAnalysis } from './analysis-rules.ts';
import { listCandidates } from './candidates.ts';
import { findCorrection } from './correction.ts';
import { describeValue } from './describe.ts';
import { findTwice, toModelStatus } from './model-status.ts';
import { isMap, valueAt } from './plain-value.ts';
import type { Kind, MirrorPolicy, Model, ModelStatus } from './schema.ts';
import { schemas } from './schema.ts';
import {
  accepts,
  choicesOf,
  discriminatorsOf,
  fieldsOf,
  schemaAt,
  toAddition,
  toChoiceText,
  toExpectedText,
  withoutEmptyFields,
} from './schema-fields.ts';
import { apiVersion } from './schema-parts.ts';
import type { SourceFile } from './source-file.ts';
import { locate } from './yaml-place.ts';
import type { ParsedText } from './yaml-text.ts';
import { parseText } from './yaml-text.ts';

export interface Parsed<T> {
  /** Undefined when the file has problems. */
  readonly value: T | undefined;
  readonly problems: readonly Problem[];
}

export function parseModel(source: SourceFile): Parsed<Model> {
  const { value, problems } = parseDocument(source, 'Model', schemas.Model);
  const [, second] = value === undefined ? [] : listCandidates(value);
  if (second === undefined) return { value, problems };
  const problem = toProblem(source, second.path, {
    code: 'several-candidates',
    message: safe`one candidate is supported, and this is the second`,
    hint: safe`keep one of them`,
  });
  return { value: undefined, problems: [problem] };
}

export function parsePolicy(source: SourceFile): Parsed<MirrorPolicy> {
  const { value, problems } = parseDocument(source, 'MirrorPolicy', schemas.MirrorPolicy);
  const wrong = checkAnalysis(value?.spec.analysis).map(({ path, ...finding }) =>
    toProblem(source, ['spec', 'analysis', ...path], { code: 'analysis-checks', ...finding }, { on: 'value' }),
  );
  return wrong.length > 0 ? { value: undefined, problems: limitProblems(wrong) } : { value, problems };
}

export function parseStatus(source: SourceFile): Parsed<ModelStatus> {
  const { value, problems } = parseDocument(source, 'ModelStatus', schemas.ModelStatus);
  const twice = value && findTwice(value.status);
  if (twice === undefined) return { value: value && toModelStatus(value), problems };
  const { path, name } = twice;
  const message = safe`${mask(name)} is reported twice`;
  const finding = { code: 'duplicate-key', message, hint: safe`keep what the watcher wrote last` } as const;
  return { value: undefined, problems: [toProblem(source, path, finding)] };
}

/** A finding with its place: the key of a field, or its value. */
export function toProblem(
  source: SourceFile,
  path: FieldPath,
  finding: Finding,
  options: { readonly on?: 'key' | 'value'; readonly severity?: Severity } = {},
): Problem {
  return {
    severity: options.severity ?? 'error',
    code: finding.code,
    ...locate(source, path, options.on),
    field: toFieldText(path),
    message: finding.message,
    hint: finding.hint,
  };
}

/** The content of a file without empty fields: an empty field means the same as an absent one. */
export function readValue(source: SourceFile, kind: Kind): ParsedText {
  const schema = schemas[kind] as v.GenericSchema;
  const { value, problems } = parseText(source, (path, choice) => accepts(schema, path, choice));
  const filled = withoutEmptyFields(schema, value);
  return { value: kind === 'Model' ? withoutEmptyTemplateFields(filled) : filled, problems };
}

/** The API server refuses most nulls in an InferenceService's spec. In overrides, null removes a field. */
function withoutEmptyTemplateFields(model: unknown): unknown {
  const template = valueAt(model, ['spec', 'template']);
  if (!isMap(model) || !isMap(model['spec']) || !isMap(template) || template['spec'] === undefined) return model;
  return { ...model, spec: { ...model['spec'], template: { ...template, spec: withoutNulls(template['spec']) } } };
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isMap(value)) return value;
  const filled = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(filled.map(([key, inner]) => [key, withoutNulls(inner)]));
}

function parseDocument<S extends v.GenericSchema>(source: SourceFile, kind: Kind, schema: S): Parsed<v.InferOutput<S>> {
  const { value, problems } = readValue(source, kind);
  if (problems.length > 0) return { value: undefined, problems };
  const wrongKind = checkKind(source, kind, value);
  if (wrongKind.length > 0) return { value: undefined, problems: wrongKind };
  const result = v.safeParse(schema, value);
  if (result.success) return { value: result.output, problems };
  return { value: undefined, problems: toSchemaProblems(source, schema, result.issues) };
}

/** Checked first: the kind of a file must match its name. */
function checkKind(source: SourceFile, kind: Kind, value: unknown): Problem[] {
  if (!isMap(value)) {
    const hint = safe`begin with apiVersion: ${apiVersion} and kind: ${kind}`;
    return [
      toProblem(source, [], {
        code: 'wrong-type',
        message: safe`the file holds ${describeValue(value)}, not a map of fields`,
        hint,
      }),
    ];
  }
  const problems: Problem[] = [];
  const report = (field: string, finding: Finding) =>
    problems.push(toProblem(source, [field], finding, { on: 'value' }));
  const written: { readonly apiVersion?: unknown; readonly kind?: unknown } = value;
  if (typeof written.apiVersion === 'string' && written.apiVersion !== apiVersion)
    report('apiVersion', {
      code: 'unknown-api-version',
      message: safe`unknown apiVersion ${quote(written.apiVersion)}`,
      hint: safe`write ${apiVersion}`,
    });
  if (typeof written.kind === 'string' && written.kind !== kind) {
    const known = Object.hasOwn(schemas, written.kind);
    report('kind', {
      code: 'unknown-kind',
      message: known
        ? safe`a file of this name holds a ${kind}, not a ${mask(written.kind)}`
        : safe`unknown kind ${quote(written.kind)}`,
      hint: known ? safe`write kind: ${kind}, or rename the file` : safe`write kind: ${kind}`,
    });
  }
  return problems;
}

const codesOfChecks: Readonly<Record<string, ProblemCode>> = {
  min_value: 'out-of-range',
  max_value: 'out-of-range',
  check: 'too-precise',
  raw_check: 'out-of-range',
};

function toSchemaProblems(
  source: SourceFile,
  schema: v.GenericSchema,
  issues: readonly v.BaseIssue<unknown>[],
): Problem[] {
  // Finding a place costs a pass over the whole text, so problems beyond the limit are not located.
  const problems: Problem[] = [];
  for (const issue of issues) {
    // valibot only reports the first unknown field of a map.
    if (issue.expected === 'never') problems.push(...toUnknownFields(source, schema, issue.path ?? []));
    else problems.push(toSchemaProblem(source, schema, issue));
    if (problems.length > maxProblems) break;
  }
  return limitProblems(problems);
}

function toSchemaProblem(source: SourceFile, schema: v.GenericSchema, issue: v.BaseIssue<unknown>): Problem {
  const steps = issue.path ?? [];
  const path = steps.map((step) => step.key as string | number);
  const last = steps.at(-1);
  const field = toFieldText(path);
  if (issue.kind === 'validation') {
    const [message = '', otherwise = ''] = issue.message.split('\n');
    const code = codesOfChecks[issue.type] ?? 'invalid-value';
    const hint = findCorrection(issue.input, (choice) => accepts(schema, path, choice)) ?? mask(otherwise);
    return toProblem(source, path, { code, message: safe`${field}: ${mask(message)}`, hint }, { on: 'value' });
  }
  if (last?.origin !== 'key') {
    const finding = checkValue(path, toExpected(schema, steps), issue.input);
    const hint = findCorrection(issue.input, (choice) => accepts(schema, path, choice)) ?? finding.hint;
    return toProblem(source, path, { ...finding, hint }, { on: 'value' });
  }
  return toProblem(source, path, {
    code: 'missing-field',
    message: safe`${field} is missing`,
    hint: toAddition(String(last.key), schemaAt(schema, steps)),
  });
}

/** Every unknown field of a map, up to the limit of problems. */
function toUnknownFields(source: SourceFile, schema: v.GenericSchema, steps: readonly v.IssuePathItem[]): Problem[] {
  const around = steps.slice(0, -1);
  const parent = steps.at(-1)?.input as object;
  const known = fieldsOf(schemaAt(schema, around), parent);
  const missing = known.filter((name) => !Object.hasOwn(parent, name));
  const path = around.map((step) => step.key as string | number);
  const unknown = Object.keys(parent).filter((name) => !known.includes(name));
  return unknown.slice(0, maxProblems + 1).map((name) => {
    const meant = suggest(name, missing);
    return toProblem(source, [...path, name], {
      code: 'unknown-field',
      message: safe`unknown field ${quote(name)}${path.length > 0 ? safe` in ${toFieldText(path)}` : ''}`,
      hint:
        meant === undefined
          ? safe`remove it; the fields here are ${join(known.map(mask), ', ')}`
          : safe`did you mean "${mask(meant)}"?`,
    });
  });
}

interface Expected {
  readonly text: SafeText;
  readonly choices: readonly string[];
}

function toExpected(schema: v.GenericSchema, steps: readonly v.IssuePathItem[]): Expected {
  const field = schemaAt(schema, steps);
  // One field of a map chooses among its forms, and that field has the choices.
  const choosing = field === undefined ? schemaAt(schema, steps.slice(0, -1)) : undefined;
  const choices = choosing === undefined ? choicesOf(field) : discriminatorsOf(choosing);
  return { choices, text: choosing === undefined ? toExpectedText(field) : toChoiceText(choices) };
}

function checkValue(path: FieldPath, expected: Expected, value: unknown): Finding {
  const field = toFieldText(path);
  if (expected.choices.length > 0 && typeof value === 'string') {
    const meant = suggest(value, expected.choices);
    return {
      code: 'invalid-value',
      message: safe`${field} is ${quote(value)}, not ${expected.text}`,
      hint: meant === undefined ? safe`write ${expected.text}` : safe`did you mean "${mask(meant)}"?`,
    };
  }
  return {
    code: 'wrong-type',
    message: safe`${field} is ${describeValue(value)}, not ${expected.text}`,
    hint: safe`write ${expected.text}`,
  };
}
