/**
 * An edit and its commit, with the real git: every state in which a file and a branch can be, by every way to ask for
 * the commit. The result is read from git, and the next step that is printed is run as it is. What the edit is decided
 * from is tested in test/commands/edit.test.ts.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { pick } from '../thorough.ts';
import type { Repository } from './clone.ts';
import { clone, model, policy, toPolicy } from './clone.ts';

/** What of it was begun before the command is typed. The edit is that the policy says 0 %. */
const files: Record<string, (repository: Repository) => void> = {
  untouched: () => {},
  written: ({ put }) => put(policy, toPolicy(0)),
  'written and staged': ({ put, git }) => {
    put(policy, toPolicy(0));
    git('add', policy);
  },
  'another change written': ({ put }) => put(policy, `# mine\n${toPolicy(20)}`),
  'another change staged': ({ put, git }) => {
    put(policy, `# mine\n${toPolicy(20)}`);
    git('add', policy);
  },
  'both written': ({ put }) => put(policy, `# mine\n${toPolicy(0)}`),
  'another value staged, and the edit written': ({ put, git }) => {
    put(policy, toPolicy(50));
    git('add', policy);
    put(policy, toPolicy(0));
  },
  'committed, and another value written': ({ put, git }) => {
    put(policy, toPolicy(0));
    git('commit', '--quiet', '--message', 'brake', policy);
    git('push', '--quiet', 'origin', 'HEAD:main');
    put(policy, toPolicy(20));
  },
  committed: ({ put, git }) => {
    put(policy, toPolicy(0));
    git('commit', '--quiet', '--message', 'brake', policy);
  },
  pushed: ({ put, git }) => {
    put(policy, toPolicy(0));
    git('commit', '--quiet', '--message', 'brake', policy);
    git('push', '--quiet', 'origin', 'HEAD:main');
    git('fetch', '--quiet');
  },
};

const ways = [[], ['--commit'], ['--branch', 'brake']].flatMap((way) => [way, [...way, '--dry-run']]);

/** Everything that a command could have changed. */
function look({ git, read }: Repository): string[] {
  return [
    git('for-each-ref'),
    git('symbolic-ref', '--quiet', 'HEAD'),
    git('ls-files', '--stage'),
    ...[policy, model, 'other.yaml', 'staged.yaml'].map(read),
  ];
}

const isZero = (text: string) => text.includes('mirrorPercentage: 0');

const cases = Object.entries(files).flatMap(([state, prepare]) => ways.map((way) => ({ state, prepare, way })));

for (const { state, prepare, way } of pick(cases, 5))
  test(`the brake, ${state}: mirror wisdom 0 ${way.join(' ')}`, async (t) => {
    const repository = clone(t);
    const { git, read, run, shell } = repository;
    prepare(repository);
    const before = look(repository);
    const head = git('rev-parse', 'HEAD');
    const wasHeld = isZero(git('show', `HEAD:${policy}`));
    const wasPushed = isZero(git('show', `origin/main:${policy}`));
    const { code, out, err } = await run('mirror', 'wisdom', '0', ...way);
    t.is(code, 0);
    t.is(err, '');
    if (way.includes('--dry-run')) {
      t.deepEqual(look(repository), before);
      return;
    }
    const isCommitting = way.length > 0;
    // What somebody was in the middle of, they still are.
    t.is(git('diff', '--name-only', '--', 'other.yaml', 'staged.yaml'), 'other.yaml\n');
    t.is(git('diff', '--cached', '--name-only', '--', 'other.yaml', 'staged.yaml'), 'staged.yaml\n');
    t.true(isZero(read(policy)));
    t.is(
      read(policy).includes('# mine'),
      before.some((text) => text.includes('# mine')),
    );
    if (isCommitting) {
      t.is(git('show', `HEAD:${policy}`), read(policy), 'what is shown is what is committed');
      t.is(git('diff', '--cached', '--name-only', '--', policy), '', 'nothing else of it waits to be committed');
      t.is(git('rev-parse', wasHeld ? 'HEAD' : 'HEAD~1'), head);
      if (!wasHeld) t.is(git('diff', '--name-only', 'HEAD~1', 'HEAD'), `${policy}\n`);
      t.is(git('branch', '--show-current'), way[0] === '--branch' && !wasHeld ? 'brake\n' : 'main\n');
      if (way[0] === '--branch') t.is(git('rev-parse', 'main'), head);
    } else {
      t.is(git('rev-parse', 'HEAD'), head);
      t.is(/ not committed( yet)?\b/.test(out), !wasHeld);
    }
    t.is(out.includes('not pushed yet'), wasHeld && !wasPushed);
    // A second time there is nothing to do once it is pushed, and it is pushed by what was printed.
    const [, next] = /^Next: (.*)$/m.exec(out) ?? [];
    t.is(next === undefined, wasHeld && wasPushed, out);
    if (next !== undefined) shell(next);
    t.is(git('rev-parse', '@'), git('rev-parse', '@{push}'));
    t.true(isZero(git('show', `@{push}:${policy}`)));
    t.regex(
      (await run('mirror', 'wisdom', '0', ...way)).out,
      /^wisdom is mirrored at 0 % already, .*: nothing to do\n$/,
    );
  });

