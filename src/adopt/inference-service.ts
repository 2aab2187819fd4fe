/**
 * An InferenceService that is there already → the model that gives the same one, so that KServe has
 * nothing to reload when it is taken over.
 */

import type { PlainMap } from '../input/plain-value.ts';
import { isMap, valueAt } from '../input/plain-value.ts';
import type { FieldPath, Finding } from '../input/problem.ts';
import { quote } from '../input/quote.ts';
import type { NewModel } from './new-model.ts';

/** What is wrong with the object, and where. */
export interface AdoptionFinding extends Finding {
  readonly path: FieldPath;
}

/** What is said on the command line, over what the object says. */
export interface AdoptionWish {
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly mirrorPercentage: number;
}

/** Labels that are ours to set. */
const ownLabels = ['app.kubernetes.io/name', 'app.kubernetes.io/version', 'app.kubernetes.io/managed-by'];
/** What tools have left on the object, and would be wrong on another. */
const leftByTools = /^(kubectl\.kubernetes\.io|argocd\.argoproj\.io|model-mirror\.dev|iter8\.tools|meta\.helm\.sh)\//;
/** Argo CD and Helm track by these, or did. */
const trackingLabels = ['app.kubernetes.io/instance', 'helm.sh/chart'];

const versionLabel = 'app.kubernetes.io/version';

/**
 * @param value as `kubectl get inferenceservice NAME -o yaml` prints it; a List of one will do.
 * @returns the model, or what keeps the object from being taken over.
 */
export function adoptInferenceService(value: unknown, wish: AdoptionWish): NewModel | AdoptionFinding {
  const found = pickService(value);
  if ('code' in found) return found;
  const { service, at } = found;
  const oldName = valueAt(service, ['metadata', 'name']);
  const spec = valueAt(service, ['spec']);
  if (typeof oldName !== 'string')
    return {
      code: 'missing-field',
      path: [...at, 'metadata', 'name'],
      message: 'the InferenceService has no name',
      hint: 'add metadata.name',
    };
  if (!isMap(spec))
    return {
      code: 'missing-field',
      path: [...at, 'spec'],
      message: 'the InferenceService has no spec',
      hint: 'add spec',
    };
  const name = wish.name ?? oldName.replace(/-[01]$/, '');
  const labels = toTexts(valueAt(service, ['metadata', 'labels']));
  const namespace = valueAt(service, ['metadata', 'namespace']);
  const storageUri = valueAt(spec, ['predictor', 'model', 'storageUri']);
  return {
    name,
    namespace: typeof namespace === 'string' ? namespace : undefined,
    labels: without(labels, (key) => ownLabels.includes(key) || trackingLabels.includes(key) || leftByTools.test(key)),
    annotations: without(toTexts(valueAt(service, ['metadata', 'annotations'])), (key) => leftByTools.test(key)),
    spec: typeof storageUri === 'string' ? withoutStorageUri(spec) : spec,
    primary: {
      version: wish.version ?? labels[versionLabel] ?? 'v1',
      storageUri: typeof storageUri === 'string' ? storageUri : undefined,
      name: oldName === `${name}-0` ? undefined : oldName,
    },
    mirrorPercentage: wish.mirrorPercentage,
  };
}

function pickService(value: unknown): { service: PlainMap; at: FieldPath } | AdoptionFinding {
  const kind = valueAt(value, ['kind']);
  const items = valueAt(value, ['items']);
  if (!isMap(value) || (kind !== 'InferenceService' && !Array.isArray(items)))
    return {
      code: 'unknown-kind',
      path: ['kind'],
      message:
        kind === undefined
          ? 'this is no object of Kubernetes'
          : `this is a ${quote(String(kind))}, not an InferenceService`,
      hint: 'pass what kubectl get inferenceservice NAME -o yaml prints',
    };
  if (!Array.isArray(items)) return { service: value, at: [] };
  const services = items.flatMap((item, i) =>
    isMap(item) && item['kind'] === 'InferenceService' ? [{ service: item, at: ['items', i] }] : [],
  );
  const [service, ...others] = services;
  if (service !== undefined && others.length === 0) return service;
  const names = services.map((one) => String(valueAt(one.service, ['metadata', 'name'])));
  return {
    code: service === undefined ? 'unknown-kind' : 'multiple-documents',
    path: ['items'],
    message:
      service === undefined
        ? 'there is no InferenceService in the list'
        : `there are several InferenceServices: ${names.map(quote).join(', ')}`,
    hint: 'pass the one of the primary: kubectl get inferenceservice NAME -o yaml',
  };
}

function withoutStorageUri(spec: PlainMap): PlainMap {
  const { predictor } = spec as { readonly predictor: { readonly model: PlainMap } };
  const { storageUri: _, ...model } = predictor.model;
  return { ...spec, predictor: { ...predictor, model } };
}

function toTexts(value: unknown): Record<string, string> {
  if (!isMap(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)]));
}

function without(texts: Readonly<Record<string, string>>, isGone: (key: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([key]) => !isGone(key)));
}
