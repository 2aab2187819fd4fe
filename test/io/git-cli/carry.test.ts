import test from 'ava';
import fc from 'fast-check';
import { carry } from '../../../src/commands/carry.ts';
import { git, gitEnvironment } from '../../../src/demo/fakes/git.ts';
import { GitCarryClone } from '../../../src/io/git-cli/carry.ts';
import { Git } from '../../../src/io/git-cli/git.ts';
import { toCarryMessage } from '../../../src/output/words/carry.ts';
import { times } from '../../thorough.ts';
import type { Action, Files } from '../carry-history.ts';
import { actions, CarryRepository, expectCarried, toChanges, toModelText } from '../carry-history.ts';

const plain = { suffix: undefined, signOff: undefined };
const branches = { source: 'main', deploy: 'deploy' };

async function carryByHand(folder: string) {
  using clone = new GitCarryClone(new Git(folder, { environment: gitEnvironment() }), branches);
  return await carry(
    { push: true, dryRun: false },
    (commit, undone, isFirst) => toCarryMessage(commit, undone, isFirst, plain),
    clone,
  );
}

test('after any history, the deploy branch has what the files say', async (t) => {
  await fc.assert(
    fc.asyncProperty(actions, async (history) => {
      const repository = await CarryRepository.make();
      try {
        const start = await repository.commit('main', new Map([['README.md', 'hello']]), 'the beginning');
        const clone = await repository.clone();
        let base: Files | undefined;
        for (const action of [...history, { do: 'carry' } as Action]) {
          const branch = ['hotfix', 'undo', 'observe'].includes(action.do) ? 'deploy' : 'main';
          if (action.do === 'carry') {
            const [source, deploy] = [await repository.read('main'), base && (await repository.read('deploy'))];
            const expected = base === undefined || deploy === undefined ? source : expectCarried(base, source, deploy);
            await carryByHand(clone);
            t.deepEqual(sort(await repository.read('deploy')), sort(expected));
            t.is(await repository.git('merge-base', 'main', 'deploy'), `${await repository.tip('main')}\n`);
            base = source;
          } else if (action.do === 'back') await repository.git('update-ref', 'refs/heads/main', start);
          else if (branch === 'main' || base !== undefined) {
            const changes = toChanges(action, await repository.read(branch));
            if (changes.size > 0) await repository.commit(branch, changes);
          }
        }
        t.is(await repository.git('fsck', '--strict', '--full', '--no-dangling'), '');
      } finally {
        repository.remove();
      }
    }),
    { numRuns: times(80, 6) },
  );
});

function sort(files: Files): [string, string][] {
  return [...files].sort(([a], [b]) => (a < b ? -1 : 1));
}

test('blame on the deploy branch names the person, and nothing is carried twice', async (t) => {
  const repository = await CarryRepository.make();
  t.teardown(() => repository.remove());
  await repository.commit('main', new Map([['a/model.yaml', toModelText('fraud')]]), 'add a model', 'Grace');
  const clone = await repository.clone();
  t.is((await carryByHand(clone)).code, 'created');
  await repository.commit('main', new Map([['a/policy.yaml', 'a policy\n']]), 'a policy', 'Grace');
  const made = await carryByHand(clone);
  t.is(made.code, 'carried');
  t.regex(await repository.git('blame', 'deploy', '--', 'a/policy.yaml'), /\(Grace /);
  t.is(
    await repository.git('log', '-1', '--format=%an %cn%n%B', 'deploy'),
    `Grace Tester\ncarry ${made.source.id.slice(0, 8)}: a policy\n\nCarried: ${made.source.id}\n\n`,
  );
  t.is(
    (await repository.git('log', '-1', '--format=%(trailers:key=Carried,valueonly)', 'deploy')).trim(),
    made.source.id,
  );
  const before = await repository.tip('deploy');
  t.is((await carryByHand(clone)).code, 'nothing');
  t.is(await repository.tip('deploy'), before);
  t.is(await git(clone, ['status', '--porcelain', '--branch']), '## main...origin/main [behind 1]\nD  a/model.yaml\n');
});
