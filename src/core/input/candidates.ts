/** The candidates of a model file, which has either form: `candidate: {…}`, or the list `candidates: [{…}]`. */
import type { FieldPath } from '../diagnostics/problem.ts';
import type { Model, ModelVersion } from './schema.ts';

export interface DeclaredCandidate {
  readonly declared: ModelVersion;
  /** Where the model file has it. */
  readonly path: FieldPath;
}

export function listCandidates({ spec }: Model): DeclaredCandidate[] {
  return [
    ...(spec.candidate === undefined ? [] : [{ declared: spec.candidate, path: ['spec', 'candidate'] }]),
    ...(spec.candidates ?? []).map((declared, i) => ({ declared, path: ['spec', 'candidates', i] })),
  ];
}
