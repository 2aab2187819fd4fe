import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Comparer } from '../comparer.ts';
import { startComparer } from '../comparer.ts';
import { findInboundWindows, findLimits } from '../comparer-limits.ts';
import { kilobyte, megabyte } from '../harm.ts';
import { until } from '../program.ts';
import { scratch } from '../sandbox.ts';
import type { Scene } from '../scene.ts';
import type { Standard } from '../standard.ts';
import type { Predictions } from '../standard-models.ts';
import { countCalls, standardModel } from '../standard-models.ts';
import { StandardScene } from '../standard-scene.ts';
import { seconds } from '../statistics.ts';
import { origins } from '../traffic.ts';

/** What each version predicts. */
const predictions: Predictions = { v1: 1, same: 1, other: 2, broken: 1, flaky: 1 };
/** Of each so many predictions one fails. */
const failing: Readonly<Record<string, number>> = { broken: 1, flaky: 5 };
/** 100 calls a second from both sides together, of which a tenth are compared: closing is timed at that. */
const usual = { rate: 50, share: 10 };
/** Whole minutes are judged 90 s after they are over. */
const passingMs = 240_000;

const sampleColumns = [
  ...['samples by', 'from', 'calls', 'samples', 'compared', 'dropped', 'unknown'],
  ...['at the primary', 'at the candidate'],
];

/** The real comparer in the mesh, and the watcher that judges by what it counts. */
export async function standardAnalysis(plain: Scene): Promise<void> {
  const scene = await StandardScene.of(plain, putVersions);
  await Promise.all([
    deploy(scene, 'steady', 'same', 100),
    deploy(scene, 'differs', 'other', usual.share),
    deploy(scene, 'fails', 'broken', usual.share),
    deploy(scene, 'falters', 'flaky', usual.share),
  ]);
  const comparer = await startComparer(scene.stack, scene.namespace);
  await isLimited(scene, comparer);
  await asksBoth(scene, comparer);
  const judged = becomesPassing(scene);
  await becomesFailing(scene, { model: 'differs', check: 'agreement', bad: 1, withinMs: 15_000 });
  await becomesFailing(scene, { model: 'fails', check: 'errors.candidateOnly', bad: 1, withinMs: 15_000 });
  await becomesFailing(scene, { model: 'falters', check: 'errors.candidateOnly', bad: 0.2, withinMs: 60_000 });
  await judged;
  await withoutComparer(scene, comparer);
  await scene.remove('steady', 'differs', 'fails', 'falters');
}

function putVersions({ store }: Standard): Predictions {
  for (const [version, prediction] of Object.entries(predictions)) {
    const folder = join(scratch, 'judged', version);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'answer'), `${prediction}`);
    if (failing[version] !== undefined) writeFileSync(join(folder, 'fails'), `${failing[version]}`);
    store.put(`wisdom/${version}`, folder);
  }
  return predictions;
}

