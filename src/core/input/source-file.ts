import type { FieldPath } from '../diagnostics/problem.ts';

/** A file's text as the input stage sees it: nothing here knows where it came from. */
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
