/**
 * A problem is data about the user's input, never an exception: every stage collects all of them, and only the command
 * decides about the exit code.
 *
 * Invariants: a problem always has a place (file, line, column), a message (what is wrong) and a hint (what to do), and
 * never contains a credential.
 */

import type { SafeText } from './safe-text.ts';
import { mask, quote, safe } from './safe-text.ts';

/** All codes. `fixtures/problems/` has at least one folder per code. */
export const problemCodes = [
  'alias-bomb',
  'ambiguous-yaml',
  'analysis-checks',
  'analysis-required',
  'candidate-not-ready',
  'deployment-mode',
  'duplicate-host',
  'duplicate-key',
  'duplicate-model',
  'duplicate-object',
  'edit-refused',
  'empty-file',
  'file-encoding',
  'file-exists',
  'file-name',
  'file-too-large',
  'file-unreadable',
  'forbidden-key',
  'gateway-closed',
  'git-lfs-pointer',
  'invalid-value',
  'link-leaves-repository',
  'link-not-followed',
  'mirror-loop',
  'mirrored-too-briefly',
  'missing-field',
  'model-name',
  'more-problems',
  'multiple-documents',
  'name-refused',
  'no-candidate',
  'no-model',
  'no-promotion',
  'no-repository',
  'out-of-range',
  'outer-policies-missing',
  'over-limit',
  'parameter-refused',
  'patch-failed',
  'patch-matches-nothing',
  'patch-refused',
  'percentage-inherited',
  'policy-conflict',
  'policy-ignored',
  'policy-reaches-no-model',
  'promotion-gap',
  'reserved-field',
  'same-name',
  'several-candidates',
  'several-models',
  'status-broken',
  'status-elsewhere',
  'status-of-another-model',
  'storage-conflict',
  'storage-not-allowed',
  'submodule',
  'sync-order',
  'too-precise',
  'unknown-api-version',
  'unknown-field',
  'unknown-kind',
  'unknown-model',
  'unrepresentable-value',
  'unsupported-yaml',
  'wrong-type',
  'yaml-syntax',
] as const;

export type ProblemCode = (typeof problemCodes)[number];

export type Severity = 'error' | 'warning';

/** A place in a file. Lines and columns count from 1; columns count UTF-16 code units. */
export interface Place {
  /** Relative to the repository's root, with forward slashes. */
  readonly file: SafeText;
  readonly line: number;
  readonly column: number;
}

export interface Problem extends Place {
  readonly severity: Severity;
  readonly code: ProblemCode;
  /** The field, as in `spec.primary.version`; empty for the whole file. */
  readonly field: SafeText;
  /** What is wrong: one sentence without a full stop. */
  readonly message: SafeText;
  /** What to do: one sentence without a full stop. */
  readonly hint: SafeText;
}

/** A problem without its place. */
export interface Finding {
  readonly code: ProblemCode;
  readonly message: SafeText;
  readonly hint: SafeText;
}

/** A problem of a file or folder as a whole. */
export function toWholeProblem(file: string, finding: Finding, severity: Severity = 'error'): Problem {
  return { severity, ...finding, file: mask(file), line: 1, column: 1, field: safe`` };
}

/** A path to a field: map keys and list indexes, outermost first. */
export type FieldPath = readonly (string | number)[];

/** `['spec', 'http', 0, 'a.b/c']` → `spec.http[0]["a.b/c"]`. */
export function toFieldText(path: FieldPath): SafeText {
  let text = safe``;
  for (const part of path) {
    if (typeof part === 'number') text = safe`${text}[${part}]`;
    else if (!/^[A-Za-z_][\w-]*$/.test(part)) text = safe`${text}[${quote(part)}]`;
    else text = text === '' ? mask(part) : safe`${text}.${mask(part)}`;
  }
  return text;
}

/** Compares by UTF-16 code units: the same on every machine and in every locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Sorted by place, then code, then text, without duplicates. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const sorted = problems.toSorted(
    (a, b) =>
      compareText(a.file, b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      compareText(a.code, b.code) ||
      compareText(a.message, b.message),
  );
  return sorted.filter((problem, i) => {
    const previous = sorted[i - 1];
    return (
      previous === undefined ||
      previous.file !== problem.file ||
      previous.line !== problem.line ||
      previous.column !== problem.column ||
      previous.code !== problem.code ||
      previous.message !== problem.message
    );
  });
}

/** The number of problems that are reported per file: nobody fixes more at once, and locating each one costs time. */
export const maxProblems = 100;

/** The problems of one file; beyond the limit, one problem that says so. */
export function limitProblems(problems: readonly Problem[]): Problem[] {
  const next = problems[maxProblems];
  if (next === undefined) return [...problems];
  const more: Problem = {
    ...next,
    code: 'more-problems',
    message: safe`only the first ${maxProblems} problems of this file are reported`,
    hint: safe`fix those first`,
  };
  return [...problems.slice(0, maxProblems), more];
}

/** Whether at least one is an error, so that nothing may be rendered. */
export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
}

/** The files that have errors. */
export function findBrokenFiles(problems: readonly Problem[]): string[] {
  return [...new Set(problems.filter(({ severity }) => severity === 'error').map(({ file }) => file))];
}
