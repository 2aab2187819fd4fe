import { findFirstOpening, findReturn } from '../core/change/model-risks.ts';
import { defaultThreshold } from '../core/change/risk.ts';
import { Fault } from '../core/diagnostics/fault.ts';
import { mask, safe } from '../core/diagnostics/safe-text.ts';
import { findCandidate, setCandidate } from '../core/edit/model-edits.ts';
import type { EditNote, EditOutcome } from '../core/edit/outcome.ts';
import { findStoragePath, hasStorage } from '../core/input/model-storage.ts';
import type { ModelVersion } from '../core/input/schema.ts';
import type { ModelTarget } from '../core/repository/find-model.ts';
import { isSameServed } from '../core/rollout/decided.ts';
import { editModel } from './edit/edit-model.ts';
import type { EditPorts, EditRequest, Planned, RenderedEdit } from './edit/plan.ts';
import { findRendered, toModelPlan } from './edit/plan.ts';

/** What is to change about the candidate; undefined stays as it is. */
export interface CandidateSetInput {
  readonly version: string | undefined;
  readonly storageUri: string | undefined;
  readonly storagePath: string | undefined;
  /** Of its InferenceService. */
  readonly service: string | undefined;
  readonly withoutOverrides: boolean;
}

/** Writes a candidate into the model file, or changes the one that is there. */
export function candidateSet(request: EditRequest, input: CandidateSetInput, ports: EditPorts): Promise<EditOutcome> {
  if (input.storageUri !== undefined && input.storagePath !== undefined)
    throw new Fault(
      'usage',
      safe`a version has either a storageUri or a storage path, not both`,
      safe`pass one of them`,
    );
  return editModel(request, ports, {
    plan: (target) => plan(target, input),
    findNotes: (target, rendered) => findNotes(target, rendered, input),
  });
}

function plan(target: ModelTarget, input: CandidateSetInput): Planned {
  const { model, source } = target;
  const { name } = model.metadata;
  const { version, storageUri, storagePath, service, withoutOverrides } = input;
  const candidate = findCandidate(model);
  const called = version ?? candidate?.version;
  if (called === undefined)
    throw new Fault('usage', safe`${mask(name)} has no candidate yet`, safe`pass --version to name the new one`);
  if (!withoutOverrides && [version, storageUri, storagePath, service].every((value) => value === undefined))
    throw new Fault(
      'usage',
      safe`there is nothing to change about the candidate`,
      safe`pass --version, --storage-uri, --storage-path or --name`,
    );
  if (storagePath !== undefined && !hasStorage(model))
    throw new Fault(
      'usage',
      safe`${mask(source.path)} names no storage`,
      safe`pass --storage-uri, or set spec.predictor.model.storage.key in the template`,
    );
  const edited = setCandidate(source, model, { version, storageUri, storagePath, name: service, withoutOverrides });
  return toModelPlan(target, edited, {
    subject: { code: candidate === undefined ? 'try' : 'change', model: name, version: called },
    unchanged: { code: 'candidate-set', model: name },
    effect: { code: 'mirror-opens', version: called },
  });
}

function findNotes(target: ModelTarget, { before: old, after }: RenderedEdit, input: CandidateSetInput): EditNote[] {
  const model = target.model.metadata.name;
  const before = findCandidate(target.model);
  const rendered = findRendered(after, target);
  const notes = findStayingPlace(before, input);
  if (rendered === undefined) return notes;
  const { rollout, primary, candidates } = rendered;
  if (candidates.some((candidate) => isSameServed(candidate, primary))) notes.push({ code: 'equals-primary', model });
  const earlier = findRendered(old, target);
  const comesBack = earlier && findReturn(earlier, rendered);
  if (comesBack !== undefined) notes.push({ model, ...comesBack });
  const opening = before === undefined ? findFirstOpening(rollout, defaultThreshold) : undefined;
  if (opening !== undefined) notes.push({ model, ...opening });
  return notes;
}

/** A new version whose place was not given: it is probably stored elsewhere. */
function findStayingPlace(before: ModelVersion | undefined, input: CandidateSetInput): EditNote[] {
  const { version, storageUri, storagePath, withoutOverrides } = input;
  const isPlaced = storageUri !== undefined || storagePath !== undefined;
  if (before === undefined || version === undefined || before.version === version || isPlaced) return [];
  if (before.storageUri !== undefined)
    return [{ code: 'place-stays', field: 'storageUri', value: before.storageUri, version }];
  const path = withoutOverrides ? undefined : findStoragePath(before);
  return path === undefined ? [] : [{ code: 'place-stays', field: 'storage.path', value: path, version }];
}
