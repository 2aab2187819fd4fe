/** A clone of a repository with a model, for commands that look at git: what they did is read by git itself. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import type { Ended } from './in-process.ts';
import { personal, runInProcess } from './in-process.ts';

const fixtures = join(import.meta.dirname, '../../fixtures/edit');
export const model = 'models/wisdom/model.yaml';
export const policy = 'models/wisdom/policy.yaml';

export interface Repository {
  readonly folder: string;
  readonly git: (...words: string[]) => string;
  readonly put: (path: string, text: string) => void;
  readonly read: (path: string) => string;
  /** A command line as a person types it. */
  readonly shell: (line: string) => void;
  readonly run: (...words: string[]) => Promise<Ended>;
  /** The same where somebody sits at a terminal, and answers a question that looks like this with a key. */
  readonly runAsked: (question: RegExp, key: string, ...words: string[]) => Promise<Ended & { asked: boolean }>;
  readonly runIn: (environment: Readonly<Record<string, string>>, ...words: string[]) => Promise<Ended>;
  /** The same from a folder in it. */
  readonly at: (folder: string) => Repository;
}

function toRepository(folder: string): Repository {
  return {
    folder,
    git: (...words) =>
      execFileSync('git', ['-C', folder, ...words], {
        encoding: 'utf8',
        env: personal,
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    put: (path, text) => writeFileSync(join(folder, path), text),
    read: (path) => readFileSync(join(folder, path), 'utf8'),
    shell: (line) => {
      execFileSync('sh', ['-c', line], {
        cwd: folder,
        env: { ...personal, GIT_EDITOR: 'echo by hand >' },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
    },
    run: (...words) => runInProcess(folder, personal, words),
    runAsked: async (question, key, ...words) => {
      const terminal = { input: new PassThrough(), output: new PassThrough() };
      let shown = '';
      let asked = false;
      terminal.output.on('data', (chunk: Buffer) => {
        shown += chunk.toString('utf8');
        if (asked || !question.test(shown)) return;
        asked = true;
        setImmediate(() => terminal.input.write(key));
      });
      return { ...(await runInProcess(folder, personal, words, { terminal })), asked };
    },
    runIn: (changed, ...words) => runInProcess(folder, { ...personal, ...changed }, words),
    at: (inner) => toRepository(join(folder, inner)),
  };
}

export const toPolicy = (percentage: number) =>
  `apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: wisdom}\nspec:\n  mirrorPercentage: ${percentage}\n`;

let parent: string;
/** A clone of a model with a candidate that is ready, mirrored to at 20 %; everything is pushed. */
let template: string;

test.before(() => {
  parent = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-edit-commit-')));
  template = join(parent, 'template');
  cpSync(join(fixtures, 'promote/input'), join(template, 'clone'), { recursive: true });
  const { git, put } = toRepository(join(template, 'clone'));
  put(policy, toPolicy(20));
  put('other.yaml', 'a: 1\n');
  put('staged.yaml', 'a: 1\n');
  // Sample hooks would be copied with each clone.
  git('init', '--quiet', '--initial-branch=main', '--template=');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'start');
  git('init', '--quiet', '--bare', '--template=', '../remote');
  for (const own of ['clone/.git/hooks', 'clone/.git/info', 'remote/hooks']) mkdirSync(join(template, own));
  git('remote', 'add', 'origin', '../remote');
  git('push', '--quiet', '--set-upstream', 'origin', 'main');
  // Somebody is in the middle of something else.
  put('other.yaml', 'a: 2\n');
  put('staged.yaml', 'a: 2\n');
  git('add', 'staged.yaml');
});

test.after.always(() => rmSync(parent, { recursive: true, force: true }));

export function clone(t: ExecutionContext): Repository {
  const folder = mkdtempSync(join(parent, 'case-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(template, folder, { recursive: true });
  return toRepository(join(folder, 'clone'));
}
