/** `--push`: what an edit commits is pushed, over a path and over HTTP; the result is read from the remote itself. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startGitServer } from '../../src/demo/fakes/git-server.ts';
import { pick, testThoroughly } from '../thorough.ts';
import type { Repository } from './clone.ts';
import { clone, model, policy } from './clone.ts';
import { personal } from './in-process.ts';

const status = 'models/wisdom/status.yaml';
const isZero = (text: string) => text.includes('mirrorPercentage: 0');

interface Scene extends Repository {
  /** Of the remote. */
  readonly there: (...words: string[]) => string;
  /** Somebody else commits these files on main, and pushes that. */
  readonly other: (files: Readonly<Record<string, string>>, author?: string) => void;
  /** A hook here, or at the remote. */
  readonly hook: (name: string, ...lines: string[]) => void;
  readonly hookThere: (name: string, ...lines: string[]) => void;
}

function setUp(t: ExecutionContext): Scene {
  const repository = clone(t);
  const { folder } = repository;
  const remote = join(folder, '../remote');
  const run = (at: string, words: readonly string[], name = 'Watcher') =>
    execFileSync('git', ['-C', at, ...words], {
      encoding: 'utf8',
      env: { ...personal, GIT_AUTHOR_NAME: name, GIT_COMMITTER_NAME: name },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  const hookAt =
    (hooks: string) =>
    (name: string, ...lines: string[]) => {
      writeFileSync(join(hooks, name), `#!/bin/sh\n${lines.join('\n')}\n`);
      chmodSync(join(hooks, name), 0o755);
    };
  return {
    ...repository,
    there: (...words) => run(remote, words),
    other: (files, author) => {
      const beside = join(folder, '../beside');
      run(folder, ['clone', '--quiet', '--branch', 'main', '../remote', beside]);
      for (const [path, text] of Object.entries(files)) writeFileSync(join(beside, path), text);
      run(beside, ['add', '--all']);
      run(beside, ['commit', '--quiet', '--message', 'theirs'], author);
      run(beside, ['push', '--quiet']);
      execFileSync('rm', ['-rf', beside]);
    },
    hook: hookAt(join(folder, '.git/hooks')),
    hookThere: hookAt(join(remote, 'hooks')),
  };
}

/** What somebody was in the middle of. */
function lookBeside({ git, read }: Scene): string[] {
  return [
    git('diff', '--cached', '--', 'staged.yaml', 'other.yaml'),
    git('diff', '--', 'staged.yaml', 'other.yaml'),
    read('other.yaml'),
  ];
}

const toNext = (text: string) => /^Next: (.*)$/m.exec(text)?.[1] ?? '';

test('what is committed is pushed, and a second time there is nothing to do', async (t) => {
  const scene = setUp(t);
  const { run, git, there } = scene;
  const beside = lookBeside(scene);
  const dry = await run('mirror', 'wisdom', '0', '--commit', '--push', '--dry-run');
  t.regex(
    dry.out,
    /^Nothing is written, committed or pushed, because of --dry-run: it would be pushed to main of origin\.$/m,
  );
  t.is(git('log', '--format=%s'), 'start\n');
  const { code, out, err } = await run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(code, 0);
  t.is(err, '');
  t.regex(
    out,
    /policy\.yaml is written, and committed on main as [0-9a-f]{7}\.\nIt is pushed to main of origin\.\nWhat follows: Argo CD applies it\n$/,
  );
  t.is(there('rev-parse', 'main'), git('rev-parse', 'main'));
  t.true(isZero(there('show', `main:${policy}`)));
  t.deepEqual(lookBeside(scene), beside);
  t.regex((await run('mirror', 'wisdom', '0', '--commit', '--push')).out, /: nothing to do\n$/);
});

test('a commit from which a hook has removed the edit is reported, and not pushed', async (t) => {
  const { run, git, hook, there } = setUp(t);
  const before = there('rev-parse', 'main');
  hook('pre-commit', `git checkout HEAD -- ${policy}`);
  const { code, out, err } = await run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(code, 1);
  t.notRegex(out, /committed|pushed|What follows/);
  t.regex(err, /^a hook has changed what is committed of models\/wisdom\/policy\.yaml$/m);
  t.regex(
    err,
    /^model-mirror: [0-9a-f]{7} is committed without this edit, and is not pushed\nNext: git show [0-9a-f]{12}$/m,
  );
  t.false(isZero(git('show', `HEAD:${policy}`)));
  t.is(there('rev-parse', 'main'), before);
});

test('a commit that a hook has formatted is pushed: it holds the edit', async (t) => {
  const { run, hook, there } = setUp(t);
  hook('pre-commit', `echo '# formatted' >> ${policy}`, `git add ${policy}`);
  const { code, out } = await run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(code, 0);
  t.regex(out, /^It is pushed to main of origin\.$/m);
  t.true(there('show', `main:${policy}`).endsWith('# formatted\n'));
});

/** The whole program, which is sent a signal once a hook runs. */
async function interrupt({ folder, hook, put }: Scene, name: string, signal: NodeJS.Signals) {
  hook(name, 'until test -s ../pid; do sleep 0.1; done', `kill -s ${signal.slice(3)} $(cat ../pid)`, 'sleep 600');
  const program = join(import.meta.dirname, '../../dist/model-mirror.cjs');
  const child = spawn(process.execPath, [program, 'mirror', 'wisdom', '0', '--commit', '--push'], {
    cwd: folder,
    env: personal,
  });
  const written = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    written.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    written.err += chunk;
  });
  const ended = once(child, 'close');
  put('../pid', `${child.pid}\n`);
  const [code] = await ended;
  execFileSync('rm', [join(folder, '.git/hooks', name)]);
  return { code, ...written };
}