async function deploy(scene: StandardScene, name: string, version: string, share: number): Promise<void> {
  const checks = [{ errors: { candidateOnly: '2%' } }, { agreement: { atLeast: '98%' } }];
  const versions = { primary: { version: 'v1' }, candidate: { version } };
  const model = standardModel({ name, ...versions, protocols: ['rest', 'grpc'] });
  await scene.deploy(model, { analysis: { share, minSamples: 200, checks } });
  await scene.untilMirrorIsOpen(100, name);
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
      scene.check(`every call is compared: ${call}, ${origin}`, [
        ...scene.findUnpredicted(summary, ['v1'], call, model),
        ...(compared + more('dropped') === calls && compared > calls / 2 ? [] : [`${compared} were compared`]),
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

async function becomesPassing(scene: StandardScene): Promise<void> {
  const model = 'steady';
  const since = Date.now();
  const traffic = await scene.callFromBoth({ model, rate: 10 });
  await untilVerdict(scene, model, 'Passing', passingMs);
  showVerdict(scene, model, 'Passing', await countsOf(scene, model), Date.now() - since);
  for (const [i, summary] of (await Promise.all(traffic.map((one) => one.stop()))).entries())
    scene.check(
      `${model}: every call is answered by the primary, ${origins[i]}`,
      scene.findUnpredicted(summary, ['v1']),
    );
  scene.equal(`${model}: the mirror is still open`, (await scene.route('outside', model))?.mirrored, 100);
}

interface Expected {
  readonly model: string;
  readonly check: string;
  /** Which share of its answers is bad. */
  readonly bad: number;
  readonly withinMs: number;
}

/** The time begins with the first copy's answer, which is there before any sample's. */
async function becomesFailing(scene: StandardScene, { model, check, bad, withinMs }: Expected): Promise<void> {
  const calls = () => scene.standard.podsOf(`${model}-1`).reduce((sum, pod) => sum + countCalls(pod), 0);
  const traffic = await scene.callFromBoth({ model, rate: usual.rate });
  await until(`${model}-1 gives its first answer`, () => calls() > 0);
  const since = Date.now();
  await untilVerdict(scene, model, 'Failing', withinMs * 4);
  const closed = await scene.untilMirrored(undefined, model);
  const summaries = await Promise.all(traffic.map((one) => one.stop()));
  showVerdict(scene, model, 'Failing', await countsOf(scene, model), closed - since);
  for (const [i, summary] of summaries.entries())
    scene.check(
      `${model}: every call is answered by the primary, ${origins[i]}`,
      scene.findUnpredicted(summary, ['v1']),
    );
  const counted = (await scene.status(model))?.candidate?.verdict?.checks ?? [];
  scene.check(
    `${model}: ${check} is what it fails`,
    counted.some((one) => one.check.startsWith(check) && one.bad > 0 && one.bad >= (one.all * bad) / 2),
  );
  scene.check(
    `${model}: closed within ${withinMs / 1000} s of the first bad answer`,
    closed - since <= withinMs ? [] : [seconds(closed - since)],
  );
}

/** Clients notice nothing of a comparer that is stopped, or gone. */
async function withoutComparer(scene: StandardScene, comparer: Comparer): Promise<void> {
  const model = 'steady';
  const { program } = comparer;
  const compared = () => comparer.count('model_mirror_pairs_total');
  let before = await compared();
  const phases: readonly (readonly [what: string, begin: () => Promise<void> | void])[] = [
    ['runs', () => {}],
    ['is stopped', () => program.signal('SIGSTOP')],
    ['goes on', () => program.signal('SIGCONT')],
    ['is killed', () => program.stop('SIGKILL')],
    ['runs again', () => program.start()],
  ];
  for (const [what, begin] of phases) {
    const sizes = [
      { bytes: kilobyte, rate: 50 },
      { bytes: megabyte, rate: 3 },
    ];
    const traffic = await Promise.all(sizes.map((size) => scene.callFromBoth({ model, ...size })));
    await sleep(500);
    await begin();
    await sleep(5000);
    const summaries = await Promise.all(traffic.flat().map((one) => one.stop()));
    for (const [i, summary] of summaries.entries()) {
      const { bytes, rate } = sizes[Math.floor(i / 2)] ?? { bytes: 0, rate: 0 };
      const from = origins[i % 2] ?? '';
      const { sent, answered, latencyMs } = summary;
      scene.row(
        ['the comparer', 'body, rate', 'from', 'calls', 'failed', 'p50', 'p99'],
        [
          ...[what, `${bytes / kilobyte} KB, ${rate}/s`, from, sent, sent - answered],
          ...[`${latencyMs.p50.toFixed(1)} ms`, `${latencyMs.p99.toFixed(0)} ms`],
        ],
      );
      const troubles = scene.findUnpredicted(summary, ['v1']);
      scene.check(`the comparer ${what}: no call fails, ${bytes / kilobyte} KB from ${from}`, troubles);
    }
    const isBusy = what === 'runs' || what === 'goes on';
    if (!isBusy) continue;
    const now = await compared();
    scene.check(`the comparer ${what}: these calls are compared`, now > before);
    before = now;
  }
  const restarted = await compared();
  await until('what is sent is compared again', async () => {
    await (await scene.call('outside', { model, calls: 5, parallel: 1 })).ended;
    return (await compared()) > restarted;
  });
}

async function untilVerdict(scene: StandardScene, model: string, verdict: string, limitMs: number): Promise<void> {
  const isSo = ({ candidate }: { readonly candidate?: { readonly verdict?: { readonly verdict: string } } }) =>
    candidate?.verdict?.verdict === verdict;
  await scene.untilStatus(`it is ${verdict}`, isSo, model, limitMs);
}

async function countsOf(scene: StandardScene, model: string): Promise<string> {
  const { by = '', checks = [] } = (await scene.status(model))?.candidate?.verdict ?? {};
  return `${by}: ${checks.map(({ check, bad, all }) => `${check} ${bad} of ${all}`).join(', ')}`;
}

function showVerdict(scene: StandardScene, model: string, verdict: string, counts: string, ms: number): void {
  scene.row(
    ['model', 'verdict in git', 'by', 'until it is there, and a mirror that closes is closed'],
    [model, verdict, counts, seconds(ms)],
  );
}
