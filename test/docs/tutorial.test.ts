import test from 'ava';
import { readBlocks, toComparable, toQuicker, tutorialFile } from './tutorial.ts';
import { setTutorialStage } from './tutorial-stage.ts';

test('every command of the tutorial does what the page says, while a bot pushes in between', async (t) => {
  const blocks = readBlocks(tutorialFile);
  t.true(blocks.filter(({ shown }) => shown !== undefined).length > 10, 'a page that shows nothing proves nothing');
  const stage = await setTutorialStage('modelmesh');
  try {
    for (const { commands, mustFail, shown } of blocks) {
      // Whoever cloned or pulled before is behind when they push.
      if (commands.includes('git push')) await stage.intrude();
      const { code, said } = await stage.shell.play(toQuicker(commands));
      t.is(code !== 0, mustFail, `${commands}\n${said}\n${stage.watcherSaid()}`);
      if (shown === undefined) t.is(said, '', commands);
      else t.is(toComparable(said, shown), toComparable(shown, shown), commands);
    }
  } finally {
    await stage.end();
  }
});
