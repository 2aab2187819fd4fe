/**
 * Plays a mirrored rollout with the loop closed: a person's commits, the plugin, a cluster, the watcher, and requests.
 * The output names what is a fake.
 */
import { exitCodes } from '../../core/diagnostics/fault.ts';
import { demoModes, toClusterLines } from '../../demo/demo-modes.ts';
import { git } from '../../demo/fakes/git.ts';
import type { Step } from '../../demo/scenario.ts';
import { isOver, toSteps } from '../../demo/scenario.ts';
import type { BusyStage } from '../../demo/stage.ts';
import { play, setUp } from '../../demo/stage.ts';
import type { Counts, Traffic } from '../../demo/traffic.ts';
import { subtract } from '../../demo/traffic.ts';
import { makeTemporaryFolder, removeFolder } from '../../io/files/work-folder.ts';
import { systemClock } from '../../io/process/clock.ts';
import type { Style } from '../../output/style.ts';
import { runAnalysis } from '../analysis/run.ts';
import type { Host } from '../host.ts';
import type { DemoFlags } from './flags.ts';
import { toProof } from './proof.ts';
import type { Say } from './report.ts';
import { Report } from './report.ts';
import { listenForEnd } from './signals.ts';
import { startComparer } from './start-comparer.ts';

/** The time limit of a step. */
const patienceMs = 120_000;
/** Of one proof. */
const requestCount = 200;

/** @returns the exit code. */
export async function runDemo({ keep = false, manifests = false, mode: name }: DemoFlags, host: Host): Promise<number> {
  const end = listenForEnd();
  const mode = demoModes[name];
  const folder = makeTemporaryFolder('model-mirror-demo-');
  const style = host.style(1);
  const say: Say = (...lines) =>
    host.write(
      1,
      lines.map((line) => `${line}\n`),
    );
  const ends: (() => unknown)[] = [];
  try {
    const stage = await setUp(folder, host.program, mode, ends, { startComparer });
    say(...toHead(style));
    const report = new Report(stage, manifests, say, style);
    for (const [i, step] of toSteps(mode).entries()) {
      say('', style('bold', `${i + 1}. ${step.title}`), `   ${step.why}`);
      const isDone = await show(step, stage, report, { say, style, host, end });
      if (end.aborted) return exitCodes.environment;
      if (!isDone) {
        say(`   This did not happen within ${patienceMs / 1000} s. The log of the watcher:`, stage.watcher.output());
        return exitCodes.bug;
      }
    }
    const { sent, failed } = await stage.traffic.count();
    say(
      '',
      style('bold', `${sent} requests in all; ${failed} failed. Every opening and closing of the mirror is a commit.`),
    );
    await git(stage.person, ['pull', '--quiet', '--rebase']);
    if (keep) say(`The repository is kept: git -C ${stage.person} log -p`);
    else
      say(
        'Play with it yourself: npm run demo -- --play. To see what each commit renders: npm run demo -- --manifests.',
      );
    return exitCodes.fine;
  } catch (error) {
    // Ctrl-C also ends the git that is under way.
    if (end.aborted) return exitCodes.environment;
    throw error;
  } finally {
    for (const end of ends.reverse()) await end();
    if (!keep) removeFolder(folder);
  }
}

function toHead(style: Style): string[] {
  return [
    'A mirrored rollout, from the first version to a candidate that is found out: in git, and by requests.',
    style(
      'dim',
      'Real: the plugin and the watcher, each a process; the comparer; the git server; every commit and request.',
    ),
    style(
      'dim',
      'Fakes: the Kubernetes API; KServe, whose models compute nothing; Argo CD, which applies what the plugin',
    ),
    style(
      'dim',
      'prints; and a small proxy in place of Envoy, which obeys the routes that are in the cluster. No clock is faster',
    ),
    style('dim', 'than yours; only waits are set shorter than in production.'),
  ];
}

interface Scene {
  readonly say: Say;
  readonly style: Style;
  readonly host: Host;
  /** A person ends the demo. */
  readonly end: AbortSignal;
}

/** @returns whether the step came to its end. */
async function show(step: Step, stage: BusyStage, report: Report, { say, style, host, end }: Scene): Promise<boolean> {
  const { traffic } = stage;
  const prove = (title: string, counts: Counts) =>
    say(`   ${style('green', `${title.padEnd(15)} ${toProof(counts)}`)}`);
  if (step.showsLoading) stage.kserve.pause();
  await play(step, stage);
  if (step.showsLoading) {
    prove('while it loads', await measure(traffic, stage));
    stage.kserve.resume();
  }
  const isJudged = step.until?.verdict !== undefined;
  const before = await traffic.count();
  let differedAt: number | undefined;
  const sendMore = async () => {
    await traffic.send(toHost(stage), 10);
    if (differedAt === undefined && (await traffic.count()).disagreed > before.disagreed)
      differedAt = systemClock.now();
  };
  if (!(await waitFor(step, report, isJudged ? sendMore : undefined, end))) return false;
  if (differedAt !== undefined) {
    const seconds = ((systemClock.now() - differedAt) / 1000).toFixed(0);
    prove('meanwhile', subtract(await traffic.count(), before));
    say(`   ${style('green', `found out       ${seconds} s after its first different answer, the mirror is closed`)}`);
  }
  prove(isJudged ? 'and now' : 'requests', await measure(traffic, stage));
  if (step.showsCluster)
    say(
      ...toClusterLines(stage.cluster, stage.mode.namespace, 'wisdom-1').map((line) => `   ${style('yellow', line)}`),
    );
  if (isJudged) {
    say('', '   $ model-mirror analysis wisdom');
    const write: Host['write'] = (_, texts) =>
      say(
        ...[...texts]
          .join('')
          .trimEnd()
          .split('\n')
          .map((line) => `   ${line}`),
      );
    await runAnalysis('wisdom', { path: '.' }, { ...host, write, workingDirectory: stage.reader });
  }
  return true;
}

async function measure(traffic: Traffic, stage: BusyStage): Promise<Counts> {
  const before = await traffic.count();
  await traffic.send(toHost(stage), requestCount);
  return subtract(await traffic.count(), before);
}

const toHost = ({ mode }: BusyStage) => `wisdom.${mode.namespace}`;

/** Reports every commit until the step is over. @param sendMore what clients do meanwhile. */
async function waitFor(
  step: Step,
  report: Report,
  sendMore: (() => Promise<void>) | undefined,
  end: AbortSignal,
): Promise<boolean> {
  const { now, sleep } = systemClock;
  for (const late = now() + patienceMs; now() < late && !end.aborted; await sleep(40, end)) {
    const status = await report.catchUp();
    await sendMore?.();
    if (isOver(step, status)) return true;
  }
  return false;
}
