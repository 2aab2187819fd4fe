/**
 * What of an InferenceService determines what is loaded in Standard mode, and what restarts its pods.
 *
 * KServe copies every label and annotation into the pod template (deployment_reconciler.go), so each of them restarts
 * pods. Its webhook fills in what is left out of here: names of containers, resources, the protocol version of Triton and
 * vLLM, annotations and labels of its own (inference_service_defaults.go).
 */
import type { PlainMap } from '../../input/plain-value.ts';
import { isMap, mapsAt, textAt, valueAt } from '../../input/plain-value.ts';
import { digestAnnotation } from '../../manifests/manifest.ts';
import { deploymentModeAnnotation } from '../serving-mode.ts';
import { listArguments } from './containers.ts';
import { toProtocolVersion } from './runtimes.ts';

/** KServe's annotations, as for where credentials are; its webhook sets none of this domain but the mode. */
const ownDomain = 'serving.kserve.io/';

/** Whether a label or annotation reaches the pods. That of the mode does, and KServe itself rewrites former values. */
export function isLoading(_field: 'labels' | 'annotations', key: string): boolean {
  return key !== deploymentModeAnnotation && key !== digestAnnotation;
}

/** An InferenceService, rendered or live → the values that decide what its servers load, and how they are started. */
export function findLoadedValues(service: unknown): PlainMap {
  const annotations = valueAt(service, ['metadata', 'annotations']);
  const predictor = valueAt(service, ['spec', 'predictor']);
  const model = valueAt(predictor, ['model']);
  const at = (...path: string[]) => toText(valueAt(model, path));
  const parameters = valueAt(model, ['storage', 'parameters']);
  return {
    annotations: Object.fromEntries(
      Object.entries(isMap(annotations) ? annotations : {}).filter(
        ([key]) => key.startsWith(ownDomain) && isLoading('annotations', key),
      ),
    ),
    format: at('modelFormat', 'name'),
    formatVersion: at('modelFormat', 'version'),
    runtime: at('runtime'),
    runtimeVersion: at('runtimeVersion'),
    protocolVersion: isMap(model) ? toProtocolVersion(model) : undefined,
    storageUri: at('storageUri'),
    storageKey: at('storage', 'key'),
    storagePath: at('storage', 'path'),
    schemaPath: at('storage', 'schemaPath'),
    parameters: isMap(parameters) ? parameters : {},
    model: isMap(model) ? toContainer(model) : undefined,
    ...Object.fromEntries(
      ['predictor', 'transformer'].map((component) => [
        component,
        mapsAt(service, ['spec', component, 'containers']).map(toContainer),
      ]),
    ),
  };
}

/** How a container is started. */
function toContainer(container: PlainMap): PlainMap {
  const { command } = container;
  return {
    image: toText(container['image']),
    command: Array.isArray(command) ? command.map(String) : [],
    args: listArguments(container),
    env: mapsAt(container, ['env']).map(toVariable),
  };
}

/** Without what the API server may fill in of a source. */
function toVariable(variable: PlainMap): PlainMap {
  const from = valueAt(variable, ['valueFrom']);
  const sources = ['secretKeyRef', 'configMapKeyRef', 'fieldRef', 'resourceFieldRef'];
  const parts = ['name', 'key', 'fieldPath', 'containerName', 'resource'];
  return {
    name: variable['name'],
    value: toText(variable['value']),
    from: sources.flatMap((source) => parts.map((part) => textAt(from, [source, part]) ?? '')).join(' '),
  };
}

/** To KServe an empty value of these is the same as none (Go's `omitempty`). */
function toText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
