import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { isFault } from '../../../src/core/diagnostics/fault.ts';
import { git } from '../../../src/demo/fakes/git.ts';
import { Git } from '../../../src/io/git-cli/git.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-git-cli-')));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

const environment = { PATH: process.env['PATH'], GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' };
const root = join(folder, 'root');

test.before(async () => {
  mkdirSync(root);
  await git(root, ['init', '--quiet', '--initial-branch=main']);
  await git(root, ['commit', '--quiet', '--allow-empty', '--message', 'first']);
});

/** A program called git, which is run in its place. */
function toFakeGit(name: string, script: string): string {
  const place = join(folder, name);
  mkdirSync(place);
  writeFileSync(join(place, 'git'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return place;
}

test('only the repository of the folder is used, whatever the environment names, and none around it', async (t) => {
  const other = join(folder, 'other');
  mkdirSync(other);
  await git(other, ['init', '--quiet', '--initial-branch=other']);
  const asInHook = {
    ...environment,
    GIT_DIR: join(other, '.git'),
    GIT_WORK_TREE: other,
    GIT_INDEX_FILE: join(other, 'index'),
    GIT_PREFIX: 'x/',
    GIT_LITERAL_PATHSPECS: '1',
  };
  t.is(await new Git(root, { environment: asInHook }).read(['symbolic-ref', 'HEAD']), 'refs/heads/main\n');
  const inner = join(root, 'inner');
  mkdirSync(join(inner, '.git'), { recursive: true });
  const error = await t.throwsAsync(new Git(inner, { environment }).read(['rev-parse', 'HEAD']));
  t.true(isFault(error));
  t.regex(error?.message ?? '', /not a git repository/);
});

test('git’s messages are shown in full and in English, without control characters and secrets', async (t) => {
  const place = toFakeGit(
    'talking',
    `[ "$4" = version ] && exit 0
     printf 'first \\033[31mred\\033[0m\\r\\nhttps://ada:ghp_0123456789abcdefghij0123456789abcdef@example.com\\n%s %s\\n' "$LC_ALL" "$GIT_TERMINAL_PROMPT" >&2
     exit 9`,
  );
  const said = new Git(root, {
    environment: { ...environment, PATH: `${place}:${environment.PATH}`, LC_ALL: 'de_DE.UTF-8' },
  });
  const error = await t.throwsAsync(said.read(['push']));
  t.is(error?.message, 'git push failed: \n    first \\u001b[31mred\\u001b[0m\n    https://…@example.com\n    C 0');
});

test('a git that is too old or cannot be run is refused; one from another vendor is accepted', async (t) => {
  const run = (place: string) =>
    new Git(root, { environment: { PATH: place } }).read(['rev-parse', 'HEAD']).catch((error: unknown) => error);
  const toText = (result: unknown) => (isFault(result) ? `${result.code}: ${result.message}` : result);
  t.is(toText(await run(toFakeGit('old', 'echo git version 2.29.2'))), 'environment: git 2.29 is too old');
  t.is(toText(await run(toFakeGit('older', 'echo git version 1.99.0'))), 'environment: git 1.99 is too old');
  t.is(toText(await run(toFakeGit('oldest', 'echo git version 2.30.0'))), 'git version 2.30.0\n');
  t.is(
    toText(await run(toFakeGit('apple', 'echo "git version 3.0.1 (Apple Git-154)"'))),
    'git version 3.0.1 (Apple Git-154)\n',
  );
  t.is(toText(await run(toFakeGit('nightly', 'echo git version next'))), 'git version next\n');
  writeFileSync(join(toFakeGit('forbidden', ''), 'git'), '');
  t.is(toText(await run('/nowhere')), 'environment: git is not installed, or not in PATH');
});

test('an aborted wait ends git and everything that it has started', async (t) => {
  const trace = join(folder, 'pids');
  const place = toFakeGit(
    'endless',
    `[ "$4" = version ] && exit 0\nsleep 60 & echo $$ $! >'${trace}.new'; mv '${trace}.new' '${trace}'; wait`,
  );
  const stop = new AbortController();
  const waiting = new Git(root, { environment: { PATH: `${place}:${environment.PATH}` } }).run(['fetch'], {
    signal: stop.signal,
  });
  const isAlive = (pid: number) => {
    try {
      process.kill(pid, 0);
      // A process that nobody has waited for is listed, and does nothing any more.
      return !/^State:\\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  };
  let pids: number[] = [];
  while (pids.length < 2) {
    await sleep(10);
    try {
      pids = readFileSync(trace, 'utf8').trim().split(' ').map(Number);
    } catch {
      // It has not begun yet.
    }
  }
  t.true(pids.every(isAlive));
  stop.abort();
  const error = await t.throwsAsync(waiting);
  t.true(isFault(error));
  while (pids.some(isAlive)) await sleep(10);
  t.pass();
});
