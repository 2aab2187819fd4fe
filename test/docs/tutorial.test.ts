import type { ExecutionContext } from 'ava';
import test from 'ava';
import { testThoroughly } from '../thorough.ts';
import { readBlocks, readDifferences, toComparable, toQuicker, tutorialFile } from './tutorial.ts';
import { setTutorialStage } from './tutorial-stage.ts';

for (const mode of ['standard', 'modelmesh'] as const)
  testThoroughly(
    `every command of the tutorial does what the page says on demo --play in ${mode} mode, while a bot pushes in between`,
    async (t: ExecutionContext) => {
      const blocks = readBlocks(tutorialFile, mode);
      t.true(blocks.filter(({ shown }) => shown !== undefined).length > 10, 'a page that shows nothing proves nothing');
      const stage = await setTutorialStage(mode);
      let left: readonly string[] | undefined;
      try {
        const [address = ''] = /http:\/\/127\.0\.0\.1:\d+\/$/m.exec(stage.said()) ?? [];
        t.regex(
          await (await fetch(address)).text(),
          /<h1>Models<\/h1>/,
          "the address that it prints has the watcher's pages",
        );
        for (const { commands, mustFail, shown } of blocks) {
          // Whoever cloned or pulled before is behind when they push.
          if (commands.includes('git push')) await stage.intrude();
          const { code, said } = await stage.shell.play(toQuicker(commands));
          t.is(code !== 0, mustFail, `${commands}\n${said}\n${stage.said()}`);
          if (shown === undefined) t.is(said, '', commands);
          else t.is(toComparable(said, shown), toComparable(shown, shown), commands);
        }
      } finally {
        left = await stage.end();
      }
      t.deepEqual(left, [], 'Ctrl-C leaves no file and no process');
    },
  );

test('each difference between the modes that the page lists is in its blocks', (t) => {
  const texts = readBlocks(tutorialFile, 'standard').flatMap(({ commands, shown = '' }) => [commands, shown]);
  const differences = readDifferences(tutorialFile);
  t.true(differences.length > 0);
  for (const [here] of differences) t.true(here !== '' && texts.some((text) => text.includes(here)), here);
});
