import type { BadCandidate } from '../candidate.ts';
import { destinationRules, envoyFilters } from '../cluster.ts';
import type { Comparer } from '../comparer.ts';
import { startComparer } from '../comparer.ts';
import type { ComparerFaults } from '../comparer-faults.ts';
import { passSidecar, toComparerFaults } from '../comparer-faults.ts';
import { findLimits } from '../comparer-limits.ts';
import { Flood } from '../flood.ts';
import { kilobyte, limit, megabyte } from '../harm.ts';
import type { Fault } from '../interleaved.ts';
import { until } from '../program.ts';
import type { SampleCounts } from '../sample-counts.ts';
import { comparerCluster, sumOf } from '../sample-counts.ts';
import { Sampling } from '../sampling.ts';
import type { Scene } from '../scene.ts';
import { StandardScene } from '../standard-scene.ts';
import { beginTrials, toBadCandidate, triedModel, untilAllCopiesArrive } from '../standard-trials.ts';
import { origins } from '../traffic.ts';
import type { Size, Trials } from '../trials.ts';
import { expectHarm, isThorough, tryFaults } from '../trials.ts';

/** Of each caller. */
const rate = 60;
/** What an Envoy may gain beside the samples that may be in flight: what it has of connections and of calls. */
const spareBytes = 20 * megabyte;
/** It fails what it is asked for and stays: nothing closes the mirror meanwhile. */
const policy = {
  analysis: { share: 100, minSamples: 100_000, checks: [{ errors: { candidateOnly: '90%' } }], onFailing: 'Keep' },
};

const nothing: Fault = { what: 'the comparer compares every call', begin: async () => {}, end: async () => {} };

/** Clients notice nothing of the comparer, whatever becomes of it, nor does it fill their Envoys. */
export async function standardComparer(plain: Scene): Promise<void> {
  const scene = await StandardScene.of(plain);
  const { stack } = scene;
  await scene.deploy(triedModel, policy);
  await scene.untilMirrorIsOpen(100);
  const comparer = await startComparer(stack, scene.namespace);
  await stack.holdApplication('wisdom');
  const candidate = toBadCandidate(scene);
  await untilAllCopiesArrive(scene, candidate);
  const sampling = await Sampling.of(scene, comparer);
  await sampling.turn(false);
  await sampling.untilIdle();
  const trials = { ...(await beginTrials(scene, rate)), spareBytes };
  scene.report.note(
    'Calm is without samples: the first hop sends them only while something is tried, every call is one then, and what happens comes after they have begun to arrive. Of the comparer itself: **in flight at most** is what one client’s Envoy had under way to it, **its memory** is the most that its process has held so far.',
  );
  passSidecar(comparer, true);
  const faults = toComparerFaults(stack.cluster, comparer);
  const { stopped, frozen, killed, gone, restarting, scaledToNone, misbehaves } = faults;
  const runs = sampling.during(nothing, {
    judge: ({ compared, dropped }) => (compared + (dropped['too-large'] ?? 0) > 0 ? [] : ['none was taken up']),
  });
  const flooded = await toFlooded(trials, comparer, candidate, sampling);
  const unread = sampling.during(misbehaves('does not read its socket'));
  const few = [runs, flooded, ...[stopped, frozen, killed].map((one) => sampling.during(one)), unread];
  const more = [restarting, scaledToNone, ...(isThorough ? [gone] : [])].map((one) => sampling.during(one));
  const small = { bytes: kilobyte, rate, rounds: 2, calmMs: 800, faultMs: 2000 };
  const large = { bytes: megabyte, rate: 4, rounds: 2, calmMs: 1000, faultMs: 2000 };
  const attempt = async (size: Size, tried: readonly Fault[]) => {
    sampling.body = size.bytes;
    await tryFaults(trials, size, tried);
  };
  await attempt(small, [...few, ...more]);
  await attempt(large, isThorough ? [...few, ...more] : few);
  if (isThorough) {
    const impostors = toImpostors(faults).map((one) => sampling.during(one));
    await attempt({ ...small, rounds: 1 }, impostors);
    await attempt({ ...large, rounds: 1 }, impostors);
    await attempt({ bytes: 100 * kilobyte, rate: 20, calmMs: 1000, faultMs: 2500 }, few);
    await attempt({ bytes: 3 * megabyte, rate: 2, rounds: 2, calmMs: 1500, faultMs: 3500 }, few);
  }
  await withLargeBodies(trials, sampling, faults);
  sampling.body = megabyte;
  await withoutLimits(trials, comparer, sampling.during(frozen, { isLimited: false }));
  passSidecar(comparer, false);
  await scene.remove('wisdom');
  await comparer.program.stop('SIGKILL');
}

