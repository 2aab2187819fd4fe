/**
 * The values of Iter8's chart for a mirrored rollout → the rollout.
 *
 * `modelName`, `modelVersions` and `mirrorPercentage` are those of 0.14 (iter8-tools/iter8,
 * charts/traffic-templates/values.yaml); 0.15 and later call the first two `appName` and `appVersions`.
 */

import { quote, safe } from '../diagnostics/safe-text.ts';
import { isMap } from '../input/plain-value.ts';
import type { AdoptionFinding } from './inference-service.ts';

export interface Iter8Rollout {
  readonly name: string;
  readonly namespace: string;
  /** The InferenceServices' names. */
  readonly primary: string;
  readonly candidate: string | undefined;
  /** 0 to 100. */
  readonly mirrorPercentage: number;
}

/** The default of Iter8's chart. */
const defaultNamespace = 'modelmesh-serving';
/** The mode of which Iter8 mirrors models. */
export const iter8Mode = 'ModelMesh';

export function readIter8Values(value: unknown): Iter8Rollout | AdoptionFinding {
  const values = isMap(value) ? value : {};
  const nameKey = values['appName'] !== undefined && values['modelName'] === undefined ? 'appName' : 'modelName';
  const versionsKey = nameKey === 'appName' ? 'appVersions' : 'modelVersions';
  const name = values[nameKey];
  if (typeof name !== 'string' || name === '')
    return {
      code: 'missing-field',
      path: [nameKey],
      message: safe`modelName is missing`,
      hint: safe`pass the values file of Iter8's initialize-rollout or modify-weights`,
    };
  const strategyKey = values['trafficStrategy'] === undefined ? 'strategy' : 'trafficStrategy';
  const strategy = values[strategyKey];
  if (strategy !== undefined && strategy !== 'mirror')
    return {
      code: 'invalid-value',
      path: [strategyKey],
      message: safe`${strategyKey} is ${quote(String(strategy))}, and model-mirror only mirrors`,
      hint: safe`keep using Iter8 for weights, or write mirror`,
    };
  const written = values[versionsKey];
  const versions = Array.isArray(written) ? written.map((version) => (isMap(version) ? version : {})) : [{}, {}];
  const toName = (i: number) => (typeof versions[i]?.['name'] === 'string' ? versions[i]['name'] : `${name}-${i}`);
  const percentage = values['mirrorPercentage'] ?? 100;
  if (typeof percentage !== 'number' || !(percentage >= 0 && percentage <= 100))
    return {
      code: 'out-of-range',
      path: ['mirrorPercentage'],
      message: safe`mirrorPercentage is ${quote(String(percentage))}, not a number from 0 to 100`,
      hint: safe`write a number from 0 to 100`,
    };
  const namespace = versions[0]?.['namespace'];
  return {
    name,
    namespace: typeof namespace === 'string' ? namespace : defaultNamespace,
    primary: toName(0),
    candidate: versions.length > 1 ? toName(1) : undefined,
    mirrorPercentage: percentage,
  };
}
