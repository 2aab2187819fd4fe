import { setTimeout as sleep } from 'node:timers/promises';
import type { Comparer } from '../comparer.ts';
import { startComparer } from '../comparer.ts';
import { findInboundWindows, findLimits } from '../comparer-limits.ts';
import { megabyte } from '../harm.ts';
import { verify } from '../judged.ts';
import { closing, putFakes, steady } from '../judged-fakes.ts';
import { JudgedServers } from '../judged-servers.ts';
import { until } from '../program.ts';
import type { Scene } from '../scene.ts';
import { deployJudged, judge } from '../standard-judged.ts';
import { StandardScene } from '../standard-scene.ts';
import { origins } from '../traffic.ts';

const sampleColumns = [
  ...['samples by', 'from', 'calls', 'samples', 'compared', 'dropped', 'unknown'],
  ...['at the primary', 'at the candidate'],
];

/** The real comparer in the mesh, and the watcher that judges by what it counts. */
export async function standardAnalysis(plain: Scene): Promise<void> {
  const scene = await StandardScene.of(plain, putFakes);
  const servers = new JudgedServers(scene.standard.store);
  const onServers = [servers.retrained(), servers.raises()];
  const all = [steady, ...closing, ...onServers];
  const names = all.map(({ name }) => name);
  await deployJudged(scene, all);
  const comparer = await startComparer(scene.stack, scene.namespace);
  await isLimited(scene, comparer);
  await asksBoth(scene, comparer);
  // It takes minutes, in which the others come to their ends: one after the other where that is timed.
  const passing = judge(scene, steady);
  for (const candidate of closing) await judge(scene, candidate);
  await Promise.all([passing, ...onServers.map((candidate) => judge(scene, candidate))]);
  scene.equal('steady: the mirror is still open', (await scene.route('outside', 'steady'))?.mirrored, 100);
  await verify(scene, ...names);
  await scene.remove(...names);
}

/** What keeps a comparer that hangs from doing harm is in the configuration of the Envoys. */
async function isLimited(scene: StandardScene, { envoy }: Comparer): Promise<void> {
  scene.equal('the comparer’s sidecar: connection windows', await findInboundWindows(envoy, 8080), [megabyte]);
  for (const origin of origins) {
    const host = 'model-mirror-comparer.model-mirror.svc.cluster.local';
    const limits = await findLimits(scene.envoyOf(origin), `outbound|80||${host}`);
    scene.equal(`${origin}: samples in flight, over HTTP/2 with mutual TLS`, limits, [50, true, true]);
  }
}

/** Each sample is one more call at either version, and no other. */
async function asksBoth(scene: StandardScene, comparer: Comparer): Promise<void> {
  const model = 'steady';
  const ofModel = { namespace: scene.namespace, model };
  const count = async () => {
    // One that is under way is at a server and not counted yet.
    await until('nothing is being compared', async () => (await comparer.count('model_mirror_copies_held')) === 0);
    return {
      received: await comparer.count('model_mirror_copies_received_total'),
      compared: await comparer.count('model_mirror_pairs_total', ofModel),
      dropped: await comparer.count('model_mirror_copies_dropped_total', ofModel),
      unknown: await comparer.count('model_mirror_pairs_unknown_total', ofModel),
      primary: await scene.arrivals(`${model}-0`),
      candidate: await scene.arrivals(`${model}-1`),
    };
  };
  for (const call of ['V1', 'gRPC'] as const) {
    await scene.untilCopiesComeFromBoth({ model, call });
    for (const origin of origins) {
      await until(`samples from ${origin} arrive`, async () => {
        const { received } = await count();
        await (await scene.call(origin, { model, call, calls: 5, parallel: 1 })).ended;
        return (await count()).received === received + 5;
      });
      const before = await count();
      const calls = 200;
      const summary = await (await scene.call(origin, { model, call, calls, rate: 40 })).ended;
      // The last samples may come after the last answers.
      await sleep(300);
      const after = await count();
      const more = (key: keyof typeof before) => after[key] - before[key];
      const compared = more('compared');
      scene.row(sampleColumns, [
        ...[call, origin, calls, more('received'), compared, more('dropped'), more('unknown')],
        ...[more('primary'), more('candidate')],
      ]);
      scene.check(`every call is compared, or dropped and counted: ${call}, ${origin}`, [
        ...scene.findUnpredicted(summary, ['v1'], call, model),
        ...(compared + more('dropped') === calls && compared > 0 ? [] : [`${compared} were compared`]),
        ...(more('unknown') === 0 ? [] : [`${more('unknown')} are unknown`]),
      ]);
      scene.equal(
        `both versions are asked once more for each: ${call}, ${origin}`,
        [more('primary'), more('candidate')],
        [calls + compared, calls + compared],
      );
    }
  }
}