function toImpostors({ misbehaves }: ComparerFaults): Fault[] {
  return [
    misbehaves('reads no body'),
    misbehaves('reads 1 KB/s'),
    misbehaves('hangs'),
    misbehaves('closes the connection'),
    misbehaves('resets the call'),
    misbehaves('answers 1 KB/s without end'),
    misbehaves('answers 100 MB'),
    misbehaves('floods'),
  ];
}

/** Above 16 MiB a sample that nobody reads would hold up its own client's request: such samples are not sent. */
async function withLargeBodies(trials: Trials, sampling: Sampling, faults: ComparerFaults): Promise<void> {
  const { stopped, frozen, killed } = faults;
  const judge = ({ received }: SampleCounts) => (received === 0 ? [] : [`${received} arrived`]);
  const all = isThorough ? [nothing, frozen, stopped, killed] : [frozen];
  const size = { bytes: 20 * megabyte, rate: 0.5, calmMs: 3000, faultMs: 5000 };
  sampling.body = size.bytes;
  await tryFaults(
    { ...trials, share: 1 },
    size,
    all.map((one) => sampling.during(one, { judge, areEnded: true })),
  );
}

/** More samples than it can compare: every call is one, a Pod sends others besides, and the candidate is slow. */
async function toFlooded(
  { scene, share }: Trials,
  comparer: Comparer,
  candidate: BadCandidate,
  sampling: Sampling,
): Promise<Fault> {
  const { stack, namespace } = scene;
  const service = { name: 'model-mirror-comparer', namespace: comparer.pod.namespace };
  const flood = await Flood.of(stack, { service, namespace, model: 'wisdom' });
  const streams = [
    { bytes: kilobyte, rate: 4 * rate * share },
    { bytes: 600 * kilobyte, rate: 10 * share },
  ];
  return sampling.during(
    {
      what: 'the comparer is flooded',
      begin: async () => {
        await candidate.behave('answers after 1.5 s');
        const { received } = await sampling.count();
        const isArriving = async () => (await sampling.count()).received >= received + 50;
        await flood.begin(streams, isArriving);
      },
      end: async () => {
        await flood.end();
        await candidate.behave('answers');
      },
    },
    {
      judge: ({ compared, dropped }) =>
        sumOf(dropped) > compared ? [] : [`${compared} were compared: this was no flood`],
    },
  );
}

/** The same harness must show harm where the comparer has neither limits nor a small window, or it could not fail. */
async function withoutLimits(
  trials: Trials,
  { objects, envoy, program, untilReady }: Comparer,
  frozen: Fault,
): Promise<void> {
  const scene = trials.scene as StandardScene;
  const { cluster } = scene.stack;
  const limits = objects.filter(({ kind }) => kind === 'DestinationRule' || kind === 'EnvoyFilter');
  const isLimited = async (should: boolean) => {
    await until(`Envoys have ${should ? 'the' : 'no'} limit`, async () => {
      const found = await Promise.all(origins.map((origin) => findLimits(scene.envoyOf(origin), comparerCluster)));
      return found.every(([requests]) => (requests === limit) === should);
    });
    // Connections that are open keep their windows.
    await Promise.all([program.stop('SIGKILL'), envoy.program.stop('SIGKILL')]);
    envoy.program.start();
    program.start();
    await Promise.all([envoy.untilReady(), untilReady()]);
  };
  for (const { kind, metadata } of limits)
    await cluster.remove(
      kind === 'EnvoyFilter' ? envoyFilters : destinationRules,
      metadata.namespace ?? '',
      metadata.name,
    );
  await isLimited(false);
  const size = { bytes: megabyte, rate: 8, calmMs: 1500 };
  // Twice the memory that a fault may cost, if it is memory that it costs.
  const faultMs = Math.max(8000, 100_000 / (size.rate * trials.share));
  const what = 'without limits a comparer that is stopped does harm';
  await expectHarm(trials, { ...size, faultMs }, [frozen], 'no limits', what);
  await cluster.apply(...limits);
  await isLimited(true);
}
