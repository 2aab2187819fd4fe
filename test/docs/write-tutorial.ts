/** `npm run docs`: plays the tutorial, and writes what its commands say into the page. */
import { readFileSync, writeFileSync } from 'node:fs';
import { readBlocks, toComparable, toQuicker, tutorialFile } from './tutorial.ts';
import { setTutorialStage } from './tutorial-stage.ts';

/** So much of a longer output is shown, if the page does not show less already. */
const maxLines = 45;

const stage = await setTutorialStage('standard');
let page = readFileSync(tutorialFile, 'utf8');
let at = 0;
try {
  for (const { commands, mustFail, shown } of readBlocks(tutorialFile, 'standard')) {
    const { code, said } = await stage.shell.play(toQuicker(commands));
    if ((code !== 0) !== mustFail) throw new Error(`${commands}\n${said}\n${stage.said()}`);
    at = page.indexOf(commands, at) + commands.length + '\n```\n'.length;
    if (shown === undefined ? said === '' : toComparable(said, shown) === toComparable(shown, shown)) continue;
    const lines = said.replaceAll(' --interval 300ms', '').trimEnd().split('\n');
    const cut = shown?.split('\n').indexOf('…') ?? -1;
    const most = cut === -1 ? maxLines : cut;
    const kept = lines.length > most ? [...lines.slice(0, most), '…'] : lines;
    const old = shown === undefined ? '' : `\n\`\`\`text\n${shown}\`\`\`\n`;
    const text = `\n\`\`\`text\n${kept.join('\n')}\n\`\`\`\n`;
    page = page.slice(0, at) + text + page.slice(at + old.length);
  }
} finally {
  await stage.end();
}
writeFileSync(tutorialFile, page);
