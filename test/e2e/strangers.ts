/** A client that is not part of the mesh, and has no certificate. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadSummary } from './load.ts';
import type { MtlsMode } from './mesh.ts';
import { toPeerAuthentication } from './mesh.ts';
import { addresses } from './network.ts';
import { until } from './program.ts';
import type { Scene } from './scene.ts';
import { Traffic } from './traffic.ts';

/** Straight to a port, `IP:PORT`, for the candidate. */
export function callAsStranger(to: string): Promise<LoadSummary> {
  const headers = ['mm-vmodel-id=wisdom-1'];
  return new Traffic({ origin: 'outside', to, model: 'wisdom', calls: 20, parallel: 4, headers }).ended;
}

/** Listeners drain for 45 s after a change: what strangers observe is waited for. */
export async function setMesh(scene: Scene, mode: MtlsMode): Promise<void> {
  await scene.stack.cluster.apply(toPeerAuthentication(mode));
  await until(`calls without certificate to ModelMesh’s Pod find a mesh that is ${mode}`, async () => {
    const { errors } = await callAsStranger(`${addresses.modelmesh}:8033`);
    await sleep(500);
    // Whatever ModelMesh answers: it may not know the model.
    const isRefused = Object.keys(errors).some((error) => /^ECONN|_STATUS$/.test(error));
    return isRefused === (mode === 'STRICT');
  });
  await scene.resetCounts();
}
