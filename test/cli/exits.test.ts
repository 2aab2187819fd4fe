/**
 * Whatever is in files, their names, the command line and the cluster, none of it leaves as something that a terminal,
 * a CI system or a log collector obeys, or as a credential.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { main } from '../../src/cli/main.ts';
import { maskLine, safe } from '../../src/core/diagnostics/safe-text.ts';
import { git } from '../../src/demo/fakes/git.ts';
import { toJsonLog, toLineLog } from '../../src/io/process/log.ts';
import { plainStyle } from '../../src/output/style.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-exits-')));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

const credential = 'x7hunter2Q9zz';
const evil = `\n::error::evil\r\n##[error]evil\u001b[2J\u009b\u202e\u2028dbPassword=${credential} https://me:${credential}@host`;
const inJson = JSON.stringify(evil);
/** Names of files end at a slash. */
const inName = evil.replaceAll('/', '\u2044').slice(0, 60);

const model = (name: string, more = '') => `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata: {name: ${name}, namespace: models}
spec:
  template:
    metadata: {annotations: {serving.kserve.io/deploymentMode: ModelMesh}}
    spec: {predictor: {model: {modelFormat: {name: sklearn}}}}
  primary: {version: v1, storageUri: "s3://me:${credential}@models/a-1?token=${credential}"}
  candidate: {version: v2, storageUri: ${JSON.stringify(`s3://models/${evil}`)}}
${more}`;

const repositories: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  fine: { [`${inName}/model.yaml`]: model('a'), 'b/model.yaml': model('b') },
  broken: {
    [`${inName}/model.yaml`]: model(inJson),
    'unknown/model.yaml': model('c', `  ${inJson}: 1\n${inJson}: {}\n`),
    'kinds/model.yaml': `apiVersion: ${inJson}\nkind: ${inJson}\n`,
    'syntax/model.yaml': `a: "${credential}\nb: \t[\u0007\n*${credential} dbPassword=${credential}`,
    'reserved/model.yaml': model('d').replace(
      'version: v1',
      `overrides: {metadata: {labels: {${inJson}: ${inJson}}}}, version: ${inJson}`,
    ),
    'keys/model.yaml': `{"${'__proto__'}": 1, ${inJson}: 1, ${inJson}: 2, *alias : 1}`,
    'policy.yaml': `apiVersion: model-mirror.dev/v1alpha1
kind: MirrorPolicy
metadata: {name: ${inJson}}
spec:
  gate: ${inJson}
  patches: [{target: {kind: VirtualService, name: ${inJson}}, patch: [{op: add, path: ${inJson}, value: ${inJson}}]}]
`,
  },
  status: {
    'a/model.yaml': model('a'),
    'a/status.yaml': `apiVersion: model-mirror.dev/v1alpha1
kind: ModelStatus
metadata: {name: a, namespace: models}
status:
  primary: {name: a-0, version: v1, digest: ${'0'.repeat(32)}, state: Failed, reason: ${inJson}, message: ${inJson}}
  candidate: {name: ${inJson}, version: ${inJson}, digest: ${'0'.repeat(32)}, state: Failed, reason: ${inJson}, message: ${inJson}}
  mirror: {to: ${inJson}, percentage: 1}
`,
  },
};

const commands: readonly (readonly string[])[] = [
  ['validate'],
  ['validate', '--output', 'json'],
  ['validate', '--output', 'github'],
  ['validate', '--output', 'gitlab'],
  ['status'],
  ['status', '--output', 'json'],
  ['explain', 'a'],
  ['explain', evil],
  ['history', 'a', '--path', 'a'],
  ['diff', 'HEAD'],
  ['diff', evil],
  ['mirror', 'a', evil],
  ['mirror', evil, '5'],
  ['mirror', 'a', '5', '--dry-run', '--here'],
  ['candidate', 'set', 'b', '--version', evil, '--storage-uri', evil],
  ['render', evil],
  ['render', '--select', evil],
  ['render', '--namespace', evil],
  ['render', `--${evil}`],
  ['validate', `--output=${evil}`],
  ['schema', evil],
  ['completion', evil],
  [evil],
  ['watch', '--repo', evil],
  ['watch', '--repo', `https://me:${credential}@host`],
];

/** Where it is a model's own diff, GitHub's commands are the program's. */
const own = /^::(?:error|warning) file=/;

for (const [name, files] of Object.entries(repositories))
  test(`nothing foreign leaves: ${name}`, async (t) => {
    const root = join(folder, name);
    for (const [path, text] of Object.entries({ ...files, '.keep': '' })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    await git(root, ['init', '-q', '-b', 'main']);
    await git(root, ['add', '-A']);
    await git(root, ['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '-m', evil]);
    for (const words of commands) {
      const { code, output } = await run(words, root);
      t.not(code, 70, `${JSON.stringify(words)}: ${output}`);
      assertHarmless(t, output, JSON.stringify(words));
    }
  });

test('nothing foreign is logged', (t) => {
  const lines: string[] = [];
  for (const log of [toJsonLog((line) => lines.push(line)), toLineLog((line) => lines.push(line), plainStyle)])
    log.error(safe`${maskLine(evil)}`, { path: maskLine(evil), count: 1 });
  t.is(lines.length, 2);
  for (const line of lines) assertHarmless(t, line, 'log');
});

function assertHarmless(
  t: { readonly false: (value: boolean, message?: string) => void },
  output: string,
  what: string,
) {
  t.false(output.includes(credential), `${what}: ${output}`);
  for (const character of output) {
    const point = character.codePointAt(0) ?? 0;
    const isObeyed = (point < 0x20 && character !== '\n') || (point >= 0x7f && point < 0xa0) || point === 0x2028;
    t.false(isObeyed || point === 0x202e, `${what}: U+${point.toString(16)} in ${JSON.stringify(output)}`);
  }
  for (const line of output.split('\n')) t.false(/^\s*(?:::|##\[)/.test(line) && !own.test(line), `${what}: ${line}`);
}

async function run(
  words: readonly string[],
  root: string,
): Promise<{ readonly code: number; readonly output: string }> {
  const written: string[] = [];
  const code = await main(words, {
    version: '0.0.0',
    workingDirectory: root,
    program: ['model-mirror'],
    environment: {},
    write: (_, texts) => written.push(...texts),
    isTerminal: () => false,
    size: () => undefined,
    style: () => plainStyle,
  });
  return { code, output: written.join('') };
}
