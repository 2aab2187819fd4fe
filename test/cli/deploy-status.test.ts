/** Commands in a clone of main, whose status files are on the branch that the watcher carries main to. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { renderApplication } from '../../src/core/render/application.ts';
import { toMemoryTree } from '../core/render/memory-tree.ts';
import type { Repository } from './clone.ts';
import { clone, model, policy, toPolicy } from './clone.ts';
import { personal } from './in-process.ts';

const status = 'models/wisdom/status.yaml';
const hour = 3600;
const now = Math.floor(Date.now() / 1000);
const timed = `${toPolicy(20)}  limits: {minMirrorTime: 24h}\n`;
const judged = `${toPolicy(20)}  analysis: {checks: [errors: {rate: 1%}], comparer: {service: comparer.tools}}\n  limits: {requireAnalysis: true}\n`;

/** Main without status files, fetched beside a deploy branch that has them, with the mirror open for so many hours. */
function start(t: ExecutionContext, rules: string, hours = 1, carried?: (text: string) => string): Repository {
  const repository = clone(t);
  const { git, put } = repository;
  const observed = repository.read(status);
  const commit = (message: string) => {
    const date = `${now - hours * hour} +0000`;
    execFileSync('git', ['-C', repository.folder, 'commit', '--quiet', '--all', '--message', message], {
      env: { ...personal, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
      stdio: 'ignore',
    });
  };
  put(policy, rules);
  git('rm', '--quiet', '--cached', status);
  git('commit', '--quiet', '--all', '--message', 'a rule');
  git('push', '--quiet', 'origin', 'main');
  git('switch', '--quiet', '--orphan', 'deploy');
  git('checkout', '--quiet', 'main', '--', '.');
  put(status, observed);
  git('add', '--all');
  const trailer = `Carried: ${git('rev-parse', 'main').trim()}`;
  commit((carried ?? ((text) => text))(`observed\n\n${trailer}`));
  git('push', '--quiet', 'origin', 'deploy');
  git('switch', '--quiet', 'main');
  git('branch', '--quiet', '--delete', '--force', 'deploy');
  return repository;
}

function promoteByHand({ read, put, git }: Repository, file = model): void {
  const text = read(file);
  const [head = '', candidate = ''] = text.split('  candidate: # on trial\n');
  put(file, `${head.slice(0, head.indexOf('    version: v1'))}${candidate}`);
  git('commit', '--quiet', '--all', '--message', 'promote');
}

/** Has the deploy branch follow main, as the watcher does, but for the files. */
function carry({ git }: Repository): void {
  const tip = git('rev-parse', 'main').trim();
  const message = `carry\n\nCarried: ${tip}`;
  const made = git('commit-tree', '-p', 'origin/deploy', '-p', tip, '-m', message, 'origin/deploy^{tree}').trim();
  git('push', '--quiet', 'origin', `${made}:refs/heads/deploy`);
}

const ways = [['validate'], ['validate', '--revision', 'HEAD'], ['validate', 'models']];

test('validate checks a promotion against the status file of the deploy branch', async (t) => {
  for (const [rules, code] of [
    [timed, 'mirrored-too-briefly'],
    [judged, 'analysis-required'],
  ] as const) {
    const repository = start(t, rules);
    t.is((await repository.run('validate')).code, 0);
    promoteByHand(repository);
    for (const words of ways) {
      const { code: ended, out } = await repository.run(...words);
      t.is(ended, 1, `${words.join(' ')}: ${out}`);
      t.true(out.includes(`[${code}]`), out);
    }
  }
  const long = start(t, timed, 25);
  promoteByHand(long);
  for (const words of ways) {
    const { code, out } = await long.run(...words);
    t.is(code, 0, out);
    t.regex(out, /no problems/);
  }
});

test('the status file goes by the name of a model that the promotion moves', async (t) => {
  // The clone may lack the commit that was carried last.
  for (const carried of [undefined, (text: string) => text.replace(/[0-9a-f]{40}$/, '0'.repeat(40))]) {
    const repository = start(t, timed, 1, carried);
    repository.git('mv', 'models', 'moved');
    repository.git('commit', '--quiet', '--message', 'move');
    t.is((await repository.run('validate')).code, 0);
    promoteByHand(repository, 'moved/wisdom/model.yaml');
    t.regex((await repository.run('validate')).out, /v2 was mirrored for 1h.*\[mirrored-too-briefly\]/);
  }
});

test('a moved model with a namesake anywhere has no status file, also where that is not in the folder', async (t) => {
  const repository = start(t, timed);
  const text = repository.read(model);
  const moved = 'models/moved/model.yaml';
  repository.git('mv', 'models/wisdom', 'models/moved');
  mkdirSync(join(repository.folder, 'elsewhere'));
  repository.put('elsewhere/model.yaml', text);
  repository.git('add', '--all');
  repository.git('commit', '--quiet', '--message', 'move and copy');
  promoteByHand(repository, moved);
  t.regex((await repository.run('validate', 'models')).out, /moved\/model\.yaml.*\[status-elsewhere\]/);
  repository.git('rm', '--quiet', '-r', 'elsewhere');
  t.regex((await repository.run('validate', 'models')).out, /\[mirrored-too-briefly\]/);
});

test('a status file on main does not count, whatever it says, and is warned of', async (t) => {
  const repository = start(t, timed);
  promoteByHand(repository);
  const [rendered] = renderApplication(
    toMemoryTree({ 'model.yaml': repository.read(model) }),
    {},
    () => undefined,
  ).rollouts;
  repository.put(
    status,
    `apiVersion: model-mirror.dev/v1alpha1
kind: ModelStatus
metadata: {name: wisdom, namespace: modelmesh-serving}
status:
  primary: {name: wisdom-0, version: v2, digest: ${rendered?.primary.digest}, state: Ready}
  candidates: []
`,
  );
  repository.git('add', '--all');
  // A message that looks like the watcher's does not make it the watcher's branch.
  repository.git('commit', '--quiet', '--message', `mine\n\nCarried: ${'1'.repeat(40)}`);
  const check = async (ways: readonly string[][]) => {
    for (const words of ways) {
      const { code, out } = await repository.run(...words);
      t.is(code, 1, out);
      t.regex(out, /status.yaml:1:1: warning: .* on origin\/deploy .*\[status-elsewhere\]/);
      t.regex(out, /\[mirrored-too-briefly\]/);
    }
  };
  await check(ways);
  repository.git('push', '--quiet', 'origin', 'main', 'main:a-pull-request');
  await check(ways.slice(1, 2));
  carry(repository);
  await check(ways.slice(1, 2));
});

test('a branch that only looks like the deploy branch allows nothing', async (t) => {
  const repository = start(t, timed);
  promoteByHand(repository);
  repository.git('switch', '--quiet', '--create', 'mine');
  repository.git('commit', '--quiet', '--allow-empty', '--message', `x\n\nCarried: ${'1'.repeat(40)}`);
  repository.git('push', '--quiet', 'origin', 'mine');
  repository.git('switch', '--quiet', 'main');
  t.regex((await repository.run('validate')).out, /\[mirrored-too-briefly\]/);
});

test('without any status file of the model, validate warns that its limits are not checked', async (t) => {
  const repository = start(t, timed);
  promoteByHand(repository);
  repository.git('update-ref', '-d', 'refs/remotes/origin/deploy');
  const { code, out } = await repository.run('validate');
  t.is(code, 0);
  t.regex(
    out,
    /warning: whether models\/wisdom\/policy.yaml:6 allows this primary is not checked.*\n.*git fetch origin deploy:/,
  );
  const squashed = start(t, timed, 1, () => 'squashed');
  promoteByHand(squashed);
  t.regex((await squashed.run('validate')).out, /\[status-elsewhere\]/);
});

test('commands that read one branch name the one with the status files', async (t) => {
  const repository = start(t, toPolicy(20));
  const note = /^Status files are on origin\/deploy, /m;
  for (const words of [
    ['explain', 'wisdom'],
    ['history', 'wisdom'],
    ['diff', 'HEAD~1'],
    ['diff', 'HEAD~1', 'HEAD'],
  ])
    t.regex((await repository.run(...words)).err, note, words.join(' '));
  for (const words of [
    ['history', 'wisdom', '--revision', 'origin/deploy'],
    ['diff', 'main', 'origin/deploy'],
  ])
    t.notRegex((await repository.run(...words)).err, note, words.join(' '));
  repository.git('update-ref', '-d', 'refs/remotes/origin/deploy');
  t.notRegex((await repository.run('explain', 'wisdom')).err, note);
});

test('promote decides by the deploy branch, as it was last fetched', async (t) => {
  const repository = start(t, toPolicy(20));
  const { code, out, err } = await repository.run('promote', 'wisdom');
  t.is(code, 0, err);
  t.regex(out + err, /the status file is that of origin\/deploy, as it was last fetched/);
  t.regex(out + err, /git revert opens the mirror to v2/);
  t.notRegex(repository.read(model), /candidate:/);
  const unknown = start(t, toPolicy(20));
  unknown.git('update-ref', '-d', 'refs/remotes/origin/deploy');
  const refused = await unknown.run('promote', 'wisdom');
  t.is(refused.code, 1);
  t.regex(refused.err, /pull the watcher's latest commit/);
});

test('promote keeps to the limits by what the deploy branch has', async (t) => {
  for (const [rules, hours, message] of [
    [timed, 1, /v2 was mirrored for 1h.*\[mirrored-too-briefly\]/],
    [judged, 1, /\[analysis-required\]/],
  ] as const)
    for (const words of [[], ['--force']]) {
      const repository = start(t, rules, hours);
      const { code, err } = await repository.run('promote', 'wisdom', ...words);
      t.is(code, 1);
      t.regex(err, message);
      t.regex(repository.read(model), /candidate:/);
    }
  t.is((await start(t, timed, 25).run('promote', 'wisdom')).code, 0);
});

test('promote finds the status file of a model that was moved on main', async (t) => {
  const repository = start(t, timed, 25);
  repository.git('mv', 'models', 'moved');
  repository.git('commit', '--quiet', '--message', 'move');
  const { code, err } = await repository.run('promote', 'wisdom');
  t.is(code, 0, err);
});

test('promote is refused where any branch that is carried to does not report the candidate as Ready', async (t) => {
  const fake = `x\n\nCarried: ${'1'.repeat(40)}`;
  const edits: Record<string, (repository: Repository, text: string) => void> = {
    Loading: ({ put }, text) => put(status, text.replace(/(version: v2[\s\S]*?state: )Ready/, '$1Loading')),
    absent: ({ git }) => git('rm', '--quiet', status),
    unreadable: ({ put }) => put(status, '<<<<<<<'),
  };
  for (const [edited, kept] of [
    ['mine', 'deploy'],
    ['deploy', 'mine'],
  ] as const)
    for (const [title, edit] of Object.entries(edits)) {
      const repository = start(t, toPolicy(20));
      const { git } = repository;
      const observed = git('show', `origin/deploy:${status}`);
      git('push', '--quiet', 'origin', 'origin/deploy:refs/heads/mine');
      const tip = git('rev-parse', 'origin/deploy').trim();
      for (const branch of [edited, kept]) {
        git('switch', '--quiet', '--detach', tip);
        if (branch === edited) edit(repository, observed);
        git('commit', '--quiet', '--all', '--allow-empty', '--message', `${branch} ${fake}`);
        git('push', '--quiet', '--force', 'origin', `HEAD:${branch}`);
      }
      git('switch', '--quiet', 'main');
      const { code, err } = await repository.run('promote', 'wisdom');
      t.is(code, 1, `${edited}: ${title}`);
      t.regex(err, /not known to be ready/);
      t.true(err.includes(`origin/${edited} counts as it was last fetched: run git fetch`), err);
    }
});

test('a limit that another branch does not meet is reported with its name', async (t) => {
  const repository = start(t, timed, 25);
  const { git } = repository;
  git('switch', '--quiet', '--create', 'mine');
  git('commit', '--quiet', '--allow-empty', '--message', `x\n\nCarried: ${'1'.repeat(40)}`);
  git('push', '--quiet', 'origin', 'mine');
  git('switch', '--quiet', 'main');
  const { code, err } = await repository.run('promote', 'wisdom');
  t.is(code, 1);
  t.regex(err, /keep the mirror open for .*; origin\/mine counts as it was last fetched/);
});

test('a trailer on main makes no status file of main count alone', async (t) => {
  const repository = start(t, toPolicy(20));
  const { git, put } = repository;
  const observed = git('show', `origin/deploy:${status}`);
  git('switch', '--quiet', '--detach', 'origin/deploy');
  put(status, observed.replace(/(version: v2[\s\S]*?state: )Ready/, '$1Loading'));
  const trailer = `Carried: ${git('rev-parse', 'main').trim()}`;
  git('commit', '--quiet', '--all', '--message', `status\n\n${trailer}`);
  git('push', '--quiet', 'origin', 'HEAD:deploy');
  git('switch', '--quiet', 'main');
  put(status, observed);
  git('add', '--all');
  git('commit', '--quiet', '--message', `mine\n\n${trailer}`);
  git('push', '--quiet', 'origin', 'main');
  const check = async () => {
    const { code, err } = await repository.run('promote', 'wisdom');
    t.is(code, 1);
    t.regex(err, /v2 is not known to be ready: the candidate is Loading/);
  };
  await check();
  carry(repository);
  await check();
});

test('a deploy branch that cannot be read allows nothing, whatever is in the work tree', async (t) => {
  const repository = start(t, toPolicy(20));
  const { git, put, folder } = repository;
  const observed = git('show', `origin/deploy:${status}`);
  const tree = git('rev-parse', 'origin/deploy^{tree}').trim();
  rmSync(join(folder, '.git/objects', tree.slice(0, 2), tree.slice(2)));
  put(status, observed);
  const { code, err } = await repository.run('promote', 'wisdom');
  t.is(code, 1);
  t.regex(err, /origin\/deploy counts as it was last fetched: run git fetch/);
});

test('promote names the clusters that the deploy branch has status files of', async (t) => {
  const repository = start(t, toPolicy(20));
  const { git } = repository;
  git('switch', '--quiet', '--detach', 'origin/deploy');
  git('mv', status, 'models/wisdom/status.east.yaml');
  git('commit', '--quiet', '--message', git('log', '-1', '--format=%B'));
  git('push', '--quiet', 'origin', 'HEAD:deploy');
  git('switch', '--quiet', 'main');
  t.regex((await repository.run('promote', 'wisdom')).err, /there is status.east.yaml: name a cluster with --cluster/);
  t.is((await repository.run('promote', 'wisdom', '--cluster', 'west')).code, 1);
  t.is((await repository.run('promote', 'wisdom', '--cluster', 'east')).code, 0);
});

for (const [title, here, there] of [
  ['on deploy', 'Ready', 'Failed'],
  ['on main', 'Failed', 'Ready'],
] as const)
  test(`a status file on either branch refuses a promotion, as one may be left over: ${title}`, async (t) => {
    const repository = start(t, toPolicy(20));
    const { git, put } = repository;
    const observed = git('show', 'origin/deploy:models/wisdom/status.yaml');
    const withState = (state: string) => observed.replace(/(version: v2[\s\S]*?state: )Ready/, `$1${state}`);
    git('switch', '--quiet', '--create', 'other', 'origin/deploy');
    put(status, withState(there));
    git('commit', '--quiet', '--allow-empty', '--all', '--message', `x\n\nCarried: ${git('rev-parse', 'main').trim()}`);
    git('push', '--quiet', 'origin', 'other:deploy');
    git('switch', '--quiet', 'main');
    put(status, withState(here));
    git('add', '--all');
    git('commit', '--quiet', '--message', 'mine');
    const { code, err } = await repository.run('promote', 'wisdom');
    t.is(code, 1, err);
    t.regex(
      err,
      here === 'Failed'
        ? /ready: the candidate is Failed \(models\/wisdom\/status.yaml\)/
        : /Failed \(models\/wisdom\/status.yaml on origin\/deploy\)/,
    );
    if (here === 'Failed')
      t.regex(err, /models\/wisdom\/status.yaml is here and on origin\/deploy, and each must allow it/);
  });

test('a status file on main that cannot be read refuses a promotion, too', async (t) => {
  const repository = start(t, toPolicy(20));
  repository.put(status, '<<<<<<<');
  repository.git('add', '--all');
  repository.git('commit', '--quiet', '--message', 'mine');
  const { code, err } = await repository.run('promote', 'wisdom');
  t.is(code, 1);
  t.regex(err, /models\/wisdom\/status.yaml/);
});

test('on the deploy branch its own status files count', async (t) => {
  const repository = start(t, timed);
  repository.git('switch', '--quiet', '--detach', 'origin/deploy');
  t.regex((await repository.run('validate')).out, /no problems/);
  promoteByHand(repository);
  t.regex((await repository.run('validate')).out, /\[mirrored-too-briefly\]/);
});

test('status shows what was observed, and on which branch', async (t) => {
  const repository = start(t, timed);
  for (const words of [['status'], ['status', '--revision', 'main'], ['status', '--fetch']]) {
    const { out } = await repository.run(...words);
    t.regex(out, /v2 .*(20 %|20%)/, words.join(' '));
    t.regex(out, /Status files are those of origin\/deploy, as it was last fetched\./);
  }
  const deployed = await repository.run('status', '--revision', 'origin/deploy');
  t.notRegex(deployed.out, /Status files are/);
});
