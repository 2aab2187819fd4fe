/** The stage of the demo: the plugin and the watcher as processes, with a git server, and fakes of the rest. */
import { basename, join } from 'node:path';
import { writeFiles } from '../io/files/work-folder.ts';
import type { DemoMode } from './demo-modes.ts';
import { FakeArgocd } from './fakes/argocd.ts';
import { git } from './fakes/git.ts';
import { startGitServer } from './fakes/git-server.ts';
import type { FakeKubernetes } from './fakes/kubernetes/api.ts';
import { startKubernetes } from './fakes/kubernetes/api.ts';
import type { WatcherProcess } from './fakes/watcher-process.ts';
import { startWatcherProcess } from './fakes/watcher-process.ts';
import type { Step } from './scenario.ts';
import { modelFolder, toModelText, toPolicyText } from './scenario.ts';
import type { StartComparer } from './traffic.ts';
import { Traffic } from './traffic.ts';

const repositoryName = 'deployments.git';
/** How long a model takes to load. */
const loadMs = 400;

export interface StageOptions {
  /** Which folder Argo CD deploys, from the repository's root; default: that of the model. */
  readonly path?: string;
  /** Absent: no request is sent. */
  readonly startComparer?: StartComparer;
  /** Whether the watcher serves its pages, at a port of its choice. */
  readonly pages?: boolean;
}

/** A stage on which requests are sent. */
export interface BusyStage extends Stage {
  readonly traffic: Traffic;
}

export interface Stage {
  /** Of the repository. */
  readonly url: string;
  /** The file's path. */
  readonly kubeconfig: string;
  readonly traffic: Traffic | undefined;
  readonly mode: DemoMode;
  readonly cluster: FakeKubernetes;
  readonly bare: string;
  /** The person's clone, and the one that the report is read from. */
  readonly person: string;
  readonly reader: string;
  readonly argocd: FakeArgocd;
  readonly kserve: ReturnType<DemoMode['start']>;
  readonly watcher: WatcherProcess;
  /** Starts another watcher. */
  readonly watch: () => WatcherProcess;
}

/**
 * @param program what starts the built command line, which is run as the plugin and as the watcher.
 * @param ends gets what ends each part, the last to be ended first.
 */
export function setUp(
  folder: string,
  program: readonly string[],
  mode: DemoMode,
  ends: (() => unknown)[],
  options: StageOptions & Required<Pick<StageOptions, 'startComparer'>>,
): Promise<BusyStage>;
export function setUp(
  folder: string,
  program: readonly string[],
  mode: DemoMode,
  ends: (() => unknown)[],
  options?: StageOptions,
): Promise<Stage>;
export async function setUp(
  folder: string,
  program: readonly string[],
  mode: DemoMode,
  ends: (() => unknown)[],
  { path = modelFolder, startComparer, pages = false }: StageOptions = {},
): Promise<Stage> {
  const [cluster, server] = await Promise.all([startKubernetes(), startGitServer({ root: folder })]);
  ends.push(
    () => cluster.close(),
    () => server.close(),
  );
  await server.createRepository(repositoryName);
  const url = server.url(repositoryName);
  const person = join(folder, 'deployments');
  const reader = join(folder, 'reader');
  await git(folder, ['clone', '--quiet', url, person]);
  await git(person, ['switch', '--quiet', '--orphan', 'main']);
  writeFiles(person, { [`${path}/.gitkeep`]: '' });
  await commitAndPush(person, 'a place for models');
  await git(folder, ['clone', '--quiet', url, reader]);
  const argocd = await FakeArgocd.start(cluster, {
    name: basename(path),
    path,
    repository: url,
    branch: 'main',
    destination: mode.namespace,
    plugin: [...program, 'render', '--output', 'json'],
    checkout: join(folder, 'argocd'),
  });
  ends.push(() => argocd.stop());
  const kserve = mode.start(cluster, loadMs);
  ends.push(() => kserve.stop());
  writeFiles(folder, { kubeconfig: cluster.kubeconfig() });
  const kubeconfig = join(folder, 'kubeconfig');
  const { findServed } = kserve;
  const traffic = startComparer && (await Traffic.start({ mode, cluster, kubeconfig, findServed, startComparer }));
  if (traffic !== undefined) ends.push(() => traffic.end());
  const watch = () => {
    const watcher = startWatcherProcess([
      ...[...program, 'watch', '--repo', url, '--kubeconfig', kubeconfig],
      ...(traffic === undefined ? [] : ['--comparer', traffic.blocks]),
      ...(pages ? ['--listen', '127.0.0.1:0'] : []),
      // Short times, so that the demo takes seconds.
      ...['--settle', '500ms', '--batch-window', '150ms', '--git-interval', '1s', '--argocd-refresh', '--log', 'text'],
    ]);
    ends.push(() => watcher.stop());
    return watcher;
  };
  const bare = server.folder(repositoryName);
  return { url, kubeconfig, traffic, mode, cluster, bare, person, reader, argocd, kserve, watcher: watch(), watch };
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

/** Does what a step says. */
export async function play({ does }: Step, { mode, person, argocd, kserve }: Stage): Promise<void> {
  if (does.kind === 'falls') kserve.fall(mode.namespace, 'wisdom-1');
  else if (does.kind === 'recovers') kserve.recover(mode.namespace, 'wisdom-1');
  else {
    const { model, mirrorPercentage, isJudged, message } = does;
    // Without a model, the plugin only renders nothing with this parameter, since Argo CD would remove everything.
    if (model === undefined) argocd.setParameters([{ name: 'allowEmpty', string: 'true' }]);
    writeFiles(person, {
      [`${modelFolder}/model.yaml`]: model && toModelText(model, mode),
      [`${modelFolder}/policy.yaml`]:
        mirrorPercentage === undefined ? undefined : toPolicyText(mirrorPercentage, isJudged),
    });
    await commitAndPush(person, message);
    argocd.refresh();
  }
}
