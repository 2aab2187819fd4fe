/** The edits of a model file: its candidate is set, promoted or discarded. */

import type { FieldPath } from '../diagnostics/problem.ts';
import { listCandidates } from '../input/candidates.ts';
import { modelFieldOf, namesStorage } from '../input/model-storage.ts';
import type { PlainMap } from '../input/plain-value.ts';
import { isMap, valueAt } from '../input/plain-value.ts';
import type { Model, ModelVersion } from '../input/schema.ts';
import type { SourceFile } from '../input/source-file.ts';
import { listPath, toSingle } from './candidate-list.ts';
import { addField, addFirstField, moveField, removeField, setField } from './field-edits.ts';
import { FieldsOfText, lineStartOf } from './field-text.ts';
import type { Edited } from './proof.ts';
import { isSame, prove } from './proof.ts';
import { toFlowText } from './scalar-text.ts';
import { applySplices } from './splice.ts';

/** What the candidate is to be; undefined stays as it is. */
export interface CandidateWish {
  readonly version?: string | undefined;
  readonly storageUri?: string | undefined;
  /** Its path in the storage that the model names, instead of a storageUri. */
  readonly storagePath?: string | undefined;
  /** Of its InferenceService. */
  readonly name?: string | undefined;
  /** True: its overrides are removed. */
  readonly withoutOverrides?: boolean | undefined;
}

/** In the order in which they are written. */
const valueKeys = ['version', 'storageUri', 'name'] as const;

const primaryPath = ['spec', 'primary'];
const candidatePath = ['spec', 'candidate'];

/** The candidate that a model declares, in either form. */
export function findCandidate(model: Model): ModelVersion | undefined {
  return listCandidates(model)[0]?.declared;
}

/**
 * Adds the candidate, or changes the one that exists, in the form in which it is written.
 *
 * @param source the text of the model, without problems.
 */
export function setCandidate(source: SourceFile, model: Model, wish: CandidateWish): Edited {
  const { text } = source;
  const [existing] = listCandidates(model);
  const before = existing?.declared;
  const kept = wish.withoutOverrides === true ? undefined : before?.overrides;
  const field = [...modelFieldOf(model, { overrides: kept }), 'storage'].map(String);
  const storage = wish.storagePath === undefined ? undefined : toStorage(model, kept, field, wish.storagePath);
  const values = pick({ ...pick(before ?? {}), ...pick(wish), ...(storage && { storageUri: undefined }) });
  const withOverrides = (overrides: unknown) => ({ ...values, ...(overrides === undefined ? {} : { overrides }) });
  const candidate = withOverrides(storage === undefined ? kept : setAt(kept, field, storage));
  if (existing !== undefined) {
    const { path, declared } = existing;
    return prove(source, path, withCandidate(model, path, candidate), [
      () => {
        const written = writeVersion(text, path, declared, withOverrides(kept) as ModelVersion);
        return written === undefined || storage === undefined
          ? written
          : writeStorage(written, path, { values, overrides: kept, field, storage });
      },
    ]);
  }
  const list = new FieldsOfText(text).fieldAt(listPath);
  if (list !== undefined) {
    const written = `[${toFlowText(candidate, list.keyForm === 'double-quoted')}]`;
    return prove(source, listPath, withCandidate(model, [...listPath, 0], candidate), [
      () => applySplices(text, [{ start: list.colon, end: list.end, text: ` ${written}` }]),
    ]);
  }
  const add = (inner: number | undefined) => () => addField(text, candidatePath, 'primary', candidate, { inner });
  const inner = toInnerIndent(text);
  return prove(source, ['spec'], withCandidate(model, candidatePath, candidate), [add(inner), add(undefined)]);
}

/** @param path of the candidate; undefined: the model gets none. */
function withCandidate({ spec, ...model }: Model, path: FieldPath, candidate: PlainMap | undefined) {
  const { candidate: single, candidates, ...others } = spec;
  if (path.length === candidatePath.length)
    return { ...model, spec: { ...others, ...(candidates && { candidates }), ...(candidate && { candidate }) } };
  return {
    ...model,
    spec: { ...others, ...(single && { candidate: single }), ...(candidate && { candidates: [candidate] }) },
  };
}

/** What is merged into the candidate: the primary's whole storage, if neither the template nor the candidate names one. */
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

/** Sets the path if there is one, or adds what is missing, in the innermost map that exists. */
function writeStorage(
  text: string,
  candidate: FieldPath,
  {
    values,
    overrides,
    field,
    storage,
  }: {
    readonly values: object;
    readonly overrides: unknown;
    readonly field: readonly string[];
    readonly storage: PlainMap;
  },
): string | undefined {
  const keys = ['overrides', ...field];
  const missing = keys.findIndex((_, i) => !isMap(valueAt({ overrides }, keys.slice(0, i + 1))));
  if (missing < 0) {
    const path = [...candidate, ...keys, 'path'];
    const isThere = valueAt({ overrides }, [...keys, 'path']) !== undefined;
    return (isThere ? setField : addFirstField)(text, path, String(storage['path']));
  }
  const path = [...candidate, ...keys.slice(0, missing + 1)];
  const value = setAt(undefined, keys.slice(missing + 1), storage);
  const last = valueKeys.findLast((key) => key in values) ?? 'version';
  // A null removes what the template sets, and is not a map to add to.
  if (valueAt({ overrides }, keys.slice(0, missing + 1)) !== undefined) return setField(text, path, value);
  return missing > 0 ? addFirstField(text, path, value) : addField(text, path, last, value);
}

