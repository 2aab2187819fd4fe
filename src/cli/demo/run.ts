/**
 * Plays the tutorial with the loop closed: a person's commits, the plugin, a cluster and the watcher.
 * The output names what is a fake.
 */
import { exitCodes } from '../../core/diagnostics/fault.ts';
import type { DemoModeName } from '../../demo/demo-modes.ts';
import { demoModes, toClusterLines } from '../../demo/demo-modes.ts';
import { git } from '../../demo/fakes/git.ts';
import type { Step } from '../../demo/scenario.ts';
import { isOver, toSteps } from '../../demo/scenario.ts';
import type { Stage } from '../../demo/stage.ts';
import { play, setUp } from '../../demo/stage.ts';
import { makeTemporaryFolder, removeFolder } from '../../io/files/work-folder.ts';
import { systemClock } from '../../io/process/clock.ts';
import type { Host } from '../host.ts';
import type { Say } from './report.ts';
import { Report } from './report.ts';

/** The time limit of a step. */
const patienceMs = 20_000;

export interface DemoFlags {
  readonly keep?: boolean;
  readonly mode: DemoModeName;
}

/** @returns the exit code. */
export async function runDemo({ keep = false, mode: name }: DemoFlags, host: Host): Promise<number> {
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
    const stage = await setUp(folder, host.program, mode, ends);
    say(
      'A mirrored rollout, end to end: people commit, Argo CD applies, and the watcher commits the observed state.',
      style('dim', 'Real: the plugin and the watcher, each a separate process; the git server; every commit.'),
      style('dim', 'Fakes: the Kubernetes API; KServe, which only reports that it loads; Argo CD, which applies what'),
      style('dim', 'the plugin prints. There is no service mesh here, so no request is sent.'),
    );
    const report = new Report(stage, say, style);
    for (const [i, step] of toSteps(mode).entries()) {
      say('', style('bold', `${i + 1}. ${step.title}`));
      await play(step, stage);
      if (!(await waitFor(step, stage, report))) {
        say(`   This did not happen within ${patienceMs / 1000} s. The log of the watcher:`, stage.watcher.output());
        return exitCodes.bug;
      }
      if (step.showsCluster)
        say(...toClusterLines(stage.cluster, mode.namespace, 'wisdom-1').map((line) => `   ${style('yellow', line)}`));
    }
    await git(stage.person, ['pull', '--quiet', '--rebase']);
    say(
      '',
      keep ? `The repository is kept: git -C ${stage.person} log -p` : 'Done. Pass --keep to keep the repository.',
    );
    return exitCodes.fine;
  } finally {
    for (const end of ends.reverse()) await end();
    if (!keep) removeFolder(folder);
  }
}

/** Reports every commit until the step is over. */
async function waitFor(step: Step, stage: Stage, report: Report): Promise<boolean> {
  const never = new AbortController().signal;
  for (const end = systemClock.now() + patienceMs; systemClock.now() < end; await systemClock.sleep(40, never)) {
    const status = await report.catchUp();
    const isGone = step.until === undefined && stage.cluster.list('inferenceservices').length === 0;
    if (isOver(step, status) && (step.until !== undefined || isGone)) return true;
  }
  return false;
}
