/** What the tutorial takes for granted, started as the page says: `model-mirror demo --play`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { git } from '../../src/demo/fakes/git.ts';
import type { Written } from '../../src/demo/fakes/kubernetes/object.ts';
import type { TutorialMode, TutorialShell } from './tutorial.ts';
import { toPatientReader } from './tutorial.ts';

export interface TutorialStage {
  readonly shell: TutorialShell;
  /** Of the cluster. */
  readonly kubeconfig: string;
  /** Creates an object of a kind in the cluster, past git. */
  readonly create: (plural: string, object: Written) => Promise<void>;
  /** A bot pushes a commit of its own to the branch, as the watcher may at any moment. */
  readonly intrude: () => Promise<void>;
  /** Of the demo, when something did not happen. */
  readonly said: () => string;
  /** As Ctrl-C does. @returns what the demo has left behind: files, and processes that have to do with them. */
  readonly end: () => Promise<readonly string[]>;
}

const program = join(import.meta.dirname, '../../dist/model-mirror.cjs');

export async function setTutorialStage(mode: TutorialMode): Promise<TutorialStage> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-tutorial-')));
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  const environment = { PATH: process.env['PATH'], TMPDIR: temporary };
  const demo = spawn(process.execPath, [program, 'demo', '--play', '--mode', mode], { env: environment });
  const ended = once(demo, 'close');
  let output = '';
  for (const stream of [demo.stdout, demo.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const end = async () => {
    demo.kill('SIGINT');
    await ended;
    const left = [...readdirSync(temporary), ...findProcesses(temporary)];
    rmSync(folder, { recursive: true, force: true });
    return left;
  };
  while (!output.includes('Ctrl-C ends')) {
    if (demo.exitCode !== null) throw new Error(`the demo has ended:\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const [, place = ''] = /^ {2}cd "(.*)"$/m.exec(output) ?? [];
  const variables = readExports(/^ {2}export (.*)$/m.exec(output)?.[1] ?? '');
  const { KUBECONFIG: kubeconfig = '', REPOSITORY: url = '' } = variables;
  const { clusters } = JSON.parse(readFileSync(kubeconfig, 'utf8')) as {
    readonly clusters: readonly [{ readonly cluster: { readonly server: string } }];
  };
  return {
    shell: toPatientReader(join(folder, 'reader'), place, variables),
    intrude: () => pushAsBot(join(folder, 'bot'), url),
    kubeconfig,
    create: async (plural, object) => {
      const path = `apis/${object.apiVersion}/namespaces/${object.metadata.namespace}/${plural}`;
      const { status } = await fetch(`${clusters[0].cluster.server}/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(object),
      });
      if (status !== 201) throw new Error(`${path} answers ${status}`);
    },
    said: () => output,
    end,
  };
}

/** `NAME="value"`, as a shell reads them. */
function readExports(text: string): Record<string, string> {
  const found = [...text.matchAll(/(\w+)="([^"]*)"/g)];
  return Object.fromEntries(
    found.map(([, name = '', value = '']) => [name, value.replace('$PATH', process.env['PATH'] ?? '')]),
  );
}

/** Whose command line names the folder. */
function findProcesses(folder: string): string[] {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.flatMap((id) => {
    try {
      const line = readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return line.includes(folder) ? [line] : [];
    } catch {
      // It has ended.
      return [];
    }
  });
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
