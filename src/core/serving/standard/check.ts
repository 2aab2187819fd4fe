/** What KServe would refuse of an InferenceService in Standard mode, or never run, and what would break its requests. */

import type { FieldPath, Finding, Severity } from '../../diagnostics/problem.ts';
import type { SafeText } from '../../diagnostics/safe-text.ts';
import { mask, quote, safe } from '../../diagnostics/safe-text.ts';
import { frameworks } from '../../input/model-storage.ts';
import type { PlainMap } from '../../input/plain-value.ts';
import { isMap, mapsAt, textAt, valueAt } from '../../input/plain-value.ts';
import type { Protocol } from '../../input/schema.ts';
import { isHttp } from '../protocol.ts';
import type { InferenceService, PlacedFinding, VersionPair } from '../serving-mode.ts';
import type { PlacedContainer } from './containers.ts';
import { findPredictor, findTransformer } from './containers.ts';
import { findListeningPort } from './listening-port.ts';
import { checkModelName, compareModelNames } from './model-name.ts';
import { defaultPort, findDeclaredPorts, findTargetPorts } from './ports.ts';
import { checkProtocolWord } from './protocol-word.ts';
import type { Runtime } from './runtimes.ts';
import { findRuntime } from './runtimes.ts';

const components = ['predictor', 'transformer', 'explainer'] as const;
const stopAnnotation = 'serving.kserve.io/stop';
const autoscalerAnnotation = 'serving.kserve.io/autoscalerClass';

type Report = (path: FieldPath, finding: Finding, severity?: Severity) => void;

export function check(service: InferenceService, protocols: readonly Protocol[]): PlacedFinding[] {
  const findings: PlacedFinding[] = [];
  const report: Report = (path, finding, severity = 'error') => findings.push({ ...finding, path, severity });
  checkForm(service, report);
  checkCanary(service, report);
  checkPodMetadata(service, report);
  checkNodes(service, report);
  checkStorage(service, report);
  checkPorts(service, protocols, report);
  return [...findings, ...checkProtocolWord(service, protocols), ...checkModelName(service)];
}

export function compare(
  primary: InferenceService,
  candidate: InferenceService,
  { protocols, isInPlace }: VersionPair,
): PlacedFinding[] {
  return [
    ...compareModelNames(primary, candidate),
    // A candidate with a name of its own keeps its pods, and the model's Service turns to them as a whole.
    ...(isInPlace ? checkPromotion(primary, candidate, protocols) : []),
  ];
}

/** Two of KServe's frameworks that the old form of ModelMesh does not have. */
const oldForms = [...frameworks, 'paddle', 'huggingface'];

/** A predictor is a model with a runtime, or containers of one's own. */
function checkForm({ spec }: InferenceService, report: Report): void {
  const predictor = valueAt(spec, ['predictor']);
  const old = oldForms.find((name) => isMap(valueAt(predictor, [name])));
  if (old !== undefined)
    report(['spec', 'predictor', old], {
      code: 'invalid-value',
      message: safe`KServe rewrites predictor.${mask(old)} to predictor.model, so Argo CD would never be in sync`,
      hint: safe`write predictor.model with modelFormat: {name: ${mask(old)}}`,
    });
  const custom = mapsAt(predictor, ['containers']).findIndex(({ name }) => name === 'kserve-container');
  if (findPredictor(spec) === undefined && old === undefined)
    report(['spec', 'predictor', 'model'], {
      code: 'missing-field',
      message: safe`spec.predictor.model is missing, or is not a map of fields`,
      hint: safe`add predictor: {model: {modelFormat: {name: …}}} to spec.template.spec`,
    });
  else if (isMap(valueAt(predictor, ['model'])) && custom >= 0)
    report(['spec', 'predictor', 'containers', custom, 'name'], {
      code: 'several-models',
      message: safe`spec.predictor has both model and a container of its own, and a predictor has one model`,
      hint: safe`keep one of the two; with a container, set its variable STORAGE_URI in the overrides of each version, not storageUri`,
    });
}

