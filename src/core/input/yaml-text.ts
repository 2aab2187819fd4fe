/**
 * YAML text → plain value, or problems with their places.
 *
 * Our own files are read as YAML 1.2, and a scalar that YAML 1.1 reads differently is an error: people
 * copy such lines from Kubernetes manifests and back. Those manifests are read as kubectl reads them.
 *
 * Invariants: the value is JSON (objects, lists, strings, finite safe numbers, booleans, null); no key is
 * `__proto__`, `constructor` or `prototype`; aliases share the value of their anchor, and their expansion is
 * bounded; of order, style and comments, the value only keeps the order of keys.
 */
import type { Document, Node } from 'yaml';
import type { Problem } from '../diagnostics/problem.ts';
import { limitProblems, maxProblems } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { mask, safe } from '../diagnostics/safe-text.ts';
import type { SourceFile } from './source-file.ts';
import type { ComposeOptions } from './yaml-documents.ts';
import { composeDocuments, defaultMaxTokens, maxDocuments } from './yaml-documents.ts';
import { offsetOf, toPlace } from './yaml-place.ts';
import type { Accepts, Report } from './yaml-value.ts';
import { maxDepth, ValueReader } from './yaml-value.ts';

/** The value of a file; undefined when it has problems. */
export interface ParsedText {
  readonly value: unknown;
  readonly problems: readonly Problem[];
}

/** Parses one of our own files, in which only one document may hold something. */
export function parseText(source: SourceFile, accepts: Accepts = () => true): ParsedText {
  const problems: Problem[] = [];
  const report = toReport(source, problems);
  const [document, second] = compose(source, report, { atMost: 2 });
  if (document === undefined) return { value: undefined, problems };
  if (second !== undefined)
    report(
      'multiple-documents',
      offsetOf(second),
      safe`a second document begins here`,
      safe`move each document to its own file`,
    );
  const lineBreak = findForeignLineBreak(source.text);
  if (lineBreak !== undefined)
    report(
      'ambiguous-yaml',
      lineBreak,
      safe`YAML 1.1, as Kubernetes reads it, treats this character as a line break, and YAML 1.2 does not`,
      safe`write it as ${toEscape(source.text[lineBreak] as string)} in double quotes, or remove it`,
    );
  if (problems.length > 0) return { value: undefined, problems: limitProblems(problems) };
  const value = new ValueReader(report, accepts).read(document.contents as Node);
  return { value: problems.length > 0 ? undefined : value, problems: limitProblems(problems) };
}

/**
 * Parses a Kubernetes manifest as kubectl reads it. Several documents become the items of a List.
 */
export function parseManifests(source: SourceFile): ParsedText {
  const problems: Problem[] = [];
  const report = toReport(source, problems);
  // Manifests that people export, such as a List of all InferenceServices, may be long.
  const documents = compose(source, report, { maxTokens: Number.POSITIVE_INFINITY });
  const lineBreak = source.text.trimStart().startsWith('{') ? undefined : findForeignLineBreak(source.text);
  if (lineBreak !== undefined)
    report(
      'ambiguous-yaml',
      lineBreak,
      safe`kubectl treats this character as a line break`,
      safe`write it as ${toEscape(source.text[lineBreak] as string)} in double quotes, or remove it`,
    );
  if (problems.length > 0) return { value: undefined, problems: limitProblems(problems) };
  const values = documents.map(({ contents }) => new ValueReader(report, undefined).read(contents as Node));
  if (problems.length > 0) return { value: undefined, problems: limitProblems(problems) };
  return { value: values.length === 1 ? values[0] : { apiVersion: 'v1', kind: 'List', items: values }, problems };
}

/** The documents that hold something; none when a problem concerns the whole file. */
function compose(source: SourceFile, report: Report, options: ComposeOptions): readonly Document.Parsed[] {
  const conflict = /^<{7} .*$/m.exec(source.text);
  if (conflict !== null) {
    report(
      'yaml-syntax',
      conflict.index,
      safe`a merge conflict begins here`,
      safe`resolve it, down to the line of >>>>>>>`,
    );
    return [];
  }
  const composed = composeDocuments(source.text, options);
  if ('refused' in composed) {
    if (composed.refused === 'depth')
      report('unsupported-yaml', 0, safe`nested deeper than ${maxDepth} levels`, safe`flatten the file`);
    else if (composed.refused === 'tokens')
      report(
        'file-too-large',
        0,
        safe`the file has more than ${defaultMaxTokens} values and separators`,
        safe`make it smaller, or rename it if it is not for model-mirror`,
      );
    else report('unsupported-yaml', 0, safe`more than ${maxDocuments} documents`, safe`remove the lines of "---"`);
    return [];
  }
  const { documents } = composed;
  if (documents.length === 0) report('empty-file', 0, safe`the file is empty`, safe`fill it in, or delete the file`);
  for (const document of documents) reportSyntax(document, report);
  return documents;
}

function reportSyntax({ errors, warnings, directives }: Document.Parsed, report: Report): void {
  // There may be one per character, and no more than these are reported.
  for (const error of errors.slice(0, maxProblems + 1)) {
    if (error.code === 'NON_STRING_KEY')
      report('unsupported-yaml', error.pos[0], safe`this key is not plain text`, safe`write the key as text`);
    else report('yaml-syntax', error.pos[0], mask(error.message), safe`fix the YAML here or just before`);
  }
  for (const warning of warnings.slice(0, maxProblems + 1))
    report('unsupported-yaml', warning.pos[0], mask(warning.message), safe`remove the tag or directive`);
  if (directives?.yaml.explicit && directives.yaml.version !== '1.2')
    report(
      'unsupported-yaml',
      0,
      safe`the file declares YAML ${directives.yaml.version}`,
      safe`remove the %YAML directive`,
    );
}

/** NEL, LS and PS are line breaks only in YAML 1.1, also in comments and quotes. */
function findForeignLineBreak(text: string): number | undefined {
  const at = text.search(/[\u0085\u2028\u2029]/);
  return at === -1 ? undefined : at;
}

function toEscape(character: string): SafeText {
  return mask(`\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function toReport(source: SourceFile, problems: Problem[]): Report {
  return (code, offset, message, hint, field = safe``) => {
    if (problems.length > maxProblems) return;
    problems.push({ severity: 'error', code, ...toPlace(source, offset), field, message, hint });
  };
}
