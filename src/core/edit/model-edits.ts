/** The edits of a model file: its candidate comes, changes, takes over or goes. */
import { modelFieldOf, namesStorage } from '../input/model-storage.ts';
import type { PlainMap } from '../input/plain-value.ts';
import { isMap, valueAt } from '../input/plain-value.ts';
import type { Model, ModelVersion } from '../input/schema.ts';
import type { SourceFile } from '../input/source-file.ts';
import { addField, addFirstField, moveField, removeField, setField } from './field-edits.ts';
import { FieldsOfText, lineStartOf } from './field-text.ts';
import type { Edited } from './proof.ts';
import { isSame, prove } from './proof.ts';

/** What is wanted of a candidate; what is left out stays as it is. */
export interface CandidateWish {
  readonly version?: string | undefined;
  readonly storageUri?: string | undefined;
  /** Where it lies in the storage that the model names, in place of a storageUri. */
  readonly storagePath?: string | undefined;
  /** Of its InferenceService. */
  readonly name?: string | undefined;
  /** True: overrides that are there go. */
  readonly withoutOverrides?: boolean | undefined;
}

/** In the order in which they are written. */
const valueKeys = ['version', 'storageUri', 'name'] as const;

const primaryPath = ['spec', 'primary'];
const candidatePath = ['spec', 'candidate'];

/**
 * Adds the candidate, or changes the one that is there.
 *
 * @param source the text of the model, without problems.
 */
export function setCandidate(source: SourceFile, model: Model, wish: CandidateWish): Edited {
  const { text } = source;
  const before = model.spec.candidate;
  const kept = wish.withoutOverrides === true ? undefined : before?.overrides;
  const field = [...modelFieldOf(model, { overrides: kept }), 'storage'].map(String);
  const storage = wish.storagePath === undefined ? undefined : toStorage(model, kept, field, wish.storagePath);
  const values = pick({ ...pick(before ?? {}), ...pick(wish), ...(storage && { storageUri: undefined }) });
  const withOverrides = (overrides: unknown) => ({ ...values, ...(overrides === undefined ? {} : { overrides }) });
  const candidate = withOverrides(storage === undefined ? kept : setAt(kept, field, storage));
  const wanted = { ...model, spec: { ...model.spec, candidate } };
  if (before !== undefined)
    return prove(source, candidatePath, wanted, [
      () => {
        const written = writeVersion(text, 'candidate', before, withOverrides(kept) as ModelVersion);
        return written === undefined || storage === undefined
          ? written
          : writeStorage(written, values, kept, field, storage);
      },
    ]);
  const add = (inner: number | undefined) => () => addField(text, candidatePath, 'primary', candidate, { inner });
  const inner = toInnerIndent(text);
  return prove(source, ['spec'], wanted, [add(inner), add(undefined)]);
}

/** What is merged into the candidate: where nobody else names the storage, all that the primary says of it. */
function toStorage(
  { spec: { template, primary } }: Model,
  overrides: unknown,
  field: readonly string[],
  path: string,
): PlainMap {
  const own = valueAt(overrides, field);
  if (isMap(own)) return { ...own, path };
  const ofPrimary = valueAt(primary.overrides, field);
  return namesStorage(template) || !isMap(ofPrimary) ? { path } : { ...ofPrimary, path };
}

/** Sets the path where there is one, or adds what is missing, in the innermost map that is there. */
function writeStorage(
  text: string,
  values: object,
  overrides: unknown,
  field: readonly string[],
  storage: PlainMap,
): string | undefined {
  const keys = ['overrides', ...field];
  const missing = keys.findIndex((_, i) => !isMap(valueAt({ overrides }, keys.slice(0, i + 1))));
  if (missing < 0) {
    const path = [...candidatePath, ...keys, 'path'];
    const isThere = valueAt({ overrides }, [...keys, 'path']) !== undefined;
    return (isThere ? setField : addFirstField)(text, path, String(storage['path']));
  }
  const path = [...candidatePath, ...keys.slice(0, missing + 1)];
  const value = setAt(undefined, keys.slice(missing + 1), storage);
  const last = valueKeys.findLast((key) => key in values) ?? 'version';
  // A null takes away what the template says, and is no map to add to.
  if (valueAt({ overrides }, keys.slice(0, missing + 1)) !== undefined) return setField(text, path, value);
  return missing > 0 ? addFirstField(text, path, value) : addField(text, path, last, value);
}

