/** A watcher and a person with a clone give the same files, byte for byte, after any history. */
import test from 'ava';
import fc from 'fast-check';
import { carry } from '../../../src/commands/carry.ts';
import { gitEnvironment } from '../../../src/demo/fakes/git.ts';
import { GitCarryClone } from '../../../src/io/git-cli/carry.ts';
import { Git } from '../../../src/io/git-cli/git.ts';
import { toCarryMessage } from '../../../src/output/words/carry.ts';
import { times } from '../../thorough.ts';
import type { Action } from '../carry-history.ts';
import { actions, toChanges } from '../carry-history.ts';
import { CarryScene, never } from './carry-scene.ts';

test('after any history, a watcher and a person carry the same tree, with the same message', async (t) => {
  let compared = 0;
  const property = fc.asyncProperty(actions, fc.boolean(), async (history, isPlain) => {
    const ends: (() => Promise<void> | void)[] = [];
    const scene = await CarryScene.start({ teardown: (end) => void ends.push(end as () => void) }, isPlain);
    try {
      const { repository } = scene;
      const start = await scene.main({ 'README.md': 'hello' }, 'the beginning');
      const folder = await repository.clone();
      const { branch } = scene.watch();
      await branch.fetch(never);
      for (const action of [...history, { do: 'carry' } as Action]) {
        if (action.do === 'carry') {
          const byHand = await carryByHand(folder);
          await branch.fetch(never);
          if (byHand === undefined) continue;
          compared++;
          // Brought together, for git to compare.
          await repository.git('fetch', '--quiet', folder, byHand);
          t.is(await repository.git('diff', '--name-status', byHand, 'deploy'), '');
          const format = ['log', '-1', '--format=%T%n%P%n%an %ae %at%n%B'];
          t.is(await repository.git(...format, 'deploy'), await repository.git(...format, byHand));
        } else if (action.do === 'back') await repository.git('update-ref', 'refs/heads/main', start);
        else {
          const name = ['hotfix', 'undo', 'observe'].includes(action.do) ? 'deploy' : 'main';
          const changes = toChanges(action, await repository.read(name));
          if (changes.size > 0) await repository.commit(name, changes);
        }
      }
      t.is(await repository.git('fsck', '--strict', '--full', '--no-dangling'), '');
    } finally {
      for (const end of ends) await end();
    }
  });
  await fc.assert(property, { numRuns: times(60, 8) });
  t.true(compared > 0);
});

/** @returns the commit, which is not pushed; undefined: nothing is to be carried. */
async function carryByHand(folder: string): Promise<string | undefined> {
  using clone = new GitCarryClone(new Git(folder, { environment: gitEnvironment() }), {
    source: 'main',
    deploy: 'deploy',
  });
  const message = { suffix: undefined, signOff: undefined };
  const { result } = await carry(
    { push: false, dryRun: false },
    (source, undone, isFirst) => toCarryMessage(source, undone, isFirst, message),
    clone,
  );
  return result.code === 'made' ? result.commit : undefined;
}