/** The map with another value at a path; anything on the way there that is not a map is replaced. */
function setAt(map: unknown, [key, ...inner]: readonly string[], value: PlainMap): PlainMap {
  if (key === undefined) return value;
  const own = isMap(map) ? map : {};
  return { ...own, [key]: setAt(own[key], inner, value) };
}

/** Removes the candidate, with the list that it is the only entry of. */
export function discardCandidate(source: SourceFile, model: Model): Edited {
  const [existing] = listCandidates(model);
  if (existing === undefined) return { text: source.text };
  const path = existing.path.slice(0, candidatePath.length);
  return prove(source, path, withCandidate(model, existing.path, undefined), [() => removeField(source.text, path)]);
}

/**
 * Makes the candidate the primary, with everything that is its own: version, storageUri, overrides, and the
 * comments among them.
 *
 * A name that the candidate was given stays with it, because the InferenceService of that name has it loaded. Without
 * one the primary's InferenceService, whatever its name, loads it and serves the old version until then, as in Iter8's
 * tutorial: without the primary's own name, requests would go to an InferenceService that does not exist yet.
 */
export function promoteCandidate(source: SourceFile, model: Model, candidate: ModelVersion): Edited {
  const path = listCandidates(model)[0]?.path ?? candidatePath;
  const { primary } = model.spec;
  const promoted = toPromoted(model, candidate);
  const { spec, ...others } = withCandidate(model, path, undefined);
  const desired = { ...others, spec: { ...spec, primary: promoted } };
  const texts =
    path.length === candidatePath.length ? [source.text] : [toSingle(source.text, true), toSingle(source.text)];
  return prove(source, path, desired, [
    ...texts.map((text) => () => text && moveVersion(text, candidate.name === undefined ? primary.name : undefined)),
    () => {
      const text = texts.at(-1);
      const written = text && writeVersion(text, primaryPath, primary, promoted);
      return written && removeField(written, candidatePath);
    },
  ]);
}

/** The primary that a candidate is promoted to. */
function toPromoted({ spec: { primary } }: Model, candidate: ModelVersion): ModelVersion {
  const name = candidate.name ?? primary.name;
  return { ...candidate, ...(name === undefined ? {} : { name }) };
}

/** What happened to the candidate of an earlier state of a model; undefined: there was none, or there is one now. */
export function findFate(before: Model, after: Model): 'promoted' | 'discarded' | undefined {
  const candidate = findCandidate(before);
  const { primary } = after.spec;
  if (candidate === undefined || findCandidate(after) !== undefined) return undefined;
  const isPromoted = isSame(primary, toPromoted(before, candidate)) && !isSame(primary, before.spec.primary);
  return isPromoted ? 'promoted' : 'discarded';
}

/** @param name the primary's own, which it keeps. */
function moveVersion(text: string, name: string | undefined): string | undefined {
  const moved = moveField(text, candidatePath, primaryPath);
  if (name === undefined || moved === undefined) return moved;
  const path = [...primaryPath, 'name'];
  const field = new FieldsOfText(text).fieldAt(path);
  // A comment behind it is kept, but not in braces, where it would hide what follows.
  const isInBraces = new FieldsOfText(moved).fieldsAt(primaryPath)?.[0]?.inFlow;
  const own = field && text.slice(field.value, isInBraces ? field.end : field.linesEnd);
  return addField(moved, path, 'version', name, { written: own?.includes('\n') ? undefined : own });
}

/** Writes the values of a version one by one; overrides are only removed, or moved from the candidate. */
function writeVersion(text: string, version: FieldPath, before: ModelVersion, after: ModelVersion): string | undefined {
  let written: string | undefined = text;
  let previous = 'version';
  for (const key of valueKeys) {
    const path = [...version, key];
    const value = after[key];
    if (written !== undefined && value !== before[key]) {
      if (value === undefined) written = removeField(written, path);
      else if (before[key] === undefined) written = addField(written, path, previous, value);
      else written = setField(written, path, value);
    }
    if (value !== undefined) previous = key;
  }
  if (written === undefined || isSame(before.overrides, after.overrides)) return written;
  const overrides = [...version, 'overrides'];
  if (after.overrides === undefined) return removeField(written, overrides);
  return moveField(written, [...candidatePath, 'overrides'], overrides);
}

/** How deep the fields of the primary are indented below its key; undefined when it is written with braces. */
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
