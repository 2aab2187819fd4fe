/** What trials of isolation in Standard mode share: a model whose candidate misbehaves on demand, and who calls it. */
import { BadCandidate } from './candidate.ts';
import type { Caller } from './interleaved.ts';
import type { ModelFile } from './model-files.ts';
import type { PodRun } from './pod-run.ts';
import { until } from './program.ts';
import type { Call } from './standard-models.ts';
import { standardModel, uriOf } from './standard-models.ts';
import type { StandardScene } from './standard-scene.ts';
import { origins } from './traffic.ts';
import type { Trials } from './trials.ts';
import { begin } from './trials.ts';

const protocols: readonly Call[] = ['V1', 'gRPC'];

/** Without a sidecar, whose buffers would be in the way of its faults. */
export const triedModel: ModelFile = standardModel({
  primary: { version: 'v1' },
  candidate: {
    version: 'v2',
    uri: uriOf('v2'),
    overrides: {
      metadata: { labels: { 'sidecar.istio.io/inject': 'false' } },
      spec: { predictor: { model: { image: 'faults/bad-candidate:1' } } },
    },
  },
  protocols: ['rest', 'grpc'],
});

/** By REST and by gRPC, from both sides. */
export function toCallers(scene: StandardScene): Caller[] {
  return protocols.flatMap((call) =>
    origins.map((origin) => ({
      from: `${origin}, ${call === 'gRPC' ? call : 'REST'}`,
      call: (load) => scene.call(origin, { call, ...load }),
    })),
  );
}

/** @param rate of each caller, the largest that is tried. */
export function beginTrials(scene: StandardScene, rate: number): Promise<Trials> {
  const right = protocols.map((call) => scene.predictionOf('v1', call));
  return begin(scene, rate, toCallers(scene), ({ answered, byModel }) =>
    right.reduce((sum, prediction) => sum + (byModel[prediction] ?? 0), 0) === answered
      ? []
      : [`${answered} answered: ${JSON.stringify(byModel)}`],
  );
}

/** The candidate's newest. */
export function candidatePod(scene: StandardScene): PodRun {
  const pod = scene.standard.podsOf('wisdom-1').at(-1);
  if (pod === undefined) throw new Error('the candidate has no Pod');
  return pod;
}

export function toBadCandidate(scene: StandardScene): BadCandidate {
  return new BadCandidate(candidatePod(scene).address);
}

/** Every copy, of every caller. */
export async function untilAllCopiesArrive(scene: StandardScene, candidate: BadCandidate): Promise<void> {
  await until('copies reach the candidate', async () => {
    const before = (await candidate.count()).begun;
    for (const { call } of toCallers(scene)) await (await call({ calls: 5, parallel: 1 })).ended;
    return (await candidate.count()).begun >= before + 5 * toCallers(scene).length;
  });
}