for (const signal of pick(['SIGINT', 'SIGTERM', 'SIGHUP'] as const, 3)) {
  test(`interrupted before the commit, everything stays as it was: ${signal}`, async (t) => {
    const scene = setUp(t);
    const { git, read } = scene;
    const look = () => [
      git('status', '--porcelain'),
      git('ls-files', '--stage'),
      git('rev-parse', 'HEAD'),
      read(policy),
    ];
    const before = look();
    const { code, out, err } = await interrupt(scene, 'pre-commit', signal);
    t.deepEqual([code, out], [3, '']);
    t.regex(err, /^model-mirror: it was interrupted: nothing is committed$/m);
    t.deepEqual(look(), before);
  });

  for (const [name, said] of [
    ['post-commit', 'it was interrupted, and is not pushed'],
    ['pre-push', 'the push was interrupted: it may not have arrived'],
  ] as const)
    test(`an interrupt after the commit is reported: ${signal} in ${name}`, async (t) => {
      const scene = setUp(t);
      const { git, there, shell } = scene;
      const { code, out, err } = await interrupt(scene, name, signal);
      t.is(code, 3);
      t.regex(out, new RegExp(`committed on main as ${git('rev-parse', '--short=7', 'HEAD').trim()}\\.$`, 'm'));
      t.regex(err, new RegExp(`^model-mirror: ${said}\nNext: git push\n$`, 'm'));
      t.is(there('log', '--format=%s', 'main'), 'start\n');
      shell(toNext(err));
      t.is(there('rev-parse', 'main'), git('rev-parse', 'main'));
    });
}

test('a commit is reported also where the remote cannot be read', async (t) => {
  const { run, git, other, read } = setUp(t);
  other({ [status]: `${read(status)}# later\n` });
  git('config', 'remote.origin.uploadpack', 'false');
  const { code, out, err } = await run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(code, 1);
  t.regex(out, /committed on main as/);
  t.regex(
    err,
    /^model-mirror: it is not pushed: main of origin has new commits, .*: origin\/main cannot be fetched: /m,
  );
  t.is(toNext(err), 'git pull --rebase --autostash && git push');
});

testThoroughly('a fork that is pushed to may be behind the upstream', async (t) => {
  const { run, git, there, put } = setUp(t);
  git('stash', '--quiet');
  git('clone', '--quiet', '--bare', '../remote', '../fork');
  git('remote', 'add', 'fork', '../fork');
  put('other.yaml', 'a: 3\n');
  git('commit', '--quiet', '--all', '--message', 'newer');
  git('push', '--quiet');
  git('fetch', '--quiet', 'fork');
  git('config', 'remote.pushDefault', 'fork');
  const inFork = (...words: string[]) => there('-C', '../fork', ...words).trim();
  inFork('update-ref', 'refs/heads/main', inFork('commit-tree', 'main^{tree}', '-p', 'main', '-m', 'status'));
  const { code, err } = await run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(code, 0, err);
  t.is(inFork('log', '--format=%s', 'main'), 'wisdom: mirror 0 %\nnewer\nstatus\nstart');
});