/** The other commands: what each makes of the model's file. */
const edits = {
  discard: { words: ['discard', 'wisdom'], done: /^wisdom has no candidate, but that is not committed yet$/m },
  promote: {
    words: ['promote', 'wisdom'],
    done: /^v2 is the primary of wisdom already, but that is not committed yet$/m,
  },
  'candidate set': {
    words: ['candidate', 'set', 'wisdom', '--version', 'v3', '--storage-uri', 's3://models/wisdom-3'],
    done: /^the candidate of wisdom is like this already, but that is not committed yet$/m,
  },
};

const forgotten = Object.entries(edits).flatMap(([name, edit]) =>
  [['--commit'], ['--branch', 'topic']].map((way) => ({ name, ...edit, way })),
);

for (const { name, words, done, way } of pick(forgotten, 3))
  test(`a forgotten --commit: ${name}, then ${way.join(' ')}`, async (t) => {
    const { git, read, run, shell } = clone(t);
    const first = await run(...words);
    t.regex(first.out, /^models\/wisdom\/model\.yaml is written, and not committed yet\.$/m);
    const written = read(model);
    const second = await run(...words);
    t.is(second.code, 0);
    t.regex(second.out, done);
    t.regex(second.out, /^Next: git commit -m 'wisdom: \w+ v\d' models\/wisdom\/model\.yaml && git push$/m);
    const dry = await run(...words, ...way, '--dry-run');
    t.regex(dry.out, /^Nothing is written or committed, because of --dry-run\.$/m);
    t.is(git('log', '--format=%s'), 'start\n');
    const third = await run(...words, ...way);
    t.is(third.err, '');
    t.is(third.code, 0);
    t.is(git('show', `HEAD:${model}`), written);
    t.is(read(model), written);
    t.is(git('diff', '--name-only', 'HEAD~1', 'HEAD'), `${model}\n`);
    t.is(git('branch', '--show-current'), way[0] === '--branch' ? 'topic\n' : 'main\n');
    t.regex(third.out, /^[+-]/m, 'what is committed is shown');
    const [, next = ''] = /^Next: (.*)$/m.exec(third.out) ?? [];
    shell(next);
    t.is(git('rev-parse', '@'), git('rev-parse', '@{push}'));
  });

