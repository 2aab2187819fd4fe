/** Models in Standard mode: what their files say, what their versions predict, and how calls to them are counted. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelFile } from './model-files.ts';
import type { ModelStore } from './model-store.ts';
import type { PodRun } from './pod-run.ts';
import { scratch } from './sandbox.ts';

/** Of one sample. */
export const sample: readonly number[] = [6.8, 2.8, 4.8, 1.4];

/** How a model is called: KServe's V1 and V2 over HTTP, and V2 over gRPC. */
export type Call = 'V1' | 'V2' | 'gRPC';

export interface StandardOptions extends Pick<ModelFile, 'name' | 'primary' | 'candidate'> {
  readonly protocols?: readonly string[];
  /** Beside the format. */
  readonly model?: object;
  /** Beside the model. */
  readonly predictor?: object;
  /** Beside the predictor. */
  readonly spec?: object;
}

/**
 * A server that stops at once on SIGTERM would be called for as long as Envoys take to learn that its Pod is
 * ending: KServe by itself lets nothing wait for that.
 */
const lifecycle = { preStop: { sleep: { seconds: 3 } } };

/** @returns for `s3://models/wisdom/VERSION`, unless it says otherwise. */
export function standardModel({ protocols, model, predictor, spec, ...versions }: StandardOptions): ModelFile {
  const toSource = (version: ModelFile['primary']) => ({ uri: uriOf(version.version), ...version });
  const { primary, candidate } = versions;
  return {
    ...versions,
    primary: toSource(primary),
    ...(candidate && { candidate: toSource(candidate) }),
    spec: {
      ...(protocols && { protocols }),
      template: {
        metadata: { annotations: { 'serving.kserve.io/deploymentMode': 'Standard' } },
        spec: {
          predictor: { model: { modelFormat: { name: 'xgboost' }, lifecycle, ...model }, ...predictor },
          ...spec,
        },
      },
    },
  };
}

export const uriOf = (version: string): string => `s3://models/wisdom/${version}`;

const predictions: Readonly<Record<string, number>> = { v1: 1, v2: 2, v3: 3 };

/** They all differ. */
export function putModels(store: ModelStore): void {
  for (const [version, prediction] of Object.entries(predictions)) {
    const folder = join(scratch, 'models', version);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'answer'), `${prediction}`);
    store.put(`wisdom/${version}`, folder);
  }
}

/** What the summary of calls has for an answer of this version to the sample. */
export function predictionOf(version: string, call: Call = 'V1', model = 'wisdom'): string {
  const predicted = JSON.stringify([predictions[version]]);
  return call === 'V1' ? predicted : `${model} ${predicted}`;
}

/** Inference calls that a Pod's server has got, over all its starts. */
export function countCalls(pod: PodRun): number {
  return pod.log().match(/^POST \/(v[12]\/models\/|inference\.)/gm)?.length ?? 0;
}
