/** A commit that is interrupted while a hook runs. Alone in its process, which gets the signal. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { isFault } from '../../../src/core/diagnostics/fault.ts';
import { commitFile } from '../../../src/io/git-cli/commit.ts';
import { Git } from '../../../src/io/git-cli/git.ts';
import { personal } from '../../cli/in-process.ts';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  test.serial(`all is as it was before, and the program goes on: ${signal}`, async (t) => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-interrupt-')));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const git = (...words: string[]) =>
      execFileSync('git', ['-C', folder, ...words], { encoding: 'utf8', env: personal });
    const file = join(folder, 'a.yaml');
    const reached = join(folder, '.git/reached');
    writeFileSync(file, 'a: 1\n');
    git('init', '--quiet', '--initial-branch=main');
    git('add', 'a.yaml');
    git('commit', '--quiet', '--message', 'start');
    const hook = join(folder, '.git/hooks/pre-commit');
    writeFileSync(hook, '#!/bin/sh\n: >.git/reached\nwhile :; do sleep 1; done\n');
    chmodSync(hook, 0o755);
    const committed = commitFile(
      new Git(folder, { environment: personal }),
      { path: 'a.yaml', before: 'a: 1\n', after: 'a: 2\n' },
      { message: 'a', branch: 'new' },
      () => writeFileSync(file, 'a: 2\n'),
    );
    const refused = t.throwsAsync(committed);
    while (!existsSync(reached)) await sleep(20);
    t.is(readFileSync(file, 'utf8'), 'a: 2\n');
    process.emit(signal, signal);
    t.true(isFault(await refused));
    t.is(readFileSync(file, 'utf8'), 'a: 1\n');
    t.is(git('status', '--porcelain', '--branch'), '## main\n');
    t.is(git('for-each-ref', '--format=%(refname)'), 'refs/heads/main\n');
  });
