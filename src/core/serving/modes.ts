/** The providers of the port `ServingMode`. */
import { textAt, valueAt } from '../input/plain-value.ts';
import type { Backend } from '../routing/traffic.ts';
import { modelMesh } from './modelmesh/modelmesh.ts';
import type { ServingMode } from './serving-mode.ts';
import { deploymentModeAnnotation } from './serving-mode.ts';
import { standard } from './standard/standard.ts';

export const modes: readonly [ServingMode, ...ServingMode[]] = [modelMesh, standard];

/** For models whose mode nobody names: ModelMesh is archived upstream. */
export const defaultMode = standard;

/** In the order in which people are offered them. */
export const offeredModes = [defaultMode, ...modes.filter((mode) => mode !== defaultMode)];

/** As the annotation is to be written. */
export const modeNames = modes.map(({ annotationValues: [name] }) => name);

/** What is watched of all modes, each kind once. */
export const watchedKinds = [...new Map(modes.map(({ watched }) => [watched.plural, watched])).values()];

/** What is watched beside InferenceServices, each kind with what reads it. */
export const workloadKinds = modes.flatMap(
  ({ name, workloads }) => workloads?.watched.map((watched) => ({ mode: name, watched, reader: workloads })) ?? [],
);

/** Whether objects of a kind run versions in a mode. */
export function isWorkloadKind(kind: string): boolean {
  return workloadKinds.some(({ watched }) => watched.kind === kind);
}

/** @param value of KServe's annotation. */
export function findMode(value: unknown): ServingMode | undefined {
  return modes.find(({ annotationValues }) => annotationValues.some((known) => known === value));
}

/**
 * The mode of a live InferenceService: that of its annotation, or else what KServe has resolved (its ConfigMap has a
 * default). Of one that is neither, as with a mode that is not supported, the first: whatever is read then is nobody's.
 */
export function findLiveMode(service: unknown): ServingMode {
  const written = findMode(valueAt(service, ['metadata', 'annotations', deploymentModeAnnotation]));
  return written ?? findMode(textAt(service, ['status', 'deploymentMode'])) ?? modes[0];
}

/** The version that a backend names, also a live one, in any mode; undefined: none. */
export function readVersion(backend: Backend): string | undefined {
  return modes.map((mode) => mode.readVersion(backend)).find((version) => version !== undefined);
}

/** Which mode the models of a namespace have, and what shows it. */
export interface RecognizedMode {
  readonly mode: ServingMode;
  /** An InferenceService that is there, by its name, or else the label of the namespace. */
  readonly by: { readonly service: string } | 'label';
}

/**
 * @param namespace of the cluster. @param services the InferenceServices in it.
 * @returns undefined: nothing shows it, or they have several modes.
 */
export function recognizeMode(namespace: unknown, services: readonly unknown[]): RecognizedMode | undefined {
  const found = services.flatMap((service): RecognizedMode[] => {
    const written = valueAt(service, ['metadata', 'annotations', deploymentModeAnnotation]);
    const mode = findMode(textAt(service, ['status', 'deploymentMode']) ?? written);
    const name = textAt(service, ['metadata', 'name']);
    return mode === undefined || name === undefined ? [] : [{ mode, by: { service: name } }];
  });
  const [first] = found;
  if (first !== undefined) return found.every(({ mode }) => mode === first.mode) ? first : undefined;
  const mode = modes.find(({ isOwnNamespace }) => isOwnNamespace?.(namespace) === true);
  return mode && { mode, by: 'label' };
}
