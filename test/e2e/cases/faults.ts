import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { virtualServices } from '../cluster.ts';
import type { LoadSummary } from '../load.ts';
import { isIstiodReady } from '../mesh.ts';
import { modelNamespace } from '../pods.ts';
import { until } from '../program.ts';
import type { Scene } from '../scene.ts';
import { callsOf, unanswered } from '../scene.ts';
import { origins, Traffic } from '../traffic.ts';
import { isThorough } from '../trials.ts';

const rate = 100;
/** Longer than the pauses between the first attempts to reach it. */
const gitMs = isThorough ? 60_000 : 15_000;
const columns = ['fault', 'calls', 'not answered', 'p50', 'p99', 'p99 without', 'attempts at the candidate'];
const model = { primary: { version: 'v1' }, candidate: { version: 'v2' } };

interface Fault {
  readonly what: string;
  readonly happen: (scene: Scene) => Promise<void>;
  /** Resolves when the part is well again. */
  readonly heal: (scene: Scene) => Promise<void>;
  /** How long it lasts. */
  readonly ms: number;
}

const faults: readonly Fault[] = [
  {
    what: 'the mirror gateway is stopped',
    happen: ({ stack }) => stack.mirror.program.stop('SIGKILL'),
    heal: async ({ stack }) => {
      stack.mirror.program.start();
      await stack.mirror.untilReady();
    },
    ms: 3000,
  },
  {
    what: 'the mirror gateway hangs',
    happen: async ({ stack }) => stack.mirror.program.signal('SIGSTOP'),
    heal: async ({ stack }) => stack.mirror.program.signal('SIGCONT'),
    ms: 3000,
  },
  {
    what: 'the candidate answers UNAVAILABLE',
    happen: ({ stack }) => stack.models.disturb('wisdom-1', 'failing'),
    heal: ({ stack }) => stack.models.heal('wisdom-1'),
    ms: 3000,
  },
  {
    what: 'the candidate hangs',
    happen: ({ stack }) => stack.models.disturb('wisdom-1', 'hanging'),
    heal: ({ stack }) => stack.models.heal('wisdom-1'),
    ms: 3000,
  },
  {
    what: 'istiod is restarted',
    happen: ({ stack }) => stack.istiod.stop('SIGKILL'),
    heal: async ({ stack }) => {
      stack.istiod.start();
      await stack.istiod.until('istiod is ready', isIstiodReady);
    },
    ms: 3000,
  },
  {
    what: 'the watcher is killed',
    happen: ({ stack }) => stack.watcher.stop('SIGKILL'),
    heal: async ({ stack }) => stack.watcher.start(),
    ms: 3000,
  },
  {
    what: 'Argo CD’s controller and repo-server are restarted',
    happen: async ({ stack }) => {
      await Promise.all([stack.argocd.controller.stop('SIGKILL'), stack.argocd.repoServer.stop('SIGKILL')]);
    },
    heal: async ({ stack }) => {
      stack.argocd.repoServer.start();
      stack.argocd.controller.start();
      await stack.argocd.untilReady();
    },
    ms: 2000,
  },
  {
    what: 'the API server is restarted',
    happen: ({ stack }) => stack.cluster.api.restart(3000),
    heal: async () => {},
    ms: 0,
  },
  {
    what: `the git server is down for ${gitMs / 1000} s`,
    happen: ({ stack }) => stack.git.refuse(),
    heal: ({ stack }) => stack.git.accept(),
    ms: gitMs,
  },
];

/** No part of it is in the way of a call, and when it is back everything agrees again. */
export async function faultsUnderLoad(scene: Scene): Promise<void> {
  scene.stack.models.loadMs = 500;
  await scene.deploy(model);
  await scene.untilMirrorIsOpen(100);
  const calm = await underLoad(scene, () => sleep(4000));
  for (const [i, fault] of faults.entries()) {
    const begun = await scene.stack.repository.tip();
    const during = await underLoad(scene, async () => {
      await sleep(500);
      await fault.happen(scene);
      await sleep(fault.ms);
      await fault.heal(scene);
      await sleep(500);
    });
    const candidate = callsOf(during.counts, 'wisdom-1');
    for (const [side, origin] of origins.entries()) {
      const [summary, before] = [during.summaries[side], calm.summaries[side]];
      if (summary === undefined || before === undefined) continue;
      scene.row(columns, [
        ...[`${fault.what}, ${origin}`, summary.sent, summary.sent - summary.answered],
        ...[ms(summary.latencyMs.p50), ms(summary.latencyMs.p99), ms(before.latencyMs.p99), candidate],
      ]);
    }
    const sent = during.summaries.reduce((sum, one) => sum + one.sent, 0);
    scene.check(fault.what, [
      ...during.summaries.flatMap((summary) => unanswered(summary, 'wisdom-0')),
      ...during.summaries.flatMap((summary, i) => findSlowness(summary, calm.summaries[i])),
      ...(candidate <= sent ? [] : [`${sent} calls were mirrored, and the candidate got ${candidate}`]),
    ]);
    scene.check(`git tells of no state that was not: ${fault.what}`, await findUntruths(scene, begun));
    await agree(scene, fault.what, 99 - i);
  }
  await scene.remove('wisdom');
}

/** The candidate is ready all the time, whatever cannot be reached. */
async function findUntruths(scene: Scene, since: string): Promise<string[]> {
  const all = await scene.statusHistory();
  return all
    .slice(
      0,
      all.findIndex(({ id }) => id === since),
    )
    .filter(({ status }) => status?.candidate?.state !== 'Ready')
    .map(({ subject }) => subject);
}

async function underLoad(scene: Scene, deed: () => Promise<void>) {
  await scene.resetCounts();
  const traffic = origins.map((origin) => new Traffic({ origin, model: 'wisdom', rate }));
  try {
    await deed();
  } finally {
    for (const one of traffic) void one.stop().catch(() => {});
  }
  const summaries = await Promise.all(traffic.map((one) => one.stop()));
  return { summaries, counts: await scene.counts() };
}

/**
 * Noise: all parts share the cores with whatever else runs on the machine. A call that waited for a mirror would take
 * two seconds (`mirrorTimeout`) or more.
 */
const noiseMs = 1000;

function findSlowness({ latencyMs }: LoadSummary, calm: LoadSummary | undefined): string[] {
  const bound = noiseMs + (calm?.latencyMs.p99 ?? 0);
  return latencyMs.p99 <= bound ? [] : [`the 99th percentile is ${ms(latencyMs.p99)}; noise ends at ${ms(bound)}`];
}

/**
 * A person's change goes through to the end, and git, the cluster and the Envoys tell the same.
 * @param percentage one that was not there yet; nearly everything, so that the next fault meets copies.
 */
async function agree(scene: Scene, after: string, percentage: number): Promise<void> {
  await scene.commit(`wisdom: mirror ${percentage} %`, model, { mirrorPercentage: percentage });
  await scene.untilMirrored(percentage);
  await scene.untilStatus('git tells the percentage', ({ mirror }) => mirror?.percentage === percentage);
  const { cluster } = scene.stack;
  const service = await cluster.find(virtualServices, modelNamespace, 'wisdom');
  const isInCluster = new RegExp(`value: ${percentage}$`, 'm').test(stringify(service?.['spec']));
  scene.check(`afterwards git, cluster and Envoy agree: ${after}`, isInCluster);
  await until('the candidate is ready in git', async () => (await scene.status())?.candidate?.state === 'Ready');
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
