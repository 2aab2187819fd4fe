/** Pushes that hosts refuse: a hook of git's own writes what each of them is known to write. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { safe } from '../../../src/core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../../src/core/ports/watch.ts';
import { git } from '../../../src/demo/fakes/git.ts';
import { startGitServer } from '../../../src/demo/fakes/git-server.ts';
import { openTransport } from '../../../src/io/git/transports.ts';
import { openWholeBranch } from './whole-branch.ts';

const never = new AbortController().signal;

/** @returns what a push fails with when the host's hook writes this. */
async function startHost(t: ExecutionContext): Promise<(words: string) => Promise<string>> {
  const server = await startGitServer();
  t.teardown(() => server.close());
  await server.createRepository('repo.git');
  const folder = server.folder('repo.git');
  const lines = ['commit refs/heads/main', 'committer Ada <ada@example.com> 1700000000 +0000', 'data 5', 'first'];
  await git(folder, ['fast-import', '--quiet'], {
    input: `${[...lines, 'M 100644 inline a', 'data 1', 'a'].join('\n')}\n`,
  });
  const words = join(folder, 'words');
  writeFileSync(join(folder, 'hooks/pre-receive'), `#!/bin/sh\ncat '${words}' >&2\nexit 1\n`, { mode: 0o755 });
  const branch = openWholeBranch(
    openTransport({ address: server.url('repo.git'), credentials: undefined, environment: {} }),
  );
  await branch.fetch(never);
  return async (text) => {
    writeFileSync(words, text);
    const push = branch.push({ changes: new Map([['b', 'b']]), message: safe`status: test\n` }, never);
    const trouble = await t.throwsAsync<BranchTrouble>(push, { instanceOf: BranchTrouble });
    t.is(trouble?.code, 'refused');
    return trouble?.message ?? '';
  };
}

test('what to do is named where the host’s words are known', async (t) => {
  const refuse = await startHost(t);
  for (const [words, hint] of [
    [
      'error: GH006: Protected branch update failed for refs/heads/main.\n\n- Changes must be made through a pull request.',
      /; hint: let the account bypass the protection of the branch$/,
    ],
    [
      'error: GH006: Protected branch update failed for refs/heads/main.\nerror: Commits must have verified signatures.',
      /; hint: the branch requires signed commits: pass --signing-key$/,
    ],
    [
      'error: GH013: Repository rule violations found for refs/heads/main.\n\n- Changes must be made through a pull request.',
      /; hint: add the account to the bypass list of the ruleset$/,
    ],
    [
      'error: GH013: Repository rule violations found for refs/heads/main.\n\n- GITHUB PUSH PROTECTION\n  - Push cannot contain secrets',
      /; hint: .* looks like a secret/,
    ],
    ['error: GH007: Your push would publish a private email address.', /; hint: pass --author and --committer/],
    [
      '========\n\nGitLab: You are not allowed to push code to protected branches on this project.\n\n========',
      /; hint: let the account push, under Protected branches$/,
    ],
    ['GitLab: Commit must be signed with a GPG key', /; hint: the branch requires signed commits: pass --signing-key$/],
    ['GitLab: Commit message must contain a DCO signoff', /; hint: pass --sign-off$/],
    [
      "GitLab: You cannot push commits for 'bot@example.com'. You can only push commits if the committer email is one of your own verified emails.",
      /; hint: pass --author and --committer/,
    ],
    ['error: Not allowed to push to protected branch main', /; hint: let the account push, in the protection/],
    [
      'error: Internal Server Error (no message for end users)',
      /; hint: are signed commits required\? Then pass --signing-key$/,
    ],
    ['Permission denied to update branch main.', /; hint: let the account write without a pull request/],
    [
      'TF402455: Pushes to this branch are not permitted; you must use a pull request to update this branch.',
      /; hint: allow the account “Bypass policies when pushing”$/,
    ],
    [
      "TF401027: You need the Git 'GenericContribute' permission to perform this action.",
      /; hint: allow the account “Contribute”$/,
    ],
  ] as const) {
    const message = await refuse(words);
    t.regex(message, hint);
    t.true(message.includes(words.split('\n').find((line) => /\w/.test(line)) ?? ''), message);
  }
  t.regex(await refuse('nobody pushes on Fridays'), /: .*; nobody pushes on Fridays$/);
});

test('the words are found below the picture that a host paints above them', async (t) => {
  const refuse = await startHost(t);
  const picture = `${'///////%%%%%%%%#####  ///\n'.repeat(200)}--------\n`;
  const message = await refuse(
    `${picture}Branch refs/heads/main can only be modified through pull requests.\nCheck your branch permissions.`,
  );
  t.regex(
    message,
    /declined; Branch refs\/heads\/main can only be modified through pull requests\.; Check your branch permissions\.; hint: /,
  );
});

test('a hook cannot have the watcher print a credential, control characters or pages', async (t) => {
  const refuse = await startHost(t);
  const message = await refuse(
    `\u001b[31mclone https://ada:pa55word@host/x failed\u0007\nGH006\n${'x'.repeat(100_000)}`,
  );
  t.notRegex(message, /pa55word|\p{Cc}/u);
  t.true(message.length < 2500);
});
