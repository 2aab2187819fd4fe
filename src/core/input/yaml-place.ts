/** Where a field is in the text of its file. */
import { type Document, isMap, isScalar, isSeq, type Node } from 'yaml';
import type { FieldPath, Place } from '../diagnostics/problem.ts';
import { mask } from '../diagnostics/safe-text.ts';
import type { SourceFile } from './source-file.ts';
import { composeDocuments } from './yaml-documents.ts';

/**
 * The place of a field in its file; for a missing field, the place of the innermost field around it.
 *
 * @param on the field's key or its value.
 */
export function locate(source: SourceFile, path: FieldPath, on: 'key' | 'value' = 'key'): Place {
  let offset = 0;
  const documents = toDocuments(source);
  const [items, item, ...inner] = path;
  // Several documents become the items of a List.
  const isOfSeveral = documents.length > 1 && items === 'items' && typeof item === 'number';
  let node: unknown = (isOfSeveral ? documents[item] : documents[0])?.contents;
  if (isMap(node) || isSeq(node)) offset = offsetOf(node);
  for (const part of isOfSeveral ? inner : path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === part);
      if (pair === undefined) break;
      const target = on === 'value' && part === path.at(-1) && pair.value !== null ? pair.value : pair.key;
      offset = offsetOf(target as Node);
      node = pair.value;
    } else if (isSeq(node) && typeof part === 'number' && node.items[part] !== undefined) {
      node = node.items[part];
      offset = offsetOf(node as Node);
    } else break;
  }
  return toPlace(source, offset);
}

/** The documents of the last file: problems are located file by file. */
let latest: { readonly source: SourceFile; readonly documents: readonly Document.Parsed[] } | undefined;

function toDocuments(source: SourceFile): readonly Document.Parsed[] {
  if (latest?.source !== source) {
    const composed = composeDocuments(source.text);
    latest = { source, documents: 'refused' in composed ? [] : composed.documents };
  }
  return latest.documents;
}

export function offsetOf(node: Node | Document.Parsed): number {
  return node.range?.[0] ?? 0;
}

export function toPlace(source: SourceFile, offset: number): Place {
  let line = 1;
  let lineStart = 0;
  for (let end = source.text.indexOf('\n'); end !== -1 && end < offset; end = source.text.indexOf('\n', lineStart)) {
    line++;
    lineStart = end + 1;
  }
  // A byte order mark does not count as a column.
  const mark = line === 1 && offset > 0 && source.text.startsWith('\ufeff') ? 1 : 0;
  return { file: mask(source.path), line, column: offset - lineStart + 1 - mark };
}
