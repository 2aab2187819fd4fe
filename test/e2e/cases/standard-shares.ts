import type { Scene } from '../scene.ts';
import type { Call } from '../standard-models.ts';
import { standardModel } from '../standard-models.ts';
import { StandardScene } from '../standard-scene.ts';

/** Few calls where nearly all or none are copied: the bounds are those of chance. */
const rows: readonly Row[] = [
  { percentage: 100, call: 'V1', calls: 300 },
  { percentage: 100, call: 'V2', calls: 300 },
  { percentage: 100, call: 'gRPC', calls: 300 },
  ...([33.3333, 20, 1, 0.5] as const).flatMap((percentage) =>
    (['V1', 'gRPC'] as const).map(
      (call): Row => ({ percentage, call, calls: percentage > 1 ? 600 : 20 / (percentage / 100) }),
    ),
  ),
];

interface Row {
  readonly percentage: number;
  readonly call: Call;
  readonly calls: number;
}

/** One model that is called by HTTP and gRPC: of both, the share that arrives is the share that is asked for. */
export async function standardShares(plain: Scene): Promise<void> {
  const scene = await StandardScene.of(plain);
  const versions = { primary: { version: 'v1' }, candidate: { version: 'v2' } };
  const model = standardModel({ ...versions, protocols: ['rest', 'grpc'] });
  await scene.deploy(model);
  await scene.untilMirrorIsOpen(100);
  await scene.untilCopiesComeFromBoth();
  await scene.untilCopiesComeFromBoth({ call: 'gRPC' });
  let open = 100;
  for (const { percentage, ...options } of rows) {
    if (percentage !== open) {
      await scene.commit(`wisdom: mirror ${percentage} %`, model, { mirrorPercentage: percentage });
      await scene.untilMirrored(percentage);
      open = percentage;
    }
    const rate = options.calls > 1000 ? 1000 : options.calls;
    await scene.expectCalls(`${percentage} %`, { version: 'v1', percentage, rate, ...options });
  }
  await scene.remove('wisdom');
}
