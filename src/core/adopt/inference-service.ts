/**
 * Existing InferenceServices → the model that renders the same ones: with the names that they have, and nothing else
 * reloaded than their mode makes unavoidable.
 */

import type { FieldPath, Finding } from '../diagnostics/problem.ts';
import { join, mask, quote, safe } from '../diagnostics/safe-text.ts';
import { findModelField } from '../input/model-storage.ts';
import type { PlainMap } from '../input/plain-value.ts';
import { isMap, textAt, valueAt } from '../input/plain-value.ts';
import { findMode } from '../serving/modes.ts';
import { deploymentModeAnnotation } from '../serving/serving-mode.ts';
import type { NewModel } from './new-model.ts';

/** What is wrong with the object, and where. */
export interface AdoptionFinding extends Finding {
  readonly path: FieldPath;
}

/** The command line, which overrides the object. */
export interface AdoptionWish {
  readonly name: string | undefined;
  /** Of the primary. */
  readonly version: string | undefined;
  readonly mirrorPercentage: number;
  /** The value of KServe's annotation for the mode, where the object has none; undefined: a mode must be found there. */
  readonly mode?: string | undefined;
  /** Which InferenceService is which; undefined: by the ends of their names. */
  readonly services?: { readonly primary: string; readonly candidate: string | undefined } | undefined;
}

/** Labels that model-mirror sets. */
const ownLabels = ['app.kubernetes.io/name', 'app.kubernetes.io/version', 'app.kubernetes.io/managed-by'];
/** Keys that other tools have added, and that would be wrong on another object. */
const leftByTools = /^(kubectl\.kubernetes\.io|argocd\.argoproj\.io|model-mirror\.dev|iter8\.tools|meta\.helm\.sh)\//;
/** By which Argo CD and Helm track objects. */
const trackingLabels = ['app.kubernetes.io/instance', 'helm.sh/chart'];

const versionLabel = 'app.kubernetes.io/version';

/**
 * @param value as `kubectl get inferenceservice NAME -o yaml` prints it: one, or a List.
 * @returns the model, or why the object cannot be taken over.
 */
export function adoptInferenceService(value: unknown, wish: AdoptionWish): NewModel | AdoptionFinding {
  const picked = pickServices(value, wish);
  if ('code' in picked) return picked;
  const primary = readService(picked.primary, wish);
  if ('code' in primary) return primary;
  const candidate = picked.candidate && readService(picked.candidate, wish);
  if (candidate !== undefined && 'code' in candidate) return candidate;
  if (candidate?.namespace !== undefined && candidate.namespace !== (primary.namespace ?? candidate.namespace))
    return {
      code: 'invalid-value',
      path: [...(picked.candidate?.at ?? []), 'metadata', 'namespace'],
      message: safe`the candidate is in the namespace ${quote(candidate.namespace)}, and the primary in ${quote(primary.namespace ?? '')}`,
      hint: safe`pass the primary alone, and add a candidate beside it afterwards`,
    };
  const name = wish.name ?? toModelName(primary);
  const version = wish.version ?? primary.version ?? 'v1';
  return {
    name,
    namespace: primary.namespace,
    labels: primary.labels,
    annotations: primary.annotations,
    spec: primary.spec,
    primary: { version, storageUri: primary.storageUri, name: primary.name === `${name}-0` ? undefined : primary.name },
    candidate: candidate && {
      version: candidate.version ?? (version === 'v2' ? 'v3' : 'v2'),
      storageUri: candidate.storageUri,
      name: candidate.name === `${name}-1` ? undefined : candidate.name,
      overrides: toOverrides(primary, candidate),
    },
    mirrorPercentage: wish.mirrorPercentage,
    hasFormerMode: primary.hasFormerMode,
  };
}

/** Where each version has a server of its own, the server may be called by the name of the InferenceService. */
function toModelName({ name, annotations }: Service): string {
  const isOwnServer = findMode(annotations[deploymentModeAnnotation])?.workloads !== undefined;
  return isOwnServer ? name : name.replace(/-[01]$/, '');
}

/** The relevant parts of an InferenceService. */
interface Service {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly hasFormerMode: boolean;
  readonly version: string | undefined;
  readonly storageUri: string | undefined;
  /** Without the storageUri. */
  readonly spec: PlainMap;
}

interface PlacedService {
  readonly service: PlainMap;
  readonly at: FieldPath;
}

function readService({ service, at }: PlacedService, { mode }: AdoptionWish): Service | AdoptionFinding {
  const name = valueAt(service, ['metadata', 'name']);
  const spec = valueAt(service, ['spec']);
  if (typeof name !== 'string')
    return {
      code: 'missing-field',
      path: [...at, 'metadata', 'name'],
      message: safe`the InferenceService has no name`,
      hint: safe`add metadata.name`,
    };
  if (!isMap(spec))
    return {
      code: 'missing-field',
      path: [...at, 'spec'],
      message: safe`the InferenceService has no spec`,
      hint: safe`add spec`,
    };
  const labels = toTexts(valueAt(service, ['metadata', 'labels']));
  const namespace = valueAt(service, ['metadata', 'namespace']);
  const field = findModelField(spec['predictor']);
  const storageUri = valueAt(spec, ['predictor', field, 'storageUri']);
  const annotations = without(toTexts(valueAt(service, ['metadata', 'annotations'])), (key) => leftByTools.test(key));
  const chosen = chooseMode(textAt(service, ['status', 'deploymentMode']), annotations[deploymentModeAnnotation], mode);
  return {
    name,
    namespace: typeof namespace === 'string' ? namespace : undefined,
    labels: without(labels, (key) => ownLabels.includes(key) || trackingLabels.includes(key) || leftByTools.test(key)),
    annotations: chosen === undefined ? annotations : { ...annotations, [deploymentModeAnnotation]: chosen.written },
    hasFormerMode: chosen?.isFormer ?? false,
    version: labels[versionLabel],
    storageUri: typeof storageUri === 'string' ? storageUri : undefined,
    spec: typeof storageUri === 'string' ? withoutStorageUri(spec, field) : spec,
  };
}