/** Both versions would split their own requests between their own revisions. */
function checkCanary({ spec }: InferenceService, report: Report): void {
  const hint = safe`remove it; the second version is spec.candidate`;
  if (valueAt(spec, ['canary']) !== undefined)
    report(['spec', 'canary'], {
      code: 'invalid-value',
      message: safe`each version would have a canary of KServe's inside it, which gets none of the copies and takes replicas from it`,
      hint,
    });
  for (const component of components)
    if (valueAt(spec, [component, 'canaryTrafficPercent']) !== undefined)
      report(['spec', component, 'canaryTrafficPercent'], {
        code: 'invalid-value',
        message: safe`KServe ignores canaryTrafficPercent in this mode`,
        hint,
      });
}

/**
 * What is on a component goes over what is on the InferenceService in the pods' metadata (predictor.go,
 * buildObjectMeta): another digest there would pass for this version.
 */
function checkPodMetadata({ metadata, spec }: InferenceService, report: Report): void {
  const checkStop = (path: FieldPath, annotations: unknown) => {
    if (textAt(annotations, [stopAnnotation])?.toLowerCase() === 'true')
      report([...path, 'annotations', stopAnnotation], {
        code: 'invalid-value',
        message: safe`KServe deletes the pods and the Service of a version that is stopped, so it can neither answer requests nor get copies`,
        hint: safe`remove it; to stop a candidate, discard it`,
      });
  };
  checkStop(['metadata'], metadata.annotations);
  for (const component of components) {
    checkStop(['spec', component], valueAt(spec, [component, 'annotations']));
    for (const field of ['labels', 'annotations']) {
      const path = ['spec', component, field];
      const found = valueAt(spec, [component, field]);
      for (const key of Object.keys(isMap(found) ? found : {}))
        if (key.startsWith('model-mirror.dev/'))
          report([...path, key], {
            code: 'reserved-field',
            message: safe`${mask(key)} is set by model-mirror`,
            hint: safe`remove it here`,
          });
    }
  }
}

/** KServe's webhook refuses an autoscaler beside workers (inference_service_validation.go). */
function checkNodes({ metadata, spec }: InferenceService, report: Report): void {
  if (!isMap(valueAt(spec, ['predictor', 'workerSpec']))) return;
  if (metadata.annotations?.[autoscalerAnnotation] === 'none') return;
  report(['metadata', 'annotations', autoscalerAnnotation], {
    code: 'invalid-value',
    message: safe`KServe refuses a predictor on several nodes (workerSpec) that an autoscaler changes`,
    hint: safe`add ${mask(autoscalerAnnotation)}: none to spec.template.metadata.annotations`,
  });
}

/** What KServe's storage initializer loads by itself (pkg/controller/v1beta1/inferenceservice/utils, SupportedStorageURIPrefixList). */
export const schemes = ['s3', 'gs', 'hf', 'oci', 'pvc', 'https', 'http', 'hdfs', 'webhdfs', 'file', 'oci+native'];

/** predictor.go, addStorageInitializerAnnotations. */
function checkStorage({ spec }: InferenceService, report: Report): void {
  const model = valueAt(spec, ['predictor', 'model']);
  const uri = textAt(model, ['storageUri']);
  // Without a scheme it is a path in the container.
  if (uri?.includes('://') && !schemes.some((scheme) => uri.startsWith(`${scheme}://`)))
    report(
      ['spec', 'predictor', 'model', 'storageUri'],
      {
        code: 'invalid-value',
        message: safe`KServe loads ${quote(uri)} only with a ClusterStorageContainer for it, and otherwise stays without a status`,
        hint: safe`check its scheme: KServe itself knows s3, gs, hf, oci, pvc, http, https, hdfs, webhdfs and file`,
      },
      'warning',
    );
  if (uri !== undefined && (valueAt(model, ['storage', 'path']) ?? undefined) !== undefined)
    report(['spec', 'predictor', 'model', 'storage'], {
      code: 'storage-conflict',
      message: safe`storageUri and storage.path exclude each other`,
      hint: safe`keep one of the two; storage.key and storage.parameters may stay beside a storageUri`,
    });
}

