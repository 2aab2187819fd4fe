/** What people typed to run the program is what the usage and the examples show. */
import test from 'ava';
import { toCalledAs } from '../../src/cli/called-as.ts';
import { main } from '../../src/cli/main.ts';
import { plainStyle } from '../../src/output/style.ts';

async function showHelp(words: readonly string[], calledAs: string | undefined): Promise<string> {
  let text = '';
  const code = await main(words, {
    version: '0.0.0',
    workingDirectory: '.',
    program: ['model-mirror'],
    calledAs,
    environment: {},
    write: (_, texts) => {
      text += [...texts].join('');
    },
    isTerminal: () => false,
    size: () => undefined,
    style: () => plainStyle,
  });
  return `${code} ${text}`;
}

test('only a file of the name that kubectl looks for is its plugin', (t) => {
  t.is(toCalledAs('/usr/local/bin/kubectl-model_mirror'), 'kubectl model_mirror');
  t.is(toCalledAs('kubectl-model_mirror'), 'kubectl model_mirror');
  t.is(toCalledAs('C:\\bin\\kubectl-model_mirror.exe'), 'kubectl model_mirror');
  for (const file of ['', 'model-mirror', '/opt/kubectl-model_mirror/dist/model-mirror.cjs', 'my-kubectl-model_mirror'])
    t.is(toCalledAs(file), undefined, file);
});

test('the usage and the examples of every command show how it is called', async (t) => {
  const help = await showHelp(['--help'], undefined);
  const commands = [...help.matchAll(/^ {2}([a-z]+)(?= )/gm)].map(([, name = '']) => name);
  t.true(commands.length > 15);
  for (const words of [['--help'], ...commands.filter((name) => name !== 'help').map((name) => [name, '--help'])]) {
    const usual = await showHelp(words, undefined);
    const text = await showHelp(words, 'kubectl model_mirror');
    t.regex(usual, /^0 Usage: model-mirror /, words[0]);
    t.regex(text, /^0 Usage: kubectl model_mirror /, words[0]);
    t.deepEqual(
      [...text.matchAll(/^ *\$ .*$/gm)].filter(([line]) => /model-mirror [a-z]/.test(line)),
      [],
      words[0],
    );
  }
});