/**
 * What KServe has resolved counts before the annotation. A former name is kept only where KServe itself uses it: a later
 * one rewrites it.
 */
function chooseMode(
  resolved: string | undefined,
  written: string | undefined,
  otherwise: string | undefined,
): { readonly written: string; readonly isFormer: boolean } | undefined {
  const value = resolved ?? written ?? otherwise;
  if (value === undefined) return undefined;
  const current = findMode(value)?.annotationValues[0] ?? value;
  const isFormer = resolved === value && current !== value;
  return { written: isFormer ? value : current, isFormer };
}

interface PickedServices {
  readonly primary: PlacedService;
  readonly candidate: PlacedService | undefined;
}

function pickServices(value: unknown, { name, services: named }: AdoptionWish): PickedServices | AdoptionFinding {
  const kind = valueAt(value, ['kind']);
  const items = valueAt(value, ['items']);
  if (!isMap(value) || (kind !== 'InferenceService' && !Array.isArray(items)))
    return {
      code: 'unknown-kind',
      path: ['kind'],
      message:
        kind === undefined
          ? safe`this is not a Kubernetes object`
          : safe`this is a ${quote(String(kind))}, not an InferenceService`,
      hint: safe`pass what kubectl get inferenceservice NAME -o yaml prints`,
    };
  const found = findServices(value, []);
  const find = (called: string | undefined) => found.find(({ service }) => nameOf(service) === called);
  const [first] = found;
  if (first === undefined)
    return {
      code: 'unknown-kind',
      path: ['items'],
      message: safe`there is no InferenceService in the list`,
      hint: safe`pass the one of the primary: kubectl get inferenceservice NAME -o yaml`,
    };
  if (named !== undefined) {
    const primary = find(named.primary);
    return primary === undefined ? toOther(first, named.primary) : { primary, candidate: find(named.candidate) };
  }
  if (found.length === 1) return { primary: first, candidate: undefined };
  const model = name ?? nameOf(first.service)?.replace(/-[01]$/, '');
  const [primary, candidate] = [find(`${model}-0`), find(`${model}-1`)];
  if (found.length === 2 && primary !== undefined && candidate !== undefined) return { primary, candidate };
  return {
    code: 'multiple-documents',
    path: ['items'],
    message: safe`there are several InferenceServices: ${join(
      found.map(({ service }) => quote(String(nameOf(service)))),
      ', ',
    )}`,
    hint: safe`pass the one of the primary: kubectl get inferenceservice NAME -o yaml`,
  };
}

/** In an object or a List, whose items may be Lists: several documents are read as one. */
function findServices(value: unknown, at: FieldPath): PlacedService[] {
  if (!isMap(value)) return [];
  if (value['kind'] === 'InferenceService') return [{ service: value, at }];
  const { items } = value;
  return Array.isArray(items) ? items.flatMap((item, i) => findServices(item, [...at, 'items', i])) : [];
}

function nameOf(service: PlainMap): string | undefined {
  const name = valueAt(service, ['metadata', 'name']);
  return typeof name === 'string' ? name : undefined;
}

function toOther({ service, at }: PlacedService, primary: string): AdoptionFinding {
  return {
    code: 'invalid-value',
    path: [...at, 'metadata', 'name'],
    message: safe`this InferenceService is ${quote(nameOf(service) ?? '')}, and the primary of Iter8's values is ${quote(primary)}`,
    hint: safe`pass ${mask(primary)}`,
  };
}

/** What turns the primary's InferenceService into the candidate's, beside the storageUri. */
function toOverrides(primary: Service, candidate: Service): PlainMap {
  const metadata = toFilled({
    labels: toMergePatch(primary.labels, candidate.labels),
    annotations: toMergePatch(primary.annotations, candidate.annotations),
  });
  return toFilled({ metadata, spec: toMergePatch(primary.spec, candidate.spec) });
}

/** The JSON merge patch that turns one map into another. */
function toMergePatch(from: PlainMap, to: PlainMap): PlainMap {
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) patch[key] = null;
  for (const [key, wanted] of Object.entries(to)) {
    const found = valueAt(from, [key]);
    if (isMap(found) && isMap(wanted)) {
      const inner = toMergePatch(found, wanted);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (JSON.stringify(found) !== JSON.stringify(wanted)) patch[key] = wanted;
  }
  return patch;
}

/** Without the maps that are empty. */
function toFilled(maps: Readonly<Record<string, PlainMap>>): PlainMap {
  return Object.fromEntries(Object.entries(maps).filter(([, map]) => Object.keys(map).length > 0));
}

function withoutStorageUri(spec: PlainMap, field: string): PlainMap {
  const predictor = spec['predictor'] as Readonly<Record<string, PlainMap>>;
  const { storageUri: _, ...model } = predictor[field] as PlainMap;
  return { ...spec, predictor: { ...predictor, [field]: model } };
}

function toTexts(value: unknown): Record<string, string> {
  if (!isMap(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)]));
}

function without(texts: Readonly<Record<string, string>>, isRemoved: (key: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([key]) => !isRemoved(key)));
}
