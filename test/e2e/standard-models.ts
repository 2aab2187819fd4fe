/** Models in Standard mode: what their files say, what their versions predict, and how calls to them are counted. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelFile } from './model-files.ts';
import type { ModelStore } from './model-store.ts';
import type { PodRun } from './pod-run.ts';
import { scratch } from './sandbox.ts';

/** Four measures of a flower, in centimetres, as KServe's first example has them. */
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

/** What each version predicts for the sample, to three digits. */
export type Predictions = Readonly<Record<string, number>>;

/** Of the fake server's models: they all differ. */
export const fakePredictions: Predictions = { v1: 1, v2: 2, v3: 3 };

export function putModels(store: ModelStore): void {
  for (const [version, prediction] of Object.entries(fakePredictions)) {
    const folder = join(scratch, 'models', version);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'answer'), `${prediction}`);
    store.put(`wisdom/${version}`, folder);
  }
}

/** Answers by what they predict, to three digits: what the others are differs by how a server reads its floats. */
export function countAnswers(byModel: Readonly<Record<string, number>>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [answer, count] of Object.entries(byModel)) {
    const rounded = answer.replace(/\[.*\]$/, (list) => JSON.stringify((JSON.parse(list) as number[]).map(round)));
    counts[rounded] = (counts[rounded] ?? 0) + count;
  }
  return counts;
}

export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Inference calls that a Pod's server has got, over all its starts: in the logs of the real ones each is in quotes. */
export function countCalls(pod: PodRun): number {
  return pod.log().match(/(?:^|")POST \/(v[12]\/models\/|inference\.)/gm)?.length ?? 0;
}

/** `predictor` or `transformer`. */
export function componentOf({ pod }: PodRun): string | undefined {
  return pod.metadata.labels?.['component'];
}
