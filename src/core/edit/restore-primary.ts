/** The edit of a model file by which an earlier primary is the primary again. */
import type { Model, ModelVersion } from '../input/schema.ts';
import type { SourceFile } from '../input/source-file.ts';
import { addField, copyField, removeField, setField } from './field-edits.ts';
import { FieldsOfText } from './field-text.ts';
import type { Edited } from './proof.ts';
import { isSame, prove } from './proof.ts';
import { toFlowText } from './scalar-text.ts';

const primaryPath = ['spec', 'primary'];
const namePath = [...primaryPath, 'name'];

/** The entry as it was, but for the name: the InferenceService that serves now loads it. */
export function toRestored(model: Model, former: ModelVersion): ModelVersion {
  const { name: _, ...rest } = former;
  const { name } = model.spec.primary;
  return { ...rest, ...(name === undefined ? {} : { name }) };
}

/**
 * Restores the whole entry of an earlier primary, with the comments in it. The InferenceService that serves now keeps its
 * name and loads the version in its place: under another name, requests would go to one that does not exist yet. A
 * candidate stays.
 *
 * @param source the text of the model, without problems.
 * @param past the text in which the earlier primary is declared.
 */
export function restorePrimary(source: SourceFile, model: Model, former: ModelVersion, past: string): Edited {
  const { text } = source;
  const primary = toRestored(model, former);
  if (isSame(model.spec.primary, primary)) return { text };
  const isJson = new FieldsOfText(text).fieldAt(primaryPath)?.keyForm === 'double-quoted';
  return prove(source, primaryPath, { ...model, spec: { ...model.spec, primary } }, [
    () => {
      const copied = copyField(text, primaryPath, past);
      return copied === undefined ? undefined : writeName(copied, former.name, primary.name);
    },
    () => copyField(text, primaryPath, toPlainText(primary, isJson)),
  ]);
}

function writeName(text: string, before: string | undefined, after: string | undefined): string | undefined {
  if (before === after) return text;
  if (after === undefined) return removeField(text, namePath);
  return before === undefined ? addField(text, namePath, 'version', after) : setField(text, namePath, after);
}

/** For a text that cannot be taken over, as where an alias in it has no anchor any more. */
function toPlainText(primary: ModelVersion, isJson: boolean): string {
  return `spec:\n  primary: ${toFlowText({ ...primary }, isJson)}\n`;
}
