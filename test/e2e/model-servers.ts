/**
 * What runs for the images of model servers: MLServer, KServe's own Python server and its agent, from the stack, a
 * transformer and a model on KServe's SDK, one that misbehaves on demand, and for all others a fake. And models for them.
 */
import { join } from 'node:path';
import { stackFolder } from '../stack/build.ts';
import { run } from '../stack/run-command.ts';
import { toBadCandidate } from './candidate.ts';
import type { ContainerSpec } from './container.ts';
import { toFakeServer } from './fake-server.ts';
import type { ModelStore } from './model-store.ts';
import type { Command } from './pod-run.ts';
import { scratch } from './sandbox.ts';
import type { Predictions } from './standard-models.ts';
import { round, sample } from './standard-models.ts';

/** By how an image's name, without its registry, begins. */
const servers: readonly { readonly image: string; readonly toCommand: (container: ContainerSpec) => Command }[] = [
  {
    image: 'mlserver',
    // As its image starts it. With processes of its own for models, its default, uvloop 0.23 lets it load none.
    toCommand: () =>
      toPython('mlserver', ['-c', 'from mlserver.cli import main; main()', 'start', '/mnt/models'], {
        MLSERVER_PARALLEL_WORKERS: '0',
      }),
  },
  {
    image: 'sklearnserver',
    toCommand: ({ args = [] }) => toPython('kserve-server', ['-m', 'sklearnserver', ...args]),
  },
  // The ports of KServe's own servers.
  { image: 'bad-candidate', toCommand: () => toBadCandidate(8081, 8080) },
  // In front of a server that has a logger.
  { image: 'agent', toCommand: ({ args = [] }) => ({ command: join(stackFolder, 'kserve-agent'), words: args }) },
  {
    image: 'transformer',
    toCommand: ({ args = [] }) => toPython('kserve-server', [join(import.meta.dirname, 'transformer.py'), ...args]),
  },
  {
    image: 'custom-model',
    toCommand: ({ args = [] }) => toPython('kserve-server', [join(import.meta.dirname, 'custom-model.py'), ...args]),
  },
];

/** Undefined: there is no such image. */
export function toServer(container: ContainerSpec): Command | undefined {
  const [image = ''] = container.image.split('/').at(-1)?.split(/[:@]/) ?? [];
  const server = container.image.startsWith('none/') ? undefined : servers.find((one) => one.image === image);
  return server === undefined ? toFakeServer(container) : server.toCommand(container);
}

/** Trains `s3://models/flowers/v1` to `v3`. @returns what scikit-learn itself predicts for the sample. */
export function putFlowers(store: ModelStore): Predictions {
  const folder = join(scratch, 'flowers');
  const predicted = train('train.py', folder, sample.join()) as Predictions;
  for (const version of Object.keys(predicted)) store.put(`flowers/${version}`, join(folder, version));
  return Object.fromEntries(Object.entries(predicted).map(([version, value]) => [version, round(value)]));
}

/** What our script, which trains models into the folder, prints about them. */
export function train(script: string, folder: string, ...words: readonly string[]): unknown {
  const python = toPython('mlserver', [join(import.meta.dirname, script), folder, ...words]);
  return JSON.parse(run(python.command, python.words, { env: python.environment }));
}

/** @param packages of the stack. */
function toPython(packages: string, words: readonly string[], environment: Command['environment'] = {}) {
  // Several share the CPUs.
  const threads = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
  return {
    command: 'python3',
    words,
    environment: { ...environment, ...threads, PYTHONPATH: join(stackFolder, packages) },
  };
}
