/**
 * What KServe creates for an InferenceService in Standard mode, and what is ours beside it (KServe 0.20.0,
 * pkg/constants/constants.go and pkg/controller/v1beta1/inferenceservice; executed).
 */
import type { Finding } from '../../diagnostics/problem.ts';
import { quote, safe } from '../../diagnostics/safe-text.ts';
import { isMap, textAt, valueAt } from '../../input/plain-value.ts';
import type { InferenceService } from '../serving-mode.ts';

/** The name of an InferenceService, and its spec. */
export interface NamedSpec {
  readonly name: string;
  readonly spec: unknown;
}

/** Of the Deployment and Service of the predictor; `predictor.name` is part of it. */
export function toPredictorName({ name, spec }: NamedSpec): string {
  const own = textAt(spec, ['predictor', 'name']) ?? '';
  return own === '' ? `${name}-predictor` : `${name}-${own}-predictor`;
}

/** The labels of the pods that answer requests: the transformer's when there is one. */
export function toPodSelector(version: NamedSpec): Readonly<Record<string, string>> {
  const name = isMap(valueAt(version.spec, ['transformer'])) ? `${version.name}-transformer` : toPredictorName(version);
  return { app: `isvc.${name}` };
}

/** Our Service of a version: KServe's own has a port without a protocol, or is headless. */
export function toBackendName(name: string): string {
  return `${name}${backendSuffix}`;
}

const backendSuffix = '-backend';

/** The version of which a host is that of its Service; undefined: of none. */
export function readBackendHost(host: string): string | undefined {
  const [service = ''] = host.split('.');
  return service.endsWith(backendSuffix) ? service.slice(0, -backendSuffix.length) || undefined : undefined;
}

/** The names of the Deployments of an InferenceService, rendered or live; the predictor's first. */
export function listDeployments(service: unknown): string[] {
  const name = textAt(service, ['metadata', 'name']) ?? '';
  const spec = valueAt(service, ['spec']);
  const has = (...path: string[]) => isMap(valueAt(spec, path));
  return [
    toPredictorName({ name, spec }),
    ...(has('predictor', 'workerSpec') ? [`${name}-predictor-worker`] : []),
    ...(has('transformer') ? [`${name}-transformer`] : []),
    ...(has('explainer') ? [`${name}-explainer`] : []),
  ];
}

/**
 * The Deployment whose generation KServe reports: each component's replaces that of the one before, and workers have none
 * (inference_service_status.go, PropagateRawStatus).
 *
 * @param deployments as `listDeployments` returns them.
 */
export function findLastReported(deployments: readonly string[]): string {
  return deployments.findLast((name) => !name.endsWith('-predictor-worker')) ?? '';
}

/**
 * Services, autoscalers and routes are called like the Deployments. On several nodes there are Services that end with
 * the generation.
 */
export function listCreated(service: InferenceService): string[] {
  const [predictor = '', ...others] = listDeployments(service);
  const stem = predictor.slice(0, -'-predictor'.length);
  const isOnNodes = isMap(valueAt(service.spec, ['predictor', 'workerSpec']));
  return [predictor, ...others, ...(isOnNodes ? [`${stem}-head-*`, `${stem}-workers-*`] : [])];
}

/** The longest of these names is the value of a label too, `isvc.<name>-transformer`, and has 63 characters at most. */
const maxLength = 63 - 'isvc.-transformer'.length;

export function refuseName(name: string): Omit<Finding, 'code'> | undefined {
  if (name.length <= maxLength) return undefined;
  return {
    message: safe`the InferenceService name ${quote(name)} has ${name.length} characters, so KServe cannot name and label its pods by it`,
    hint: safe`use at most ${maxLength}: Kubernetes allows 63, and KServe needs some of them`,
  };
}
