/**
 * Every command block of the pages that people follow first is typed by a test: here what needs no more than Node, npm
 * and git; `docs/tutorial.md` by `tutorial.test.ts`, both in `npm run test:thorough` alone; what needs docker or a cluster by
 * `test/install/check.ts`; the commands of the README by `.ci/run` itself.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { marked } from 'marked';
import { playedCommands } from '../install/typed.ts';
import { testThoroughly } from '../thorough.ts';
import { toQuicker } from './tutorial.ts';
import type { TutorialStage } from './tutorial-stage.ts';
import { setTutorialStage } from './tutorial-stage.ts';

const root = join(import.meta.dirname, '../..');
const pages = ['README.md', 'docs/tutorial.md', 'docs/commands.md', 'docs/install.md'];
/** By the first word of a line: what types it. */
const typedBy: Readonly<Record<string, string>> = {
  'model-mirror': 'here',
  export: 'here',
  git: 'the tutorial',
  echo: 'the tutorial',
  sleep: 'the tutorial',
  cd: 'the tutorial',
  npm: '.ci/run',
  ...Object.fromEntries(playedCommands.map((command) => [command, 'test/install/check.ts'])),
};

function toLines(text: string): string[] {
  return text
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function readCommandBlocks(page: string): string[] {
  const found: string[] = [];
  marked.walkTokens(marked.lexer(readFileSync(join(root, page), 'utf8')), (token) => {
    if (token.type === 'code' && /^(sh|bash|shell|console)\b/.test(token['lang'] ?? '')) found.push(token['text']);
  });
  return found;
}

test('each line of a command block begins with a word that some test types', (t) => {
  for (const page of pages) {
    const lines = readCommandBlocks(page).flatMap(toLines);
    t.true(lines.length > 1, page);
    for (const line of lines) t.true((line.split(' ')[0] ?? '') in typedBy, `${page}: ${line}`);
  }
});

test('what needs npm is run by CI', (t) => {
  const script = readFileSync(join(root, '.ci/run'), 'utf8');
  const lines = readCommandBlocks('README.md').flatMap(toLines);
  const npm = lines.filter((line) => line.startsWith('npm '));
  t.deepEqual(npm, ['npm ci && npm run demo', 'npm run demo -- --play']);
  for (const command of ['npm ci', 'npm run --silent demo', 'npm test']) t.true(script.includes(command), command);
});

/** What a comment of the page says that happens before or after its line. */
const said: Readonly<Record<string, { readonly before?: string; readonly after?: string }>> = {
  'commit and push: v1 is loaded': {
    after: `git add --all && git commit --quiet --message v1 && git pull --quiet --rebase && git push --quiet
model-mirror status wisdom --fetch --wait idle --timeout 5m >/dev/null 2>&1
git pull --quiet --rebase`,
  },
  'what the pull request will show': { after: 'git switch --quiet main && git merge --quiet wisdom-v2' },
  'merged: v2 loads, then the mirror opens': { before: 'git pull --quiet --rebase && git push --quiet' },
  'less of it; 0 is the brake': { before: 'git pull --quiet --rebase' },
  'if v2 was not so good after all': {
    before: 'model-mirror status wisdom --fetch --wait idle --timeout 5m && git pull --quiet --rebase',
  },
};
const push = 'git pull --quiet --rebase && git push --quiet';

testThoroughly('the rollout of the page about commands, in an empty repository', async (t) => {
  const stage = await setTutorialStage('standard');
  try {
    const play = async (commands: string) => {
      const { code, said: output } = await stage.shell.play(toQuicker(commands));
      t.is(code, 0, `${commands}\n${output}\n${stage.said()}`);
      return output;
    };
    const block = readCommandBlocks('docs/commands.md').find(
      (text) => text.includes('model-mirror init wisdom') && text.includes('history'),
    );
    const lines = toLines(block ?? '');
    t.is(lines.length, 9);
    await play('git clone --quiet "$REPOSITORY" deployments && cd deployments/models');
    for (const line of lines) {
      const [command = '', comment = ''] = line.split(/\s+#\s+/);
      const around = said[comment] ?? {};
      if (around.before !== undefined) await play(around.before);
      if (command.includes('promote'))
        await play(
          `${push} && model-mirror status wisdom --fetch --wait mirrored --timeout 5m && git pull --quiet --rebase`,
        );
      await play(command.replace('--wait mirrored', '--wait mirrored --timeout 5m'));
      if (around.after !== undefined) await play(around.after);
    }
    await play(push);
    t.regex(await play('model-mirror status wisdom --fetch --wait idle --timeout 5m'), /v1 is Ready/);
    await play('git pull --quiet --rebase');
    await playOthers(stage, play);
  } finally {
    await stage.end();
  }
});

/** The blocks below the rollout: where lines are alternatives, each in a folder of its own. */
async function playOthers(stage: TutorialStage, play: (commands: string) => Promise<string>): Promise<void> {
  const blocks = ['docs/commands.md', 'docs/install.md'].flatMap((page) =>
    readCommandBlocks(page).filter((text) => /^(model-mirror|export) /.test(text)),
  );
  const [, init = '', edit = '', look = '', watch = '', ...more] = blocks;
  if (more.length > 0) throw new Error(`nobody types ${more}`);
  const [set = '', mirror = '', promote = ''] = toLines(edit);
  await play(`${set}
git add --all && git commit --quiet --message v3 && ${push}
model-mirror status wisdom --fetch --wait mirrored --timeout 5m >/dev/null 2>&1 && git pull --quiet --rebase`);
  await play(mirror);
  await play(promote);
  await play(look);
  const quick = watch
    .replace('https://git.example.com/ml/deployments', '"$REPOSITORY"')
    .replace('127.0.0.1:8080', '127.0.0.1:0');
  await play(`${quick} --once --kubeconfig '${stage.kubeconfig}'`);

  await stage.create('inferenceservices', {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: {
      namespace: 'models',
      name: 'wisdom',
      annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh' },
    },
    spec: { predictor: { model: { modelFormat: { name: 'sklearn' }, storageUri: 's3://models/wisdom' } } },
  });
  const input = join(root, 'fixtures/init/from-iter8-and-file/input');
  // The first one asks, and is answered in test/cli/init.test.ts.
  for (const [i, line] of toLines(init).slice(1).entries())
    await play(`mkdir "$HOME/fresh-${i}" && cd "$HOME/fresh-${i}" && git init --quiet
cp '${input}/values.yaml' values.yaml && cp '${input}/memory.yaml' wisdom.yaml
export KUBECONFIG='${stage.kubeconfig}'
${line}`);
}
