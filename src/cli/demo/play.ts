/** `demo --play`: everything keeps running, for a person who plays in another terminal. */
import { join } from 'node:path';
import { exitCodes } from '../../core/diagnostics/fault.ts';
import { demoModes } from '../../demo/demo-modes.ts';
import { makePlayground } from '../../demo/playground.ts';
import type { BusyStage } from '../../demo/stage.ts';
import { setUp } from '../../demo/stage.ts';
import type { Counts } from '../../demo/traffic.ts';
import { subtract } from '../../demo/traffic.ts';
import { makeTemporaryFolder, removeFolder } from '../../io/files/work-folder.ts';
import { systemClock } from '../../io/process/clock.ts';
import type { Style } from '../../output/style.ts';
import type { Host } from '../host.ts';
import { toComplaint } from './complaint.ts';
import type { DemoFlags } from './flags.ts';
import { toProof } from './proof.ts';
import { listenForEnd } from './signals.ts';
import { startComparer } from './start-comparer.ts';

/** As Argo CD polls, only more often. */
const pollMs = 1000;
/** Between two requests to a model. */
const requestMs = 20;
/** How long requests are counted for a line. */
const windowMs = 5000;

type Say = (...lines: string[]) => void;

/** Runs until a person ends it. @returns the exit code. */
export async function runPlay({ mode: name }: Pick<DemoFlags, 'mode'>, host: Host): Promise<number> {
  const end = listenForEnd();
  const style = host.style(1);
  const say: Say = (...lines) =>
    host.write(
      1,
      lines.map((line) => `${line}\n`),
    );
  const folder = makeTemporaryFolder('model-mirror-play-');
  const ends: (() => unknown)[] = [];
  try {
    const stage = await setUp(folder, host.program, demoModes[name], ends, {
      path: 'models',
      startComparer,
      pages: true,
    });
    const polls = setInterval(() => stage.argocd.refresh(), pollMs);
    const clients = setInterval(() => stage.traffic.sendToAll(), requestMs);
    ends.push(
      () => clearInterval(polls),
      () => clearInterval(clients),
    );
    const variables = await makePlayground(folder, host, stage);
    const address = await stage.watcher.address();
    say(...toHelp(join(folder, 'play'), variables, stage, address, style));
    await report(stage, say, style, end);
    say('', `Ending, and removing ${folder}.`);
    return exitCodes.fine;
  } catch (error) {
    // Ctrl-C also ends the git that is under way.
    if (end.aborted) return exitCodes.fine;
    throw error;
  } finally {
    for (const step of ends.reverse()) await step();
    removeFolder(folder);
  }
}

function toHelp(
  place: string,
  variables: Readonly<Record<string, string>>,
  { traffic, mode }: BusyStage,
  address: string | undefined,
  style: Style,
): string[] {
  const exports = Object.entries(variables).map(([variable, value]) => `${variable}="${value}"`);
  const question = `'{"inputs":[]}'`;
  return [
    'Running: a git server, Argo CD with the plugin, the watcher and the comparer. The Kubernetes API, KServe, Argo CD',
    'and the proxy are fakes, and models compute nothing; files, commits, routes, comparisons and verdicts are real.',
    '',
    style('bold', 'In another terminal:'),
    '',
    `  cd "${place}"`,
    `  export ${exports.join(' ')}`,
    '',
    style('bold', `Then follow docs/tutorial.md${mode.tutorialHint}. Words in a storageUri choose what a model does:`),
    '  broken: it never loads       disagrees: it answers a third of all requests differently',
    `  fails: errors, every tenth   slow: it takes 100 ms${mode.updateThatCrashes ? '         crashes: its server exits' : ''}`,
    '',
    `Clients send ${1000 / requestMs} requests per second to each model, and fail until its first version is loaded. What becomes of`,
    'them is shown below whenever it changes. The proxy is also the mirror gateway, whose objects are missing here: `doctor`',
    'and `--live` say so.',
    ...(mode.protocol === 'rest'
      ? [
          'To send one yourself, once there is a model:',
          `  curl -s http://127.0.0.1:${traffic.port}/v2/models/wisdom/infer -H 'Host: wisdom.predictions' -d ${question}`,
        ]
      : []),
    ...(address === undefined
      ? []
      : [`The watcher's pages show all models, and why each mirror is open or closed: http://${address}/`]),
    style('bold', 'Ctrl-C ends everything, and removes the folder with all that is in it.'),
    '',
  ];
}

/** Shows what becomes of requests, and why Argo CD applies nothing: each when it changes. */
async function report({ traffic, argocd }: BusyStage, say: Say, style: Style, end: AbortSignal): Promise<void> {
  let shown = '';
  let complaint: string | undefined;
  let before = await traffic.count();
  while (!end.aborted) {
    await systemClock.sleep(windowMs, end);
    if (end.aborted) return;
    const now = await traffic.count();
    if (argocd.complaint !== undefined && argocd.complaint !== complaint) {
      const { text, isWrong } = toComplaint(argocd.complaint, now.sent);
      say(isWrong ? style('yellow', text) : text);
    }
    complaint = argocd.complaint;
    const counts = subtract(now, before);
    before = now;
    const kind = toKind(counts);
    if (kind !== shown && counts.sent > 0) say(`${toTime()}  ${toProof(counts)}`);
    shown = kind;
  }
}

/** Two windows of one kind show the same. */
function toKind({ sent, failed, answered, copied, agreed, disagreed }: Counts): string {
  const toSome = (counts: Counts['answered']) =>
    Object.entries(counts).flatMap(([version, count]) =>
      count === 0 ? [] : [`${version} ${Math.round((count / sent) * 20)}`],
    );
  return JSON.stringify([toSome(answered), toSome(copied), failed > 0, agreed + disagreed > 0, disagreed > 0]);
}

function toTime(): string {
  return new Date(systemClock.date() * 1000).toISOString().slice(11, 19);
}
