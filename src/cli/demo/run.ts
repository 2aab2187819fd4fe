/**
 * Plays the tutorial with the loop closed: a person's commits, the plugin, a cluster and the watcher.
 * The output names what is a fake.
 */
import { join } from 'node:path';
import { findChangedModels } from '../../core/change/changed-models.ts';
import type { ManifestChange } from '../../core/change/manifest-change.ts';
import { computeManifestChanges } from '../../core/change/manifest-change.ts';
import { exitCodes } from '../../core/diagnostics/fault.ts';
import { hasErrors } from '../../core/diagnostics/problem.ts';
import { parseStatus } from '../../core/input/parse-document.ts';
import type { ModelStatus } from '../../core/input/schema.ts';
import { toYamlText } from '../../core/manifests/manifest-text.ts';
import type { RenderedApplication } from '../../core/render/application.ts';
import { renderApplication } from '../../core/render/application.ts';
import { FakeArgocd } from '../../demo/fakes/argocd.ts';
import { git } from '../../demo/fakes/git.ts';
import type { GitServer } from '../../demo/fakes/git-server.ts';
import { startGitServer } from '../../demo/fakes/git-server.ts';
import { FakeKServe } from '../../demo/fakes/kserve.ts';
import type { FakeKubernetes } from '../../demo/fakes/kubernetes/api.ts';
import { startKubernetes } from '../../demo/fakes/kubernetes/api.ts';
import type { WatcherProcess } from '../../demo/fakes/watcher-process.ts';
import { startWatcherProcess } from '../../demo/fakes/watcher-process.ts';
import type { Step } from '../../demo/scenario.ts';
import { isOver, modelFolder, steps, toModelText, toPolicyText } from '../../demo/scenario.ts';
import { openFolderTree } from '../../io/files/folder-tree.ts';
import { makeTemporaryFolder, removeFolder, writeFiles } from '../../io/files/work-folder.ts';
import { systemClock } from '../../io/process/clock.ts';
import { toProblemText } from '../../output/problem-text.ts';
import type { Style } from '../../output/style.ts';
import { toChangeLines } from '../../output/words/change.ts';
import type { Host } from '../host.ts';

type Say = (...lines: string[]) => void;
type Rendered = RenderedApplication<string>;

const namespace = 'modelmesh-serving';
const repositoryName = 'deployments.git';
/** How long a model takes to load. */
const loadMs = 400;
/** The time limit of a step. */
const patienceMs = 20_000;

