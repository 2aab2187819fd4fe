/** A Pod of the mesh that sends the comparer samples of its own making, straight to its Service. */
import { join } from 'node:path';
import { textAt } from '../../src/core/input/plain-value.ts';
import type { ClusterObject } from './cluster.ts';
import { addresses } from './network.ts';
import type { Pod } from './pods.ts';
import { clientNamespace } from './pods.ts';
import { Program, until } from './program.ts';
import type { Stack } from './stack.ts';
import { sample } from './standard-models.ts';
import { hostOf } from './traffic.ts';

const loadProgram = join(import.meta.dirname, 'load-process.ts');
const pod: Pod = {
  ...{ name: 'flooder', namespace: clientNamespace, account: 'flooder', address: addresses.flooder },
  ...{ labels: { app: 'flooder' }, proxy: 'sidecar' },
};
/** By which its sidecar knows these calls. */
const flooded = 'flood.example';

export interface FloodOptions {
  /** The comparer's Service. */
  readonly service: { readonly name: string; readonly namespace: string };
  /** Whose samples they seem to be. */
  readonly namespace: string;
  readonly model: string;
}

/** What is sent at the same time. */
export interface Stream {
  readonly bytes: number;
  /** A second. */
  readonly rate: number;
}

let running: Promise<void> | undefined;

export class Flood {
  readonly #words: readonly string[];
  #programs: readonly Program[] = [];

  private constructor(model: string, address: string) {
    const path = `/v1/models/${model}:predict`;
    this.#words = ['--to', `${address}:80`, '--authority', flooded, '--path', path, '--input', sample.join()];
  }

  static async of(stack: Stack, options: FloodOptions): Promise<Flood> {
    await stack.cluster.apply(toRoute(options));
    running ??= stack.addPod(pod).then(() => {});
    await running;
    const { name, namespace } = options.service;
    const found = await stack.cluster.find({ path: '/api/v1', plural: 'services' }, namespace, name);
    return new Flood(options.model, textAt(found, ['spec', 'clusterIP']) ?? '');
  }

  /** @param isArriving whether its samples are seen to arrive. */
  async begin(streams: readonly Stream[], isArriving: () => Promise<boolean>): Promise<void> {
    this.#programs = streams.map(
      ({ bytes, rate }) =>
        new Program({
          name: `flood-${bytes}`,
          command: 'ip',
          words: [
            ...['netns', 'exec', pod.name, process.execPath, loadProgram, ...this.#words],
            ...['--bytes', `${bytes}`, '--rate', `${rate}`],
          ],
        }),
    );
    await until('the flood arrives', isArriving);
  }

  async end(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop('SIGKILL')));
  }
}

/** The host that Envoy gives a sample, which is no way to the comparer. */
function toRoute({ service, model, namespace }: FloodOptions): ClusterObject {
  const destination = { host: `${service.name}.${service.namespace}.svc.cluster.local`, port: { number: 80 } };
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'flood', namespace: pod.namespace },
    spec: {
      hosts: [flooded],
      exportTo: ['.'],
      http: [{ rewrite: { authority: `${hostOf(model, namespace)}-shadow` }, route: [{ destination }] }],
    },
  };
}
