/**
 * What runs for the images of model servers: MLServer and KServe's own Python server, from the stack, and for all others
 * a fake. And two models for them.
 */
import { join } from 'node:path';
import { stackFolder } from '../stack/build.ts';
import { run } from '../stack/run-command.ts';
import type { ContainerSpec } from './container.ts';
import { toFakeServer } from './fake-server.ts';
import type { ModelStore } from './model-store.ts';
import type { Command } from './pod-run.ts';
import { scratch } from './sandbox.ts';

/** Two flowers as KServe's first example has them, with four measures each, in centimetres. */
export const flowers: readonly (readonly number[])[] = [
  [6.8, 2.8, 4.8, 1.4],
  [6, 3.4, 4.5, 1.6],
];

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
];

/** Undefined: there is no such image. */
export function toServer(container: ContainerSpec): Command | undefined {
  const [image = ''] = container.image.split('/').at(-1)?.split(/[:@]/) ?? [];
  const server = container.image.startsWith('none/') ? undefined : servers.find((one) => one.image === image);
  return server === undefined ? toFakeServer(container) : server.toCommand(container);
}

/** Trains `s3://models/flowers/v1` and `v2`, which answer differently for the same flowers. */
export function putFlowers(store: ModelStore): void {
  const folder = join(scratch, 'flowers');
  const { command, words, environment } = toPython('mlserver', [join(import.meta.dirname, 'train.py'), folder]);
  run(command, words, { env: environment });
  for (const version of ['v1', 'v2']) store.put(`flowers/${version}`, join(folder, version));
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