/** @returns the exit code. */
export async function runDemo({ keep = false }: { readonly keep?: boolean }, host: Host): Promise<number> {
  const folder = makeTemporaryFolder('model-mirror-demo-');
  const style = host.style(1);
  const say: Say = (...lines) =>
    host.write(
      1,
      lines.map((line) => `${line}\n`),
    );
  const [cluster, server] = await Promise.all([startKubernetes(), startGitServer({ root: folder })]);
  const ends: (() => unknown)[] = [() => cluster.close(), () => server.close()];
  try {
    const stage = await setUp(folder, cluster, server, host, ends);
    say(
      'A mirrored rollout, end to end: people commit, Argo CD applies, and the watcher commits the observed state.',
      style('dim', 'Real: the plugin and the watcher, each a separate process; the git server; every commit.'),
      style('dim', 'Fakes: the Kubernetes API; KServe, which only reports that it loads; Argo CD, which applies what'),
      style('dim', 'the plugin prints. There is no Istio here, so no request is sent.'),
    );
    const report = new Report(stage.reader, say, style);
    for (const [i, step] of steps.entries()) {
      say('', style('bold', `${i + 1}. ${step.title}`));
      await play(step, stage);
      if (!(await waitFor(step, stage, report))) {
        say(`   This did not happen within ${patienceMs / 1000} s. The log of the watcher:`, stage.watcher.output());
        return exitCodes.bug;
      }
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

interface Stage {
  readonly cluster: FakeKubernetes;
  readonly bare: string;
  /** The person's clone, and the one that the report is read from. */
  readonly person: string;
  readonly reader: string;
  readonly argocd: FakeArgocd;
  readonly kserve: FakeKServe;
  readonly watcher: WatcherProcess;
}

async function setUp(
  folder: string,
  cluster: FakeKubernetes,
  server: GitServer,
  host: Host,
  ends: (() => unknown)[],
): Promise<Stage> {
  await server.createRepository(repositoryName);
  const url = server.url(repositoryName);
  const person = join(folder, 'deployments');
  const reader = join(folder, 'reader');
  await git(folder, ['clone', '--quiet', url, person]);
  await git(person, ['switch', '--quiet', '--orphan', 'main']);
  writeFiles(person, { [`${modelFolder}/.gitkeep`]: '' });
  await commitAndPush(person, 'a place for models');
  await git(folder, ['clone', '--quiet', url, reader]);
  const argocd = await FakeArgocd.start(cluster, {
    name: 'wisdom',
    path: modelFolder,
    repository: url,
    branch: 'main',
    destination: namespace,
    plugin: [process.execPath, host.program, 'render', '--output', 'json'],
    checkout: join(folder, 'argocd'),
  });
  ends.push(() => argocd.stop());
  const kserve = new FakeKServe(cluster, loadMs);
  ends.push(() => kserve.stop());
  const kubeconfig = 'kubeconfig';
  writeFiles(folder, { [kubeconfig]: cluster.kubeconfig() });
  const watcher = startWatcherProcess([
    ...[process.execPath, host.program, 'watch', '--repo', url, '--kubeconfig', join(folder, kubeconfig)],
    // Short times, so that the demo takes seconds.
    ...['--settle', '500ms', '--batch-window', '150ms', '--git-interval', '1s', '--argocd-refresh', '--log', 'text'],
  ]);
  ends.push(() => watcher.stop());
  return { cluster, bare: server.folder(repositoryName), person, reader, argocd, kserve, watcher };
}

async function commitAndPush(person: string, message: string): Promise<void> {
  await git(person, ['add', '--all']);
  await git(person, ['commit', '--quiet', '--author', 'Ada <ada@example.com>', '--message', message]);
  // The watcher may have pushed first: pull, and push again.
  for (;;) {
    try {
      await git(person, ['push', '--quiet', 'origin', 'main']);
      return;
    } catch {
      await git(person, ['pull', '--quiet', '--rebase', 'origin', 'main']);
    }
  }
}

async function play({ does }: Step, { person, argocd, kserve }: Stage): Promise<void> {
  if (does.kind === 'falls') kserve.fall(namespace, 'wisdom-1');
  else if (does.kind === 'recovers') kserve.recover(namespace, 'wisdom-1');
  else {
    const { model, mirrorPercentage, message } = does;
    // Without a model, the plugin only renders nothing with this parameter, since Argo CD would remove everything.
    if (model === undefined) argocd.setParameters([{ name: 'allowEmpty', string: 'true' }]);
    writeFiles(person, {
      [`${modelFolder}/model.yaml`]: model && toModelText(model),
      [`${modelFolder}/policy.yaml`]: mirrorPercentage === undefined ? undefined : toPolicyText(mirrorPercentage),
    });
    await commitAndPush(person, message);
    argocd.refresh();
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

/** Reports what each commit changes, from the repository alone. */
class Report {
  readonly #reader: string;
  readonly #say: Say;
  readonly #style: Style;
  #before: Rendered;
  #tip = 'HEAD';

  constructor(reader: string, say: Say, style: Style) {
    this.#reader = reader;
    this.#say = say;
    this.#style = style;
    this.#before = this.#render(true);
  }

  /** @returns the current status file. */
  async catchUp(): Promise<ModelStatus['status'] | undefined> {
    await git(this.#reader, ['fetch', '--quiet', 'origin']);
    const range = `${this.#tip}..origin/main`;
    const format = '%H%x00%an%x00%s';
    const lines = (await git(this.#reader, ['log', '--reverse', `--format=${format}`, range])).split('\n');
    for (const line of lines.filter((text) => text !== '')) {
      const [id = '', author = '', subject = ''] = line.split('\0');
      await git(this.#reader, ['reset', '--quiet', '--hard', id]);
      this.#tip = id;
      this.#reportCommit(id, author, subject);
    }
    const text = await git(this.#reader, ['cat-file', '--batch'], { input: `HEAD:${modelFolder}/status.yaml\n` });
    const [, ...content] = text.split('\n');
    return parseStatus({ path: `${modelFolder}/status.yaml`, text: content.join('\n') }).value?.status;
  }

  #reportCommit(id: string, author: string, subject: string): void {
    const say = this.#say;
    const style = this.#style;
    say(style('dim', `   commit ${id.slice(0, 7)} by ${author}: ${subject}`));
    const before = this.#before;
    const strict = this.#render(false);
    const after = this.#render(true);
    if (hasErrors(strict.problems) && after.rollouts.length < before.rollouts.length) {
      say('   Without a model, the plugin refuses to render nothing, since Argo CD would remove everything:');
      for (const line of toProblemText(strict.problems).trimEnd().split('\n')) say(style('dim', `     ${line}`));
      say('   With the parameter allowEmpty:');
    }
    const changed = findChangedModels(before.rollouts, after.rollouts);
    for (const line of toChangeLines(changed)) say(`   ${style('cyan', line)}`);
    for (const change of computeManifestChanges(before.objects, after.objects)) showChange(change, say, style);
    this.#before = after;
  }

  #render(allowEmpty: boolean): Rendered {
    const repository = this.#reader;
    const tree = openFolderTree({ repository, repositoryPath: '.', folder: repository, root: repository });
    return renderApplication(tree, { allowEmpty }, toYamlText);
  }
}

function showChange({ change, kind, namespace: space, name, lines }: ManifestChange, say: Say, style: Style): void {
  const title = style('bold', `${kind} ${space}/${name}`);
  // All lines of a removed object are removed, so its name is enough.
  if (change === 'removed') say(`   ${title} removed, all ${lines.length} lines`);
  else say(`   ${title} ${change}`, ...lines.map((line) => toDiffLine(line, style)));
}

function toDiffLine({ sign, text }: ManifestChange['lines'][number], style: Style): string {
  return style(sign === '+' ? 'green' : 'red', `     ${sign} ${text}`);
}