test('an edit that is committed already is pushed', async (t) => {
  const { run, git, there } = setUp(t);
  t.is((await run('mirror', 'wisdom', '0', '--commit')).code, 0);
  const dry = await run('mirror', 'wisdom', '0', '--commit', '--push', '--dry-run');
  t.regex(dry.out, /\nNothing is pushed, because of --dry-run: it would be pushed to main of origin\.\n$/);
  // Who asks for a branch does not want main pushed.
  const branch = await run('mirror', 'wisdom', '0', '--branch', 'brake', '--push');
  t.is(branch.code, 1);
  t.regex(branch.err, /already, by \S+ on main, but that is not pushed yet\nNext: git push\n$/);
  t.not(there('rev-parse', 'main'), git('rev-parse', 'main'));
  const { code, out } = await run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(code, 0);
  t.regex(out, /^wisdom is mirrored at 0 % already, .*, and now pushed to main of origin\n$/);
  t.is(there('rev-parse', 'main'), git('rev-parse', 'main'));
});

test('a new branch is pushed with an upstream', async (t) => {
  const { run, git, there } = setUp(t);
  const { code, out, err } = await run('mirror', 'wisdom', '0', '--branch', 'brake', '--push');
  t.is(code, 0, err);
  t.regex(
    out,
    /It is pushed to brake of origin\.\nNow open a pull request\.\nOnce it is merged: Argo CD applies it\n$/,
  );
  t.is(there('rev-parse', 'brake'), git('rev-parse', 'brake'));
  t.is(git('rev-parse', '--abbrev-ref', 'brake@{upstream}'), 'origin/brake\n');
  t.is(there('log', '--format=%s', 'main'), 'start\n');
  t.regex((await run('mirror', 'wisdom', '0', '--branch', 'brake', '--push')).out, /: nothing to do\n$/);
});

test('--push needs a commit, and a remote', async (t) => {
  const { run, git } = setUp(t);
  const usage = await run('mirror', 'wisdom', '0', '--push');
  t.is(usage.code, 2);
  t.regex(usage.err, /--push pushes what is committed\n {4}pass --commit or --branch, too/);
  git('switch', '--quiet', '--create', 'mine', '--track', 'origin/main');
  const unclear = await run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(unclear.code, 3);
  t.regex(unclear.err, /git push does not push mine, because its upstream has another name: main of origin/);
  t.is(git('status', '--porcelain', policy), '');
  t.is(git('log', '--format=%s'), 'start\n');
  git('remote', 'remove', 'origin');
  const nowhere = await run('mirror', 'wisdom', '0', '--branch', 'brake', '--push');
  t.is(nowhere.code, 3);
  t.regex(nowhere.err, /there is no remote to push to/);
  t.is(git('branch', '--format=%(refname:short)'), 'main\nmine\n');
});

testThoroughly('it is pushed to where git push goes', async (t) => {
  const ways: Record<string, { readonly prepare: (scene: Scene) => void; readonly ref: string }> = {
    'push.default is upstream': {
      prepare: ({ git }) => {
        git('switch', '--quiet', '--create', 'mine', '--track', 'origin/main');
        git('config', 'push.default', 'upstream');
      },
      ref: 'main',
    },
    'push.default is current': {
      prepare: ({ git }) => {
        git('switch', '--quiet', '--create', 'mine', '--track', 'origin/main');
        git('config', 'push.default', 'current');
      },
      ref: 'mine',
    },
    'another remote is pushed to': {
      prepare: ({ git }) => {
        git('switch', '--quiet', '--create', 'mine', '--track', 'origin/main');
        git('remote', 'add', 'fork', '../remote');
        git('config', 'remote.pushDefault', 'fork');
      },
      ref: 'mine',
    },
    'a refspec of the remote': {
      prepare: ({ git }) => git('config', 'remote.origin.push', 'refs/heads/main:refs/heads/for/main'),
      ref: 'for/main',
    },
    'no upstream': { prepare: ({ git }) => git('switch', '--quiet', '--create', 'topic'), ref: 'topic' },
    'no upstream, and a tag of the same name': {
      prepare: ({ git }) => {
        git('switch', '--quiet', '--create', 'topic');
        git('tag', 'topic');
      },
      ref: 'topic',
    },
  };
  for (const [way, { prepare, ref }] of Object.entries(ways)) {
    const scene = setUp(t);
    prepare(scene);
    const { code, err } = await scene.run('mirror', 'wisdom', '0', '--commit', '--push');
    t.is(code, 0, `${way}: ${err}`);
    t.is(scene.there('rev-parse', `refs/heads/${ref}`), scene.git('rev-parse', 'HEAD'), way);
    t.regex((await scene.run('mirror', 'wisdom', '0', '--commit', '--push')).out, /: nothing to do\n$/, way);
  }
});

