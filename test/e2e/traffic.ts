/** Calls from outside the mesh, through the ingress gateway, and from inside, through a Pod's sidecar. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { LoadSummary } from './load.ts';
import { addresses } from './network.ts';
import { modelNamespace } from './pods.ts';

/** Outside: a client without a sidecar. Inside: a Pod's, whose sidecar takes what leaves it. */
export type Origin = 'outside' | 'inside';

export const origins: readonly Origin[] = ['outside', 'inside'];

const program = join(import.meta.dirname, 'load-process.ts');

const targets: Readonly<Record<Origin, string>> = {
  outside: `${addresses.ingress}:8080`,
  inside: `${addresses.modelmesh}:8033`,
};

export interface TrafficOptions {
  readonly origin: Origin;
  /** `IP:PORT`; default: the ingress gateway, or from inside ModelMesh's Pod. */
  readonly to?: string;
  /** Several take turns. */
  readonly model: string | readonly string[];
  /** Of the models; absent: ModelMesh's. */
  readonly namespace?: string;
  readonly calls?: number;
  /** A second, evenly; absent: as fast as it goes. */
  readonly rate?: number;
  /** How many at a time, without a rate. */
  readonly parallel?: number;
  /** Each `name=value`, sent as often as it is there. */
  readonly headers?: readonly string[];
  /** In the body. */
  readonly modelName?: string;
  /** In the body too: the call's id. */
  readonly id?: string;
  /** How long the body is at least. */
  readonly bytes?: number;
  /** The features of samples, which take turns; answers are then counted by what they predict. */
  readonly inputs?: readonly (readonly number[])[];
  /** By REST, to this path. */
  readonly path?: string;
  /** Default 60 000; with `isDeadlineHidden` no part of the way knows of it. */
  readonly deadlineMs?: number;
  readonly isDeadlineHidden?: boolean;
  /** Whether the summary has every call. */
  readonly isRecorded?: boolean;
}

export const hostOf = (model: string, namespace = modelNamespace): string => `${model}.${namespace}`;

const underWay = new Set<Traffic>();

/** What a case that failed has left: it would be counted in the next. */
export async function stopTraffic(): Promise<void> {
  await Promise.allSettled([...underWay].map((traffic) => traffic.stop()));
}

/** Calls under way; it ends by itself after so many, or when stopped. */
export class Traffic {
  readonly #summary: Promise<LoadSummary>;
  readonly #child;
  #isStopping = false;

  constructor(options: TrafficOptions) {
    const {
      origin,
      model,
      calls,
      rate = 0,
      parallel = 8,
      headers = [],
      modelName,
      id,
      to,
      inputs = [],
      path,
      namespace,
    } = options;
    const { bytes = 0, deadlineMs = 60_000, isDeadlineHidden = false, isRecorded = false } = options;
    const words = [
      ...[program, '--to', to ?? targets[origin], '--deadline-ms', `${deadlineMs}`],
      ...[model].flat().flatMap((one) => ['--authority', hostOf(one, namespace)]),
      ...['--rate', `${rate}`, '--parallel', `${parallel}`, '--bytes', `${bytes}`],
      ...(isRecorded ? ['--record'] : []),
      ...(isDeadlineHidden ? ['--hide-deadline'] : []),
      ...(calls === undefined ? [] : ['--calls', `${calls}`]),
      ...headers.flatMap((header) => ['--header', header]),
      ...(modelName === undefined ? [] : ['--model-name', modelName]),
      ...(id === undefined ? [] : ['--id', id]),
      ...inputs.flatMap((input) => ['--input', input.join()]),
      ...(path === undefined ? [] : ['--path', path]),
    ];
    const command = [process.execPath, ...words];
    const [first = '', ...rest] = origin === 'outside' ? command : ['ip', 'netns', 'exec', 'client', ...command];
    this.#child = spawn(first, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    this.#child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    this.#summary = new Promise((resolve, reject) => {
      underWay.add(this);
      this.#child.on('close', (code) => {
        underWay.delete(this);
        if (code === 0) resolve(JSON.parse(text) as LoadSummary);
        else reject(new Error(`the calls from ${origin} ended with ${code}`));
      });
    });
    // It is asked for later; until then its failure is nobody's.
    this.#summary.catch(() => {});
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** When it has ended by itself. */
  get ended(): Promise<LoadSummary> {
    return this.#summary;
  }

  stop(): Promise<LoadSummary> {
    // A second signal would end it before it has said what it counted.
    if (!this.#isStopping) this.#child.kill('SIGTERM');
    this.#isStopping = true;
    return this.#summary;
  }
}