const places: Record<string, { readonly prepare: (repository: Repository) => void; readonly next: RegExp }> = {
  'a branch without an upstream': {
    prepare: ({ git }) => git('switch', '--quiet', '--create', 'topic'),
    next: /^git push --set-upstream origin topic$/,
  },
  'a remote of another name': {
    prepare: ({ git }) => {
      git('switch', '--quiet', '--create', 'topic');
      git('remote', 'rename', 'origin', 'company');
    },
    next: /^git push --set-upstream company topic$/,
  },
  'several remotes, one of which is pushed to': {
    prepare: ({ git }) => {
      git('switch', '--quiet', '--create', 'topic');
      git('remote', 'add', 'fork', '../remote');
      git('config', 'remote.pushDefault', 'fork');
    },
    next: /^git push --set-upstream fork topic$/,
  },
  'an upstream of another name': {
    prepare: ({ git }) => {
      git('switch', '--quiet', '--create', 'mine', '--track', 'origin/main');
    },
    next: /^git push origin HEAD:main$/,
  },
  'an upstream that has new commits': {
    prepare: ({ git, put }) => {
      put('models/wisdom/README', 'the watcher writes here\n');
      git('add', 'models/wisdom/README');
      git('commit', '--quiet', '--message', 'status', 'models/wisdom/README');
      git('push', '--quiet');
      git('reset', '--quiet', '--keep', 'HEAD~1');
    },
    next: /^git pull --rebase --autostash && git push$/,
  },
  'a name that a shell would read': {
    prepare: ({ git }) => git('switch', '--quiet', '--create', "it's;$(true)"),
    next: /^git push --set-upstream origin 'it'\\''s;\$\(true\)'$/,
  },
};

for (const [place, { prepare, next }] of pick(Object.entries(places), 2))
  test(`what pushes: ${place}`, async (t) => {
    const repository = clone(t);
    const { git, run, shell } = repository;
    prepare(repository);
    const nextOf = (out: string) => /^Next: (.*)$/m.exec(out)?.[1] ?? '';
    t.regex(nextOf((await run('mirror', 'wisdom', '0', '--commit')).out), next);
    const again = await run('mirror', 'wisdom', '0');
    t.regex(again.out, /, but that is not pushed yet$/m);
    t.regex(nextOf(again.out), next);
    shell(nextOf(again.out));
    t.regex((await run('mirror', 'wisdom', '0')).out, /: nothing to do$/m);
    // Written, and committed and pushed by what is printed.
    t.regex(
      nextOf((await run('mirror', 'wisdom', '30')).out),
      /^git commit -m 'wisdom: mirror 30 %' \S+ && git .*push/,
    );
    shell(nextOf((await run('mirror', 'wisdom', '30')).out));
    t.is(git('log', '-1', '--format=%s'), 'wisdom: mirror 30 %\n');
    t.regex((await run('mirror', 'wisdom', '30')).out, /: nothing to do$/m);
  });

test('without a remote, without a branch, without a commit: what can be done is said', async (t) => {
  const { git, run, shell, folder } = clone(t);
  git('checkout', '--quiet', '--detach');
  const detached = await run('mirror', 'wisdom', '0', '--commit');
  t.is(detached.code, 3);
  t.regex(detached.err, /no branch is checked out\n {4}pass --branch NAME to make one/);
  t.is(git('status', '--porcelain', policy), '');
  t.regex((await run('mirror', 'wisdom', '0')).out, /^Next: git switch --create wisdom-mirror-0 && git commit -m /m);
  t.is((await run('mirror', 'wisdom', '0', '--branch', 'brake')).code, 0);
  git('remote', 'remove', 'origin');
  t.regex((await run('mirror', 'wisdom', '5', '--commit')).out, /^There is no remote to push to yet\.$/m);
  t.regex((await run('mirror', 'wisdom', '5', '--commit')).out, /: nothing to do$/m);
  rmSync(join(folder, '.git'), { recursive: true });
  t.regex((await run('mirror', 'wisdom', '6')).out, / is written\. Commit and push it\.$/m);
  t.regex((await run('mirror', 'wisdom', '6')).out, /: nothing to do$/m);
  git('init', '--quiet', '--initial-branch=main');
  const fresh = await run('mirror', 'wisdom', '6');
  t.regex(fresh.out, /, but that is not committed yet$/m);
  shell(/^Next: (.*)$/m.exec(fresh.out)?.[1] ?? '');
  t.is(git('show', '--format=', '--name-only', 'HEAD'), `${policy}\n`);
});

