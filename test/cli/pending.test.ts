/** `status` and `explain` in a clone: files that are only here come first, with the line that commits and pushes them. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Repository } from './clone.ts';
import { clone, model, policy, toPolicy } from './clone.ts';

interface State {
  readonly prepare: (repository: Repository) => void;
  /** What comes first; undefined: nothing does. */
  readonly first: RegExp | undefined;
}

const toCommit = (...files: string[]) => `git commit -m 'Edit ${files.join(', ')}' ${files.join(' ')}`;
const commit = `${toCommit(policy)} && git push`;

const states: Record<string, State> = {
  'everything is pushed, with unrelated changes': { prepare: () => {}, first: undefined },
  'a policy is written': {
    prepare: ({ put }) => put(policy, toPolicy(0)),
    first: new RegExp(`^commit and push ${policy}: \`${commit}\`$`),
  },
  'a policy is staged': {
    prepare: ({ put, git }) => {
      put(policy, toPolicy(0));
      git('add', policy);
    },
    first: new RegExp(`^commit and push ${policy}: \`${commit}\`$`),
  },
  'a policy is staged, and written back': {
    prepare: ({ put, git }) => {
      put(policy, toPolicy(0));
      git('add', policy);
      put(policy, toPolicy(20));
    },
    first: undefined,
  },
  'a policy is removed': {
    prepare: ({ folder }) => rmSync(join(folder, policy)),
    first: new RegExp(`^commit and push ${policy}: \`${commit}\`$`),
  },
  'an outer policy is new': {
    prepare: ({ put }) => put('policy.yaml', toPolicy(50)),
    first:
      /^commit and push policy\.yaml: `git add policy\.yaml && git commit -m 'Edit policy.yaml' policy\.yaml && git push`$/,
  },
  'an outer policy is new, and ignored': {
    prepare: ({ put }) => {
      put('.git/info/exclude', 'policy.yaml\n');
      put('models/policy.yaml', toPolicy(50));
    },
    first: /^commit and push models\/policy\.yaml: `git add --force models\/policy\.yaml && /,
  },
  'the status file is changed: it is the watcher’s': {
    prepare: ({ put, read }) => put('models/wisdom/status.yaml', `${read('models/wisdom/status.yaml')}# mine\n`),
    first: undefined,
  },
  'a policy of another folder is changed': {
    prepare: ({ put }) => put('models/wisdom/elsewhere.policy.txt', 'a\n'),
    first: undefined,
  },
  'the model and its policy are written': {
    prepare: ({ put, read }) => {
      put(policy, toPolicy(0));
      put(model, `${read(model)}# mine\n`);
    },
    first: new RegExp(`^commit and push ${model}, ${policy}: \`${toCommit(model, policy)} && git push\`$`),
  },
  'it is committed': {
    prepare: ({ put, git }) => {
      put(policy, toPolicy(0));
      git('commit', '--quiet', '--message', 'brake', policy);
    },
    first: new RegExp(`^push ${policy}: \`git push\`$`),
  },
  'something else is committed': {
    prepare: ({ git }) => {
      git('commit', '--quiet', '--message', 'other', 'other.yaml');
    },
    first: undefined,
  },
  'the upstream is ahead': {
    prepare: ({ put, git }) => {
      put(policy, toPolicy(0));
      git('commit', '--quiet', '--message', 'theirs', policy);
      git('push', '--quiet');
      git('reset', '--quiet', '--keep', 'HEAD~1');
    },
    first: undefined,
  },
  'the upstream has made the same change': {
    prepare: ({ put, git }) => {
      put(policy, toPolicy(0));
      git('commit', '--quiet', '--message', 'theirs', policy);
      git('push', '--quiet');
      git('commit', '--quiet', '--amend', '--message', 'mine');
    },
    first: undefined,
  },
  'a branch without an upstream, as the remote’s default branch': {
    prepare: ({ git }) => git('switch', '--quiet', '--create', 'topic'),
    first: undefined,
  },
  'a branch without an upstream, with a commit': {
    prepare: ({ git, put }) => {
      git('switch', '--quiet', '--create', 'topic');
      put(policy, toPolicy(0));
      git('commit', '--quiet', '--message', 'brake', policy);
    },
    first: new RegExp(`^push ${policy}: \`git push --set-upstream origin topic\`$`),
  },
  'a branch that was pushed without an upstream': {
    prepare: ({ git, put }) => {
      git('switch', '--quiet', '--create', 'topic');
      put(policy, toPolicy(0));
      git('commit', '--quiet', '--message', 'brake', policy);
      git('push', '--quiet', 'origin', 'topic');
    },
    first: undefined,
  },
  'no branch, and a commit': {
    prepare: ({ git, put }) => {
      git('checkout', '--quiet', '--detach');
      put(policy, toPolicy(0));
      git('commit', '--quiet', '--message', 'brake', policy);
    },
    first: undefined,
  },
  'no branch, and a policy is written': {
    prepare: ({ git, put }) => {
      git('checkout', '--quiet', '--detach');
      put(policy, toPolicy(0));
    },
    first: new RegExp(
      `^commit ${policy}: \`git switch --create edit-models-wisdom-policy-yaml && ${toCommit(policy)}\`$`,
    ),
  },
  'no remote': {
    prepare: ({ git, put }) => {
      git('remote', 'remove', 'origin');
      put(policy, toPolicy(0));
    },
    first: new RegExp(`^commit ${policy}: \`${toCommit(policy)}\`$`),
  },
  'no commit yet': {
    prepare: ({ git, folder }) => {
      rmSync(join(folder, '.git'), { recursive: true });
      git('init', '--quiet', '--initial-branch=main');
    },
    first: new RegExp(`^commit ${model}, ${policy}: \`git add ${model} ${policy} && ${toCommit(model, policy)}\`$`),
  },
  'no repository': { prepare: ({ folder }) => rmSync(join(folder, '.git'), { recursive: true }), first: undefined },
};

