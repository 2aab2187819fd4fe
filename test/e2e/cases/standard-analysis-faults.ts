import type { Comparer } from '../comparer.ts';
import { startComparers } from '../comparer.ts';
import { becomes, findVerdict, toCounts, untilVerdict, verdictsOf, verify } from '../judged.ts';
import { putFakes, toFake } from '../judged-fakes.ts';
import { folderOf } from '../model-files.ts';
import type { Program } from '../program.ts';
import { until } from '../program.ts';
import type { GitStatus, Scene } from '../scene.ts';
import type { JudgedCandidate } from '../standard-judged.ts';
import { countCopies, deployJudged, findWrongAnswers, judge, toModel } from '../standard-judged.ts';
import { StandardScene } from '../standard-scene.ts';
import { origins } from '../traffic.ts';
import { isThorough } from '../trials.ts';
import { startWatcher } from '../watcher.ts';

const compared = 'model_mirror_pairs_total';
/** Of each side. */
const calls = { rate: 10 };
const good = { version: 'same', share: 100, calls };
const bad = {
  ...{ version: 'other', share: 100, calls, verdict: 'Failing' as const },
  by: { check: 'agreement', bad: 1 },
};
/** It fails one call in five, and may: it is neither good nor bad before there are many calls. */
const open = {
  ...{ version: 'flaky', share: 100, calls },
  analysis: {
    ...{ share: 100, minSamples: 200 },
    checks: [{ errors: { candidateOnly: '20%' } }, { agreement: { atLeast: '98%' } }],
  },
};

const both = toFake('both', { ...good, what: 'is as good; one of two replicas is killed meanwhile' });
const half = toFake('half', { ...bad, what: 'predicts something else; one replica is left' });
const improved = toFake('improved', {
  ...open,
  version: 'same',
  what: 'is as good, in place of one that failed one call in five',
});
const worsened = toFake('worsened', { ...bad, what: 'predicts something else, in place of one that was as good' });
const kept = toFake('half', { ...good, what: 'is as good; the mirror gateway is dead', earlier: ['Failing'] });
const closed = toFake('improved', {
  ...{ ...bad, what: 'predicts something else; the mirror gateway is dead', earlier: ['Passing'] },
});
const quiet = toFake('quiet', { ...good, what: 'is as good, and nobody calls it' });
const unseen = toFake('unseen', { ...open, what: 'fails one call in five, and may' });

/** Faults of the parts that judge: no verdict is wrong, none is written twice, and no client notices. */
export async function standardAnalysisFaults(plain: Scene): Promise<void> {
  const scene = await StandardScene.of(plain, putFakes);
  const another = startWatcher(scene.stack.repository.url, { name: 'watcher-2', port: 8091 });
  const watchers = [scene.stack.watcher, another];
  const before = [
    toFake(improved.name, { ...open, what: 'fails one call in five, and may' }),
    toFake(worsened.name, { ...good, what: 'is as good' }),
  ];
  const deployed = [both, half, ...before, quiet, ...(isThorough ? [unseen] : [])];
  const decided = [both, half, improved, worsened];
  await deployJudged(scene, deployed);
  const comparers = await startComparers(scene.stack, scene.namespace);
  await Promise.all([
    withOneReplica(scene, comparers),
    replaced(scene, improved, comparers),
    replaced(scene, worsened, comparers),
  ]);
  for (const { name } of decided) await showWriters(scene, name, watchers);
  await withoutMirrorGateway(scene);
  await untilVerdict(scene, quiet.name, 'Unknown');
  scene.equal('quiet: nobody sees how it does', (await findVerdict(scene, quiet.name))?.reason, 'no-copies');
  scene.equal('quiet: that is all that was ever said', await verdictsOf(scene, quiet.name), ['Unknown']);
  if (isThorough) await withoutComparer(scene, comparers);
  await verify(scene, ...decided.map(({ name }) => name));
  await scene.remove(...deployed.map(({ name }) => name));
  await another.stop();
}

/** Both count; what one has not published when it is killed is lost, and nothing else. */
async function withOneReplica(scene: StandardScene, [first, second]: readonly [Comparer, Comparer]): Promise<void> {
  const ofBoth = (one: Comparer) => one.count(compared, { namespace: scene.namespace, model: both.name });
  const verdict = judge(scene, both);
  await until('both replicas have counted', async () =>
    (await Promise.all([first, second].map(ofBoth))).every((count) => count >= 50),
  );
  const lost = await ofBoth(second);
  await second.program.stop('SIGKILL');
  await judge(scene, half);
  second.program.start();
  // There may be a verdict already, and then no calls but these.
  const traffic = await scene.callFromBoth({ model: both.name, ...calls });
  await until('the replica that was killed counts again', async () => (await ofBoth(second)) >= 20);
  const summaries = await Promise.all(traffic.map((one) => one.stop()));
  for (const [i, summary] of summaries.entries())
    scene.check(`it counts again: every call is answered, ${origins[i]}`, findWrongAnswers(summary, both.right));
  const found = await verdict;
  const counted = [await ofBoth(first), lost + (await ofBoth(second))];
  scene.row(['replica', 'compared for both'], ['the one', counted[0] ?? 0]);
  scene.row(['replica', 'compared for both'], ['the other, over its two runs', counted[1] ?? 0]);
  const sum = counted.reduce((one, other) => one + other, 0);
  const checks = found?.checks ?? [];
  scene.check('both: nothing is counted twice, and nothing is bad', [
    ...checks.filter((check) => check.bad > 0 || check.all > sum).map(() => `${toCounts(found)}, of ${sum} compared`),
  ]);
}

