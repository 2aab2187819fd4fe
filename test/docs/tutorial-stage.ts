/** What the tutorial takes for granted: a repository, a cluster, Argo CD with the plugin, and the watcher. */
import { appendFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FakeArgocd } from '../../src/demo/fakes/argocd.ts';
import { git } from '../../src/demo/fakes/git.ts';
import { startGitServer } from '../../src/demo/fakes/git-server.ts';
import { FakeKServe } from '../../src/demo/fakes/kserve.ts';
import { FakeKServeStandard } from '../../src/demo/fakes/kserve-standard/fake.ts';
import { startKubernetes } from '../../src/demo/fakes/kubernetes/api.ts';
import type { Written } from '../../src/demo/fakes/kubernetes/object.ts';
import { startWatcherProcess } from '../../src/demo/fakes/watcher-process.ts';
import type { TutorialMode, TutorialShell } from './tutorial.ts';
import { toReader } from './tutorial.ts';

export interface TutorialStage {
  readonly shell: TutorialShell;
  readonly liveNames: () => string[];
  /** Of the cluster. */
  readonly kubeconfig: string;
  /** Into the cluster, past git. */
  readonly apply: (object: Written) => void;
  /** A bot pushes a commit of its own to the branch, as the watcher may at any moment. */
  readonly intrude: () => Promise<void>;
  /** Of the watcher, when something did not come about. */
  readonly watcherSaid: () => string;
  readonly end: () => Promise<void>;
}

const root = join(import.meta.dirname, '../..');
const program = join(root, 'dist/model-mirror.cjs');
const repositoryName = 'deployments.git';
const loadMs = 300;
const pollMs = 1000;

/** Models whose URI says `broken` cannot be loaded. */
export async function setTutorialStage(mode: TutorialMode): Promise<TutorialStage> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-tutorial-')));
  const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const end = async () => {
    for (const step of ends.toReversed()) await step();
  };
  try {
    const [cluster, server] = await Promise.all([startKubernetes(), startGitServer({ root: folder })]);
    ends.push(
      () => cluster.close(),
      () => server.close(),
    );
    await server.createRepository(repositoryName);
    const url = server.url(repositoryName);
    await makeFirstCommit(folder, url);
    const argocd = await FakeArgocd.start(cluster, {
      name: 'models',
      path: 'models',
      repository: url,
      branch: 'main',
      destination: 'models',
      plugin: [process.execPath, program, 'render', '--output', 'json'],
      checkout: join(folder, 'argocd'),
    });
    // As Argo CD polls, only more often: nobody else tells it of the very first model.
    const polls = setInterval(() => argocd.refresh(), pollMs);
    ends.push(
      () => argocd.stop(),
      () => clearInterval(polls),
    );
    const toFate = (uri: string) => (uri.includes('broken') ? 'initializer-fails' : undefined);
    const kserve =
      mode === 'standard'
        ? new FakeKServeStandard(cluster, { loadMs, toFate })
        : new FakeKServe(cluster, loadMs, ({ spec }) => JSON.stringify(spec).includes('broken'));
    ends.push(() => kserve.stop());
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, cluster.kubeconfig());
    const watcher = startWatcherProcess([
      ...[process.execPath, program, 'watch', '--repo', url, '--kubeconfig', kubeconfig, '--argocd-refresh'],
      ...['--settle', '300ms', '--batch-window', '100ms', '--git-interval', '500ms', '--log', 'text'],
    ]);
    ends.push(() => watcher.stop());
    return {
      shell: toReader(join(folder, 'reader'), program, url),
      intrude: () => pushAsBot(join(folder, 'bot'), url),
      kubeconfig,
      apply: (object) => void cluster.apply(object),
      liveNames: () => cluster.list('inferenceservices').map(({ metadata }) => metadata.name),
      watcherSaid: watcher.output,
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** @param clone is made. */
export async function pushAsBot(clone: string, url: string): Promise<void> {
  for (;;) {
    rmSync(clone, { recursive: true, force: true });
    await git(dirname(clone), ['clone', '--quiet', url, clone]);
    appendFileSync(join(clone, 'bot.txt'), 'It was here.\n');
    await git(clone, ['add', '--all']);
    await git(clone, ['commit', '--quiet', '--message', 'A bot was here']);
    try {
      await git(clone, ['push', '--quiet', 'origin', 'main']);
      return;
    } catch (error) {
      if (!String((error as Error).message).includes('rejected')) throw error;
    }
  }
}

async function makeFirstCommit(folder: string, url: string): Promise<void> {
  const clone = join(folder, 'first');
  await git(folder, ['clone', '--quiet', url, clone]);
  await git(clone, ['switch', '--quiet', '--orphan', 'main']);
  mkdirSync(join(clone, 'models'));
  writeFileSync(join(clone, 'models/.gitkeep'), '');
  await git(clone, ['add', '--all']);
  await git(clone, ['commit', '--quiet', '--message', 'A place for models']);
  await git(clone, ['push', '--quiet', 'origin', 'main']);
}
