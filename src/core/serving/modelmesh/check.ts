/** What ModelMesh would refuse of an InferenceService, or never load. */

import type { FieldPath, Finding } from '../../diagnostics/problem.ts';
import { quote, safe } from '../../diagnostics/safe-text.ts';
import { findModelField, frameworks } from '../../input/model-storage.ts';
import type { PlainMap } from '../../input/plain-value.ts';
import { isMap, valueAt } from '../../input/plain-value.ts';
import type { InferenceService, PlacedFinding } from '../serving-mode.ts';

/** With any other scheme ModelMesh leaves the InferenceService without a status, for ever. */
export const schemes = ['s3', 'gs', 'pvc', 'https', 'http'];

export function check(service: InferenceService): PlacedFinding[] {
  const findings: PlacedFinding[] = [];
  const report = (path: FieldPath, finding: Finding) => findings.push({ ...finding, path });
  const predictor = valueAt(service, ['spec', 'predictor']);
  const field = findModelField(predictor);
  const path = ['spec', 'predictor', field];
  const model = valueAt(service, path);
  if (!isMap(model)) {
    report(path, {
      code: 'missing-field',
      message: safe`spec.predictor.model is missing, or is not a map of fields`,
      hint: safe`add predictor: {model: {modelFormat: {name: …}}} to spec.template.spec`,
    });
    return findings;
  }
  checkForms(service, report);
  const format = valueAt(model, ['modelFormat', 'name']);
  // In the old form the field's name is the format.
  if (field === 'model' && (typeof format !== 'string' || format === ''))
    report([...path, 'modelFormat', 'name'], {
      code: format === undefined ? 'missing-field' : 'wrong-type',
      message: safe`spec.predictor.model.modelFormat.name must be a string`,
      hint: safe`add modelFormat: {name: …}, as in sklearn or onnx`,
    });
  checkStorage(model, (field, finding) => report([...path, field], finding));
  return findings;
}

/** The API server's limit: no object is called after an InferenceService here, as in KServe's other modes. */
export function refuseName(name: string): Omit<Finding, 'code'> | undefined {
  if (name.length <= 253) return undefined;
  return {
    message: safe`the InferenceService name ${quote(name)} has ${name.length} characters`,
    hint: safe`use at most 253, the limit of Kubernetes`,
  };
}

const runtimeAnnotation = 'serving.kserve.io/servingRuntime';

/** ModelMesh takes an InferenceService with two descriptions of its model for broken, and never loads it. */
function checkForms(service: InferenceService, report: (path: FieldPath, finding: Finding) => void): void {
  const predictor = valueAt(service, ['spec', 'predictor']);
  const [first, ...others] = ['model' as const, ...frameworks].filter((name) => isMap(valueAt(predictor, [name])));
  for (const other of others)
    report(['spec', 'predictor', other], {
      code: 'several-models',
      message: safe`spec.predictor has both ${first ?? 'model'} and ${other}, and a predictor has one model`,
      hint: safe`keep one of the two`,
    });
  const { annotations } = service.metadata;
  if (first === 'model' && annotations?.[runtimeAnnotation] !== undefined)
    report(['metadata', 'annotations', runtimeAnnotation], {
      code: 'several-models',
      message: safe`ModelMesh refuses the annotation ${runtimeAnnotation} beside spec.predictor.model`,
      hint: safe`remove it, and write its value to spec.predictor.model.runtime`,
    });
}

function checkStorage(model: PlainMap, report: (field: 'storageUri' | 'storage', finding: Finding) => void): void {
  const { storageUri, storage } = model as { readonly storageUri?: unknown; readonly storage?: unknown };
  // ModelMesh merges key and parameters of a storage into a storageUri, and refuses a second path
  // (inferenceservice_registry.go, processInferenceServiceStorage).
  const path = valueAt(storage, ['path']) ?? undefined;
  if (storageUri !== undefined && path !== undefined) {
    report('storage', {
      code: 'storage-conflict',
      message: safe`storageUri and storage.path exclude each other`,
      hint: safe`keep one of the two; storage.key and storage.parameters may stay beside a storageUri`,
    });
    return;
  }
  if (storageUri === undefined && storage === undefined) {
    report('storageUri', {
      code: 'missing-field',
      message: safe`neither storageUri nor storage says where the model is stored`,
      hint: safe`add storageUri: s3://… to this version`,
    });
    return;
  }
  if (storageUri === undefined) {
    if (typeof path !== 'string' || path === '')
      report('storage', {
        code: 'missing-field',
        message: safe`storage.path does not say where the model is stored`,
        hint: safe`add path: … to the storage, here or in the overrides of this version`,
      });
    return;
  }
  if (typeof storageUri !== 'string') {
    report('storageUri', { code: 'wrong-type', message: safe`storageUri is not a string`, hint: safe`write s3://…` });
    return;
  }
  if (!schemes.some((scheme) => storageUri.startsWith(`${scheme}://`)))
    report('storageUri', {
      code: 'invalid-value',
      message: safe`ModelMesh cannot load ${quote(storageUri)}: it knows s3, gs, pvc, http and https`,
      hint: safe`begin with one of these and ://`,
    });
}