/** What was counted of the candidate before never counts for the one in its place. */
async function replaced(scene: StandardScene, judged: JudgedCandidate, comparers: readonly Comparer[]): Promise<void> {
  const { name, right } = judged;
  const count = async () => {
    const counts = await Promise.all(
      comparers.map((one) => one.count(compared, { namespace: scene.namespace, model: name })),
    );
    return counts.reduce((sum, one) => sum + one, 0);
  };
  const traffic = await scene.callFromBoth({ model: name, ...calls });
  await until(`${name}: much is counted of the first candidate`, async () => (await count()) >= 100);
  scene.equal(`${name}: nothing is decided yet`, (await findVerdict(scene, name))?.verdict, undefined);
  await scene.commit(`${name}: another candidate`, toModel(judged), { analysis: judged.analysis });
  const found = await becomes(scene, {
    ...judged,
    model: name,
    call: async () => traffic,
    countCopies: () => countCopies(scene, name),
    findOthers: (summary) => findWrongAnswers(summary, right),
  });
  const share = judged.verdict === 'Passing' ? 0 : 1;
  const wrong = (found?.checks ?? []).filter(
    ({ check, bad, all }) => bad !== (check.startsWith('agreement') ? share * all : 0),
  );
  scene.check(`${name}: nothing of the first candidate is counted`, wrong.length === 0 ? [] : [toCounts(found)]);
}

/** Samples do not pass it: verdicts come as always, and no client notices. */
async function withoutMirrorGateway(scene: StandardScene): Promise<void> {
  const { mirror } = scene.stack;
  await Promise.all([kept, closed].map((judged) => putInPlace(scene, judged)));
  await mirror.program.stop('SIGKILL');
  const passing = judge(scene, kept);
  await judge(scene, closed);
  await passing;
  scene.check('the mirror gateway was dead all the time', !mirror.program.isRunning);
  mirror.program.start();
  await mirror.untilReady();
}

/** Another candidate, until the mirror is open for it. */
async function putInPlace(scene: StandardScene, judged: JudgedCandidate): Promise<void> {
  const { name, candidate, analysis } = judged;
  await scene.commit(`${name}: another candidate`, toModel(judged), { analysis });
  const isThere = ({ candidate: found }: GitStatus) =>
    found?.version === candidate?.version && found?.state === 'Ready';
  await scene.untilStatus('the other candidate is ready', isThere, name);
  await scene.untilMirrored(100, name);
}

/** Nobody answers the watchers: after ten minutes they say so, and decide nothing. */
async function withoutComparer(scene: StandardScene, comparers: readonly Comparer[]): Promise<void> {
  const traffic = await scene.callFromBoth({ model: unseen.name, rate: 10 });
  for (const { program } of comparers) await program.stop('SIGKILL');
  await untilVerdict(scene, unseen.name, 'Unknown', 1_200_000);
  const summaries = await Promise.all(traffic.map((one) => one.stop()));
  for (const [i, summary] of summaries.entries())
    scene.check(
      `no comparer: every call is answered by the primary, ${origins[i]}`,
      findWrongAnswers(summary, unseen.right),
    );
  scene.equal('no comparer: nobody sees how it does', (await findVerdict(scene, unseen.name))?.reason, 'no-comparer');
  scene.equal('no comparer: that is all that was ever said', await verdictsOf(scene, unseen.name), ['Unknown']);
}

/** Who of the two watchers wrote the verdict that is in git. */
async function showWriters(scene: Scene, model: string, watchers: readonly Program[]): Promise<void> {
  const versions = await scene.stack.repository.versionsOf(`${folderOf(model)}/status.yaml`);
  const found = versions.findLast(
    ({ text }, i) => text?.includes('verdict:') && !versions[i - 1]?.text?.includes('verdict:'),
  );
  const writers = watchers
    .filter((watcher) => watcher.tail(1_000_000).includes(found?.id ?? ' '))
    .map(({ name }) => name);
  scene.row(['model', 'the verdict was pushed by'], [model, writers.join(' and ')]);
  // In the same second both make the same commit, byte for byte.
  scene.check(`${model}: a watcher pushed it`, writers.length > 0);
}