test('in the middle of a merge or rebase the next step ends it, with the edit', async (t) => {
  const begin = (how: readonly string[]) => {
    const repository = clone(t);
    const { git, put } = repository;
    git('checkout', '--quiet', '--force', '-b', 'side');
    put(policy, toPolicy(40));
    git('commit', '--quiet', '--message', 'side', policy);
    git('checkout', '--quiet', 'main');
    put(policy, toPolicy(30));
    git('commit', '--quiet', '--message', 'main', policy);
    t.throws(() => git(...how));
    put(policy, toPolicy(30));
    return repository;
  };
  for (const how of [
    ['merge', 'side'],
    ['rebase', 'side'],
    ['cherry-pick', 'side'],
  ]) {
    const { git, run, shell } = begin(how);
    const { out } = await run('mirror', 'wisdom', '0');
    const next = /^Next: (.*)$/m.exec(out)?.[1] ?? '';
    t.regex(next, new RegExp(`^git add ${policy} && GIT_EDITOR=true git ${how[0]} --continue`));
    t.regex((await run('mirror', 'wisdom', '0', '--commit')).err, new RegExp(`a ${how[0]} is not finished here`));
    shell(next.replace(/ && git (pull|push).*/, ''));
    t.true(isZero(git('show', `main:${policy}`)), how[0]);
  }
});

test('a file that git is told to call unchanged is committed all the same', async (t) => {
  for (const flag of ['--assume-unchanged', '--skip-worktree']) {
    const { git, run, shell } = clone(t);
    git('update-index', flag, policy);
    t.is((await run('mirror', 'wisdom', '0')).code, 0);
    const { out } = await run('mirror', 'wisdom', '0');
    t.regex(out, /, but that is not committed yet$/m);
    t.is((await run('mirror', 'wisdom', '0', '--commit')).code, 0);
    t.true(isZero(git('show', `HEAD:${policy}`)), flag);
    t.is((await run('mirror', 'wisdom', '5')).code, 0);
    const again = await run('mirror', 'wisdom', '5');
    git('update-index', flag, policy);
    shell(/^Next: (.*)$/m.exec(again.out)?.[1] ?? '');
    t.regex(git('show', `HEAD:${policy}`), /mirrorPercentage: 5/);
  }
});

test('where HEAD cannot be read here, git itself says whether it has the edit', async (t) => {
  const { git, run, folder } = clone(t);
  rmSync(join(folder, '.git'), { recursive: true });
  git('init', '--quiet', '--initial-branch=main', '--object-format=sha256');
  git('add', '.');
  git('commit', '--quiet', '--message', 'all');
  t.is((await run('mirror', 'wisdom', '0')).code, 0);
  t.regex((await run('mirror', 'wisdom', '0')).out, /, but that is not committed yet$/m);
  git('commit', '--quiet', '--message', 'brake', policy);
  for (const way of [[], ['--commit']]) t.regex((await run('mirror', 'wisdom', '0', ...way)).out, /: nothing to do$/m);
});

test('a policy that is new is added, and one that another file hides is not taken for committed', async (t) => {
  const { git, run, shell, put } = clone(t);
  git('rm', '--quiet', policy);
  git('commit', '--quiet', '--message', 'no policy', policy);
  t.is((await run('mirror', 'wisdom', '0', '--here')).code, 0);
  const { out } = await run('mirror', 'wisdom', '0');
  t.regex(
    out,
    new RegExp(`^Next: git add ${policy} && git commit -m 'wisdom: mirror 0 %' ${policy} && git push$`, 'm'),
  );
  shell(/^Next: (.*)$/m.exec(out)?.[1] ?? '');
  t.is(git('status', '--porcelain', policy), '');
  // 0 % by an outer policy that HEAD has, since the inner one is removed here.
  put('policy.yaml', toPolicy(0));
  git('add', 'policy.yaml');
  put(policy, toPolicy(20));
  git('commit', '--quiet', '--message', 'two', 'policy.yaml', policy);
  rmSync(join(git('rev-parse', '--show-toplevel').trim(), policy));
  const hidden = await run('mirror', 'wisdom', '0', '--commit');
  t.is(hidden.code, 1);
  t.regex(hidden.err, new RegExp(`not committed yet: ${policy} differs from HEAD\\nNext: git commit .*${policy}`));
  shell(/Next: (.*)$/m.exec(hidden.err)?.[1] ?? '');
  t.regex((await run('mirror', 'wisdom', '0', '--commit')).out, /: nothing to do$/m);
});