/** The map with another value at a path; what is no map on the way there gives way. */
function setAt(map: unknown, [key, ...inner]: readonly string[], value: PlainMap): PlainMap {
  if (key === undefined) return value;
  const own = isMap(map) ? map : {};
  return { ...own, [key]: setAt(own[key], inner, value) };
}

/** Removes the candidate; without one there is nothing to do. */
export function discardCandidate(source: SourceFile, model: Model): Edited {
  const { candidate, ...spec } = model.spec;
  return prove(source, candidatePath, { ...model, spec }, [() => removeField(source.text, candidatePath)]);
}

/**
 * Makes the candidate the primary, with all that is its own: version, storageUri, overrides, and the
 * comments among them.
 *
 * A name that the candidate was given goes with it, since the InferenceService of that name has it
 * loaded. Without one the primary's InferenceService, whatever it is called, is loaded anew in its
 * place and serves the old version until then, as in Iter8's tutorial: were the primary's own name
 * dropped, requests would go to one that does not exist yet.
 */
export function promoteCandidate(source: SourceFile, model: Model, candidate: ModelVersion): Edited {
  const { candidate: _, primary, ...others } = model.spec;
  const promoted = toPromoted(model, candidate);
  const wanted = { ...model, spec: { ...others, primary: promoted } };
  const { text } = source;
  return prove(source, candidatePath, wanted, [
    () => moveVersion(text, candidate.name === undefined ? primary.name : undefined),
    () => {
      const written = writeVersion(text, 'primary', primary, promoted);
      return written && removeField(written, candidatePath);
    },
  ]);
}

/** The primary that a candidate is promoted to. */
function toPromoted({ spec: { primary } }: Model, candidate: ModelVersion): ModelVersion {
  const name = candidate.name ?? primary.name;
  return { ...candidate, ...(name === undefined ? {} : { name }) };
}

/** What became of the candidate that an earlier state of a model declares, and this one does not. */
export function findFate(before: Model, after: Model): 'promoted' | 'discarded' | undefined {
  const { candidate, primary } = before.spec;
  if (candidate === undefined || after.spec.candidate !== undefined) return undefined;
  const isPromoted = isSame(after.spec.primary, toPromoted(before, candidate)) && !isSame(after.spec.primary, primary);
  return isPromoted ? 'promoted' : 'discarded';
}

/** @param name the primary's own, which it keeps. */
function moveVersion(text: string, name: string | undefined): string | undefined {
  const moved = moveField(text, candidatePath, primaryPath);
  if (name === undefined || moved === undefined) return moved;
  const path = [...primaryPath, 'name'];
  const field = new FieldsOfText(text).fieldAt(path);
  // A comment behind it comes along, but not into braces, where it would hide what follows.
  const isInBraces = new FieldsOfText(moved).fieldsAt(primaryPath)?.[0]?.inFlow;
  const own = field && text.slice(field.value, isInBraces ? field.end : field.linesEnd);
  return addField(moved, path, 'version', name, { written: own?.includes('\n') ? undefined : own });
}

/** Writes the values of a version one by one; overrides only come to where none were, or go. */
function writeVersion(
  text: string,
  role: 'primary' | 'candidate',
  before: ModelVersion,
  after: ModelVersion,
): string | undefined {
  let written: string | undefined = text;
  let previous = 'version';
  for (const key of valueKeys) {
    const path = ['spec', role, key];
    const value = after[key];
    if (written !== undefined && value !== before[key]) {
      if (value === undefined) written = removeField(written, path);
      else if (before[key] === undefined) written = addField(written, path, previous, value);
      else written = setField(written, path, value);
    }
    if (value !== undefined) previous = key;
  }
  if (written === undefined || isSame(before.overrides, after.overrides)) return written;
  if (after.overrides === undefined) return removeField(written, ['spec', role, 'overrides']);
  return moveField(written, [...candidatePath, 'overrides'], ['spec', role, 'overrides']);
}

/** How deep the fields of the primary are indented below it; undefined when it is written with braces. */
function toInnerIndent(text: string): number | undefined {
  const fields = new FieldsOfText(text);
  const primary = fields.fieldAt(primaryPath);
  const [first] = fields.fieldsAt(primaryPath) ?? [];
  if (primary?.form !== 'block' || first === undefined) return undefined;
  const column = (offset: number) => offset - lineStartOf(text, offset);
  return column(first.start) - column(primary.start);
}

function pick(wish: Pick<CandidateWish, (typeof valueKeys)[number]>): Record<string, string> {
  return Object.fromEntries(valueKeys.flatMap((key) => (wish[key] === undefined ? [] : [[key, wish[key]]])));
}
