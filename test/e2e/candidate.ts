/** Candidates that misbehave on demand (`bad-candidate.ts`), and one with a Pod and a Service of its own for ModelMesh. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Behaviour, Copies } from './bad-behaviour.ts';
import type { ClusterObject } from './cluster.ts';
import { destinationRules, virtualServices } from './cluster.ts';
import { addresses, makeNetwork } from './network.ts';
import type { Command } from './pod-run.ts';
import type { Pod } from './pods.ts';
import { modelNamespace, toPodObjects, toService } from './pods.ts';
import { Program, until } from './program.ts';
import type { Scene } from './scene.ts';
import { origins, Traffic } from './traffic.ts';

/** Where it is steered. */
export const controlPort = 8099;
const program = join(import.meta.dirname, 'bad-candidate.ts');
const service = 'wisdom-1-backend';
const port = 8033;

/** Without a sidecar, whose buffers would be in the way of its faults. */
const pod: Pod = {
  name: 'candidate',
  namespace: modelNamespace,
  account: 'candidate',
  address: addresses.candidate,
  labels: { app: 'isvc.wisdom-1-predictor' },
};

const host = `${service}.${modelNamespace}.svc.cluster.local`;
let running: Promise<Program> | undefined;

export class BadCandidate {
  readonly #control: string;

  /** @param address of its Pod. */
  constructor(address: string) {
    this.#control = `http://${address}:${controlPort}`;
  }

  /** Its connections are closed, and its counts begin again. */
  async behave(behaviour: Behaviour): Promise<void> {
    const response = await fetch(this.#control, { method: 'PUT', body: behaviour });
    if (!response.ok) throw new Error(await response.text());
  }

  async count(): Promise<Copies> {
    return (await (await fetch(this.#control)).json()) as Copies;
  }
}

/** @param grpc its port, and REST's, at every address of its Pod. */
export function toBadCandidate(grpc: number, rest?: number): Command {
  const words = [program, '--grpc', `0.0.0.0:${grpc}`, '--control', `0.0.0.0:${controlPort}`];
  return { command: process.execPath, words: rest === undefined ? words : [...words, '--rest', `0.0.0.0:${rest}`] };
}

/**
 * From now on copies of wisdom go to it: with ModelMesh, versions share Pods, and a candidate could not do alone what
 * it does here. Argo CD must leave the model alone.
 * @returns it, and the VirtualService of the second hop.
 */
export async function leadToOwnCandidate(
  scene: Scene,
): Promise<{ readonly candidate: BadCandidate; readonly copies: ClusterObject }> {
  const { cluster } = scene.stack;
  running ??= start();
  await running;
  const ports = [{ name: 'grpc', port, targetPort: port, appProtocol: 'kubernetes.io/h2c' }];
  await cluster.apply(...toPodObjects(pod), ...toService(service, pod, ports));
  const found = await cluster.find(virtualServices, modelNamespace, 'wisdom-mirror');
  if (found === undefined) throw new Error('there is no second hop');
  const { spec } = found as unknown as { readonly spec: { readonly http: readonly object[] } };
  const route = [{ destination: { host, port: { number: port }, subset: 'copies' } }];
  const { name, namespace = '', labels = {}, annotations = {} } = found.metadata;
  const copies: ClusterObject = {
    ...{ apiVersion: found.apiVersion, kind: found.kind, metadata: { name, namespace, labels, annotations } },
    spec: { ...spec, http: spec.http.map((one) => ({ ...one, route })) },
  };
  await cluster.apply(await toLimit(scene));
  const candidate = new BadCandidate(addresses.candidate);
  await candidate.behave('answers');
  await until('copies reach the candidate from both sides', async () => {
    // A sync that Argo CD began before it was held may still end.
    await cluster.apply(copies);
    for (const origin of origins) {
      const before = await candidate.count();
      await new Traffic({ origin, model: 'wisdom', calls: 5, parallel: 1 }).ended;
      await sleep(200);
      if ((await candidate.count()).begun < before.begun + 5) return false;
    }
    return true;
  });
  return { candidate, copies };
}

/** What limits copies in flight to ModelMesh's candidate, for this one. */
async function toLimit(scene: Scene): Promise<ClusterObject> {
  const found = await scene.stack.cluster.find(destinationRules, modelNamespace, 'wisdom-mirror');
  if (found === undefined) throw new Error('nothing limits the copies in flight to a candidate');
  const { apiVersion, kind } = found;
  const metadata = { name: service, namespace: modelNamespace };
  return { apiVersion, kind, metadata, spec: { ...(found['spec'] as object), host } };
}

async function start(): Promise<Program> {
  const { name, address } = pod;
  makeNetwork(name, address);
  const { command, words } = toBadCandidate(port);
  const started = new Program({ name, command: 'ip', words: ['netns', 'exec', name, command, ...words] });
  await started.until('the candidate listens', () => started.tail().includes('listens'));
  return started;
}