const toFirst = (out: string) => /^First: (.*)\n\n/.exec(out)?.[1];

for (const [state, { prepare, first }] of Object.entries(states))
  test(`what comes first: ${state}`, async (t) => {
    const repository = clone(t);
    prepare(repository);
    const { code, out } = await repository.run('explain', 'wisdom');
    t.is(code, 0);
    const found = toFirst(out);
    if (first === undefined) t.is(found, undefined);
    else t.regex(found ?? '', first);
    const [, command] = /`(.*)`$/.exec(found ?? '') ?? [];
    if (command === undefined) return;
    repository.shell(command);
    t.notRegex((await repository.run('explain', 'wisdom')).out, command.includes('push') ? /^First:/ : /not committed/);
  });

test('status shows the same first, of one model and of all', async (t) => {
  const { put, run } = clone(t);
  put(policy, toPolicy(0));
  for (const words of [['explain', 'wisdom'], ['status', 'wisdom'], ['status']])
    t.is(toFirst((await run(...words)).out), `commit and push ${policy}: \`${commit}\``, words.join(' '));
});

test('the line that is printed first works from any folder', async (t) => {
  const repository = clone(t);
  const { put, git } = repository;
  put(policy, toPolicy(0));
  put('models/policy.yaml', toPolicy(50));
  const inner = repository.at('models/wisdom');
  const [, command = ''] = /^First: .*`(.*)`$/m.exec((await inner.run('explain', 'wisdom')).out) ?? [];
  t.is(
    command,
    `git add ../policy.yaml && git commit -m 'Edit models/policy.yaml, ${policy}' ../policy.yaml policy.yaml && git push`,
  );
  inner.shell(command);
  t.is(git('diff', '--name-only', 'origin/main~1', 'origin/main'), `models/policy.yaml\n${policy}\n`);
  t.notRegex((await inner.run('explain', 'wisdom')).out, /^First:/m);
});

test('git does not take a folder whose name begins with a dash for an option', async (t) => {
  const repository = clone(t);
  repository.git('mv', '--', 'models', '-models');
  repository.shell('git commit --quiet --message moved && git push --quiet');
  repository.put('-models/wisdom/policy.yaml', toPolicy(0));
  repository.put('-models/policy.yaml', toPolicy(50));
  const [, command = ''] = /^First: .*`(.*)`$/m.exec((await repository.run('explain', 'wisdom')).out) ?? [];
  t.regex(command, /^git add \.\/-models/);
  repository.shell(command);
  t.notRegex((await repository.run('explain', 'wisdom')).out, /^First:/m);
});

test('JSON has codes', async (t) => {
  const { run, put, git } = clone(t);
  const codes = async () => {
    const { out } = await run('status', '--output', 'json');
    return JSON.parse(out).models[0].differences.map(({ code }: { code: string }) => code);
  };
  const others = await codes();
  t.true(others.length > 0);
  put(policy, toPolicy(30));
  t.deepEqual(await codes(), ['not-committed', ...others]);
  git('commit', '--quiet', '--message', 'a', policy);
  t.deepEqual(await codes(), ['not-pushed', ...others]);
});

test('a look at the upstream names what is missing there', async (t) => {
  const { run, put } = clone(t);
  put(policy, toPolicy(30));
  const { out } = await run('status', '--fetch');
  t.regex(out, new RegExp(`^First: only in this clone so far: commit and push ${policy}: \`${commit}\`\n\nMODEL`));
  const waited = await run('status', 'wisdom', '--fetch', '--wait', 'idle');
  t.regex(waited.err, new RegExp(`^only in this clone so far: commit and push ${policy}: \`${commit}\`\n`));
  t.notRegex((await run('status', '--revision', 'HEAD')).out, /First/);
});

test('without git, files are read and edited as usual; a commit is refused before anything is written', async (t) => {
  const { runIn, put, read } = clone(t);
  const none = { PATH: '/nowhere' };
  put(policy, toPolicy(30));
  for (const words of [['explain', 'wisdom'], ['status']]) {
    const { code, out } = await runIn(none, ...words);
    t.is(code, 0);
    t.notRegex(out, /First/);
  }
  const edit = await runIn(none, 'mirror', 'wisdom', '5');
  t.is(edit.code, 0);
  t.regex(edit.out, /policy\.yaml is written\. Commit and push it\.$/m);
  for (const way of [['--commit'], ['--branch', 'new'], ['--commit', '--push']])
    for (const value of ['5', '6']) {
      const { code, out, err } = await runIn(none, 'mirror', 'wisdom', value, ...way);
      t.is(code, 3);
      t.is(out, '');
      t.is(err, 'model-mirror: git is not installed, or not in PATH\n    install git 2.30 or newer\n');
      t.is(read(policy), toPolicy(5));
    }
});