function checkPorts({ spec }: InferenceService, protocols: readonly Protocol[], report: Report): void {
  checkHttpPort(spec, protocols, report);
  if (!protocols.includes('grpc') || findTargetPorts(spec, protocols).grpc !== undefined) return;
  const front = findTransformer(spec) ?? findPredictor(spec);
  report([...(front?.path ?? ['spec', 'predictor', 'model']), 'ports'], {
    code: 'missing-field',
    message: safe`it is not known on which port this server takes gRPC calls`,
    hint: safe`add ports: [{name: h2c, containerPort: …}], or remove grpc from spec.protocols`,
  });
}

function checkHttpPort(spec: PlainMap, protocols: readonly Protocol[], report: Report): void {
  const front = findTransformer(spec) ?? findPredictor(spec);
  if (front === undefined || !protocols.some(isHttp)) return;
  const isModel = front.path.at(-1) === 'model';
  const runtime = isModel ? findRuntime(spec['predictor']) : undefined;
  const name = isModel ? textAt(front.container, ['runtime']) : undefined;
  if (name === undefined || runtime !== undefined) checkListeningPort(spec, front, runtime, report);
  // KServe's own Service leads to the first port that a runtime declares, and only its cluster knows that of one's own.
  else if (mapsAt(front.container, ['ports']).length === 0)
    report(
      [...front.path, 'runtime'],
      {
        code: 'missing-field',
        message: safe`it is not known on which port the runtime ${quote(name)} takes requests, so they go to port ${findTargetPorts(spec, protocols).http}`,
        hint: safe`if it declares a port of its own, repeat it here: ports: [{name: http, containerPort: …}]`,
      },
      'warning',
    );
}

/** Most servers that declare no port listen where KServe expects it, so only signs of another one count. */
function checkListeningPort(
  spec: PlainMap,
  { container, path }: PlacedContainer,
  runtime: Runtime | undefined,
  report: Report,
): void {
  const found = findListeningPort(container, runtime?.grpc?.by);
  if (findDeclaredPorts(spec).other !== undefined || found === undefined || found.port === defaultPort) return;
  report(
    [...path, found.field],
    {
      code: 'missing-field',
      message: safe`this container seems to take requests on port ${found.port} (${mask(found.by)}) but declares no port, so they go to port ${defaultPort}`,
      hint: safe`add ports: [{name: http, containerPort: …}] with the port on which it listens`,
    },
    'warning',
  );
}

/**
 * A promotion gives the primary's InferenceService the candidate's spec, and its Service the candidate's container ports
 * and kind of pods in the same moment, while the old pods still answer.
 */
function checkPromotion(
  primary: InferenceService,
  candidate: InferenceService,
  protocols: readonly Protocol[],
): PlacedFinding[] {
  const front = findTransformer(candidate.spec) ?? findPredictor(candidate.spec);
  const warn = (difference: SafeText): PlacedFinding => ({
    code: 'promotion-gap',
    severity: 'warning',
    path: front?.path ?? ['spec', 'predictor'],
    message: safe`${difference}, so requests fail during a promotion until its pods are replaced`,
    hint: safe`make both alike, or deploy it as a model of its own and move the clients`,
  });
  const [hadTransformer, hasTransformer] = [primary, candidate].map(({ spec }) => isMap(spec['transformer']));
  if (hadTransformer !== hasTransformer)
    return [warn(safe`the ${hasTransformer ? 'candidate' : 'primary'} alone has a transformer`)];
  const [old, now] = [primary, candidate].map(({ spec }) => findTargetPorts(spec, protocols));
  const kinds = [...(protocols.some(isHttp) ? (['http'] as const) : []), ...protocols.filter((one) => one === 'grpc')];
  return kinds.flatMap((kind) => {
    const [from, to] = [old?.[kind], now?.[kind]];
    if (from === to || from === undefined || to === undefined) return [];
    return [warn(safe`the candidate serves ${kind} on port ${to} and the primary on port ${from}`)];
  });
}
