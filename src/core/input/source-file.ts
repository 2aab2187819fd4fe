import type { FieldPath } from '../diagnostics/problem.ts';

/** The text of a file, from whatever source. */
export interface SourceFile {
  /** Relative to the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Where a field was written. */
export interface FieldOrigin {
  readonly source: SourceFile;
  readonly path: FieldPath;
}