test('when the watcher was faster, the commits are rebased onto its commits, once', async (t) => {
  const scene = setUp(t);
  const { run, git, there, other, read, put } = scene;
  put(model, `${read(model)}# mine\n`);
  git('-c', 'i18n.commitEncoding=ISO-8859-1', 'commit', '--quiet', '--message', 'mine', '--author', 'Eve <e@x>', model);
  const beside = lookBeside(scene);
  other({
    [status]: `${read(status)}# later\n`,
    'models/STATUS.md': 'page\n',
    'models/wisdom/status.eu.yaml': 'a: 1\n',
  });
  const { code, out, err } = await run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(code, 0, err);
  t.is(err, '');
  const short = git('rev-parse', '--short=7', 'HEAD').trim();
  t.true(
    out.includes(`The watcher had pushed in the meantime: the commit was rebased onto its commits, as ${short}.\n`),
    out,
  );
  t.is(there('rev-parse', 'main'), git('rev-parse', 'main'));
  t.is(git('log', '--format=%an %s'), 'Ada wisdom: mirror 0 %\nEve mine\nWatcher theirs\nAda start\n');
  t.regex(git('cat-file', 'commit', 'HEAD~1'), /^encoding ISO-8859-1$/m);
  t.is(git('diff', '--name-only', 'HEAD~1', 'HEAD'), `${policy}\n`);
  t.is(git('diff', '--name-only', 'HEAD~2', 'HEAD~1'), `${model}\n`);
  t.regex(read(status), /# later\n$/);
  t.deepEqual(lookBeside(scene), beside);
  t.is(git('status', '--porcelain'), ' M other.yaml\nM  staged.yaml\n');
  t.is(git('for-each-ref', '--format=%(refname)', 'refs/worktree'), '');
  t.is(git('stash', 'list'), '');
  git('fsck', '--strict');
  t.regex((await run('mirror', 'wisdom', '0', '--commit', '--push')).out, /: nothing to do\n$/);
});

test('a promotion is not rebased onto a status in which the candidate is not Ready any more', async (t) => {
  const { run, git, there, other, read, shell } = setUp(t);
  const ready = read(status);
  other({ [status]: ready.replace(/(wisdom-1,.*state: )Ready/, '$1Failed') });
  const { code, out, err } = await run('promote', 'wisdom', '--commit', '--push');
  t.is(code, 1);
  t.regex(out, /committed on main as/);
  t.regex(err, /^model-mirror: it is not pushed: .* the candidate is Failed$/m);
  t.is(there('log', '--format=%s', 'main'), 'theirs\nstart\n');
  shell(toNext(err));
  t.is(git('log', '--format=%s'), 'theirs\nstart\n', 'it is taken back');
  t.regex((await run('promote', 'wisdom', '--commit', '--push')).err, /\[candidate-not-ready\]$/m);
  other({ [status]: `${ready}# later\n` });
  shell('git pull --rebase --autostash');
  other({ [status]: `${ready}# even later\n` });
  t.is((await run('promote', 'wisdom', '--commit', '--push')).code, 0, 'it is Ready, whatever else has changed');
  t.is(there('log', '-1', '--format=%s', 'main'), 'wisdom: promote v2\n');
});

testThoroughly('a promotion that is forced is rebased onto any status', async (t) => {
  const { run, there, other, read } = setUp(t);
  other({ [status]: read(status).replace(/(wisdom-1,.*state: )Ready/, '$1Failed') });
  t.is((await run('promote', 'wisdom', '--force', '--commit', '--push')).code, 0);
  t.is(there('log', '-1', '--format=%s', 'main'), 'wisdom: promote v2\n');
});

test('when somebody else changed other files, nothing is rewritten, and they are named', async (t) => {
  const scene = setUp(t);
  const { run, git, there, other, read, shell } = scene;
  other({ [status]: `${read(status)}# later\n`, [model]: `${read(model)}# theirs\n` }, 'Bob');
  const theirs = there('rev-parse', 'main');
  const { code, out, err } = await run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(code, 1);
  t.regex(out, / and committed on main as [0-9a-f]{7}\.\n$/);
  t.regex(
    err,
    /^model-mirror: it is not pushed: main of origin has changes that are not the watcher's\n {4}models\/wisdom\/model\.yaml by Bob in [0-9a-f]{7} "theirs"\nNext: git pull --rebase --autostash && git push\n$/,
  );
  t.is(there('rev-parse', 'main'), theirs);
  t.is(git('log', '--format=%s'), 'wisdom: mirror 0 %\nstart\n');
  shell(toNext(err));
  t.is(there('log', '--format=%s', 'main'), 'wisdom: mirror 0 %\ntheirs\nstart\n');
});

test('a merge, or a file of the watcher that is changed here, is not rewritten', async (t) => {
  const merged = setUp(t);
  merged.git('reset', '--quiet', '--hard');
  merged.git('switch', '--quiet', '--create', 'side');
  merged.put(model, `${merged.read(model)}# side\n`);
  merged.git('commit', '--quiet', '--message', 'side', model);
  merged.git('switch', '--quiet', 'main');
  merged.git('merge', '--quiet', '--no-ff', '--no-edit', 'side');
  merged.other({ [status]: `${merged.read(status)}# later\n` });
  const first = await merged.run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(first.code, 1);
  t.regex(first.err, /main of origin has new commits, and there is a merge here\nNext: git pull --rebase/);
  const same = setUp(t);
  same.put(status, `${same.read(status)}# mine\n`);
  same.git('commit', '--quiet', '--message', 'status', status);
  same.other({ [status]: `${same.read(status)}# later\n` });
  const second = await same.run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(second.code, 1);
  t.regex(second.err, /the watcher has changed files on main of origin that are changed here, too\nNext: /);
});

test('a file of the watcher that is being changed here keeps the work tree as it is', async (t) => {
  const { run, git, there, other, read, put, shell } = setUp(t);
  other({ 'models/STATUS.md': 'page\n' });
  put('models/STATUS.md', 'mine\n');
  const { code, out } = await run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(code, 0);
  t.regex(
    out,
    /; main stays as it was here, because files of the watcher are changed in this clone\.\nNext: git pull --rebase --autostash\n/,
  );
  t.is(read('models/STATUS.md'), 'mine\n');
  t.is(there('log', '--format=%s', 'main'), 'wisdom: mirror 0 %\ntheirs\nstart\n');
  t.is(git('log', '--format=%s'), 'wisdom: mirror 0 %\nstart\n');
  execFileSync('rm', [join(git('rev-parse', '--show-toplevel').trim(), 'models/STATUS.md')]);
  shell(toNext(out));
  t.is(there('rev-parse', 'main'), git('rev-parse', 'main'));
});

testThoroughly('commits that were removed from the remote are not pushed again', async (t) => {
  const { run, git, other, there, put, read, shell } = setUp(t);
  git('stash', '--quiet');
  put('other.yaml', 'a: wrong\n');
  git('commit', '--quiet', '--all', '--message', 'wrong');
  git('push', '--quiet');
  there('update-ref', 'refs/heads/main', there('rev-parse', 'main~1').trim());
  other({ [status]: `${read(status)}# later\n` });
  for (const prepare of [() => {}, () => git('fetch', '--quiet')]) {
    prepare();
    const { code, err } = await run('mirror', 'wisdom', '0', '--commit', '--push');
    t.is(code, 1);
    t.regex(err, /it is not pushed: main of origin has lost commits that are still here: somebody has rewritten it$/m);
    t.is(there('log', '--format=%s', 'main'), 'theirs\nstart\n');
    if (git('rev-parse', 'origin/main') === there('rev-parse', 'main')) shell(toNext(err));
  }
  // As git pull --rebase does it.
  t.is(there('log', '--format=%s', 'main'), 'wisdom: mirror 0 %\ntheirs\nstart\n');
});

test('a second rejection is reported', async (t) => {
  const scene = setUp(t);
  const { run, git, there, other, read, hook, folder, shell } = scene;
  other({ [status]: `${read(status)}# later\n` });
  // Each time that something is pushed from here, the watcher is faster.
  hook(
    'pre-push',
    'unset GIT_DIR GIT_INDEX_FILE',
    `cd ${join(folder, '../remote')}`,
    'new=$(git commit-tree -p main -m again "main^{tree}")',
    'git update-ref refs/heads/main $new',
  );
  const { code, err } = await run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(code, 1);
  t.regex(
    err,
    /main of origin received new commits twice in the meantime\nNext: git pull --rebase --autostash && git push\n$/,
  );
  t.is(git('log', '--format=%s'), 'wisdom: mirror 0 %\nstart\n');
  execFileSync('rm', [join(folder, '.git/hooks/pre-push')]);
  shell(toNext(err));
  t.is(there('rev-parse', 'main'), git('rev-parse', 'main'));
});

test('a promotion that is overtaken twice is made again, on what the watcher reports then', async (t) => {
  const { run, git, there, other, read, hook, folder, shell } = setUp(t);
  const ready = read(status);
  other({ [status]: `${ready}# later\n` });
  hook(
    'pre-push',
    'unset GIT_DIR GIT_INDEX_FILE',
    `cd ${join(folder, '../remote')}`,
    'git update-ref refs/heads/main $(git commit-tree -p main -m again "main^{tree}")',
  );
  const { code, err } = await run('promote', 'wisdom', '--commit', '--push');
  t.is(code, 1);
  t.regex(err, /twice in the meantime; take it back, pull, and do it again/);
  t.is(toNext(err), "git reset --keep 'HEAD~1' && git pull --rebase --autostash");
  execFileSync('rm', [join(folder, '.git/hooks/pre-push')]);
  other({ [status]: ready.replace(/(wisdom-1,.*state: )Ready/, '$1Failed') });
  shell(toNext(err));
  t.notRegex(git('log', '--format=%s'), /promote/);
  t.regex((await run('promote', 'wisdom', '--commit', '--push')).err, /\[candidate-not-ready\]$/m);
  t.notRegex(there('log', '--format=%s', 'main'), /promote/);
});

test('a hook here that refuses the push: the commit stays', async (t) => {
  const { run, git, there, hook, folder, shell } = setUp(t);
  hook('pre-push', 'echo tests fail; exit 1');
  const { code, out, err } = await run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(code, 3);
  t.regex(out, /committed on main as/);
  t.regex(err, /^model-mirror: it is not pushed: \n {4}tests fail\n(.|\n)*Next: git push\n$/);
  t.is(git('log', '--format=%s'), 'wisdom: mirror 0 %\nstart\n');
  t.is(there('log', '--format=%s', 'main'), 'start\n');
  execFileSync('rm', [join(folder, '.git/hooks/pre-push')]);
  shell(toNext(err));
  t.is(there('rev-parse', 'main'), git('rev-parse', 'main'));
});

testThoroughly('a hook that pushes elsewhere and then refuses is not taken for the push', async (t) => {
  const { run, git, there, hook } = setUp(t);
  git('init', '--quiet', '--bare', '../mirror');
  hook('pre-push', 'git push --porcelain --no-verify ../mirror main', 'echo no; exit 1');
  const { code, out, err } = await run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(code, 3);
  t.notRegex(out, /is pushed/);
  t.regex(err, /^model-mirror: it is not pushed: (.|\n)* no\n(.|\n)*Next: git push\n$/);
  t.is(there('log', '--format=%s', 'main'), 'start\n');
  hook('pre-push', 'echo all is well');
  const pushed = await run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(pushed.code, 0);
  t.is(pushed.err, 'git push printed: all is well\n');
});

testThoroughly('a server that gives no reason: git gives one', async (t) => {
  const { run, there } = setUp(t);
  there('config', 'receive.hideRefs', 'refs/heads/main');
  const { code, err } = await run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(code, 3);
  t.regex(err, /^ {4}\[remote rejected\] \(deny updating a hidden ref\)$/m);
});

test('a protected branch: the server’s reason is shown, and the next step creates another branch', async (t) => {
  const { run, git, there, hookThere, shell } = setUp(t);
  hookThere('update', 'test "$1" != refs/heads/main || { echo "main is protected: open a pull request"; exit 1; }');
  const { code, err } = await run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(code, 3);
  t.regex(err, /remote: main is protected: open a pull request/);
  t.is(toNext(err), 'git switch --create wisdom-mirror-0 && git push --set-upstream origin wisdom-mirror-0');
  shell(toNext(err));
  t.true(isZero(there('show', `wisdom-mirror-0:${policy}`)));
  t.is(git('branch', '--show-current'), 'wisdom-mirror-0\n');
});

testThoroughly('commits that are rebased onto those of the watcher are signed again', async (t) => {
  const { run, git, other, read, folder, put } = setUp(t);
  const gpg = join(folder, '../gpg');
  const sign = [
    '#!/bin/sh',
    'cat >/dev/null',
    'printf "\\n[GNUPG:] SIG_CREATED D 1 8 00 1 A\\n" >&2',
    'printf -- "-----BEGIN PGP SIGNATURE-----\\n\\nmine\\n-----END PGP SIGNATURE-----\\n"',
  ];
  writeFileSync(gpg, `${sign.join('\n')}\n`);
  chmodSync(gpg, 0o755);
  git('config', 'gpg.program', gpg);
  git('config', 'commit.gpgsign', 'true');
  other({ [status]: `${read(status)}# later\n` });
  t.is((await run('mirror', 'wisdom', '0', '--commit', '--push')).code, 0);
  t.regex(git('cat-file', 'commit', 'HEAD'), /^gpgsig -----BEGIN PGP SIGNATURE-----$/m);
  t.is(git('log', '-1', '--format=%s', 'HEAD~1'), 'theirs\n');
  // Without a key for it, nothing is rewritten.
  other({ [status]: `${read(status)}# again\n` });
  put('../count', '');
  writeFileSync(gpg, `${sign.join('\n')}\necho >>../count\ntest $(wc -l <../count) -lt 2\n`);
  const { code, err } = await run('mirror', 'wisdom', '10', '--commit', '--push');
  t.is(code, 1);
  t.regex(err, /has new commits, and the commits here could not be rebased onto them: git commit-tree failed/);
});

testThoroughly('over HTTP, with a password that a helper knows', async (t) => {
  const server = await startGitServer({ authorization: { username: 'ada', password: 'secret' } });
  t.teardown(() => server.close());
  await server.createRepository('deployments');
  const { git, run, put, read } = setUp(t);
  git('remote', 'set-url', 'origin', server.url('deployments'));
  const refused = await run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(refused.code, 3);
  t.regex(refused.err, /terminal prompts disabled|could not read Username/);
  put('../helper', '#!/bin/sh\necho username=ada\necho password=secret\n');
  chmodSync(join(git('rev-parse', '--show-toplevel').trim(), '../helper'), 0o755);
  git('config', 'credential.helper', '!../helper');
  // The remote is empty: there is no upstream branch yet, but git push makes it.
  const { code, err } = await run('mirror', 'wisdom', '0', '--commit', '--push');
  t.is(code, 0, err);
  const there = (...words: string[]) =>
    execFileSync('git', ['-C', server.folder('deployments'), ...words], { encoding: 'utf8', env: personal });
  t.is(there('rev-parse', 'main'), git('rev-parse', 'main'));
  // The watcher is faster.
  const tree = there('rev-parse', 'main^{tree}').trim();
  t.truthy(tree);
  const later = there('commit-tree', '-p', 'main', '-m', 'status', 'main^{tree}').trim();
  there('update-ref', 'refs/heads/main', later);
  const rebased = await run('mirror', 'wisdom', '7', '--commit', '--push');
  t.is(rebased.code, 0, rebased.err);
  t.is(there('log', '--format=%s', 'main'), 'wisdom: mirror 7 %\nstatus\nwisdom: mirror 0 %\nstart\n');
  t.is(there('rev-parse', 'main'), git('rev-parse', 'main'));
  t.regex(read(policy), /mirrorPercentage: 7/);
});

testThoroughly('a policy that is new is pushed, too', async (t) => {
  const { run, git, there } = setUp(t);
  git('rm', '--quiet', policy);
  git('commit', '--quiet', '--message', 'no policy', policy);
  t.is((await run('mirror', 'wisdom', '0', '--here', '--commit', '--push')).code, 0);
  t.true(isZero(there('show', `main:${policy}`)));
});
