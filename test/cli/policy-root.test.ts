/**
 * Policies count from the repository's root, whichever folder an Application or a command names: a limit
 * of the outermost folder holds in every combination, or what is rendered shows that it does not.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { main } from '../../src/cli/main.ts';
import { git } from '../../src/demo/fakes/git.ts';
import { plainStyle } from '../../src/output/style.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-policy-root-')));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

const policy = (spec: string) =>
  `apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: p}\nspec: ${spec}\n`;

/** The model's own policy wants more than the outermost one allows. */
const files: Readonly<Record<string, string>> = {
  'policy.yaml': policy('{limits: {maxMirrorPercentage: 20}, mirrorPercentage: 5}'),
  'teams/policy.yaml': policy('{routing: {timeout: 9s}}'),
  'teams/a/policy.yaml': policy('{mirrorPercentage: 100}'),
  'teams/a/model.yaml': `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata: {name: a, namespace: models}
spec:
  template:
    metadata: {annotations: {serving.kserve.io/deploymentMode: ModelMesh}}
    spec: {predictor: {model: {modelFormat: {name: sklearn}}}}
  primary: {version: v1, storageUri: "s3://models/a-1"}
  candidate: {version: v2, storageUri: "s3://models/a-2"}
`,
};

/** @param inner the folder that the files are put below, as Argo CD would with a part of the repository. */
function layOut(name: string, from = '.'): string {
  const root = join(folder, name);
  for (const [path, text] of Object.entries(files)) {
    if (from !== '.' && !path.startsWith(`${from}/`)) continue;
    const at = join(root, from === '.' ? path : path.slice(from.length + 1));
    mkdirSync(join(at, '..'), { recursive: true });
    writeFileSync(at, text);
  }
  return root;
}

const plain = layOut('plain');
const cloned = layOut('cloned');
test.before(async () => {
  await git(cloned, ['init', '--quiet', '--initial-branch', 'main']);
  await git(cloned, ['add', '--all']);
  await git(cloned, ['commit', '--quiet', '--message', 'first']);
});

async function run(
  words: readonly string[],
  workingDirectory: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ code: number; out: string; errors: string }> {
  const written = { 1: '', 2: '' };
  const code = await main([...words], {
    version: '0.0.0',
    workingDirectory,
    program: ['model-mirror.cjs'],
    environment,
    write: (descriptor, texts) => {
      for (const text of texts) written[descriptor] += text;
    },
    isTerminal: () => false,
    now: () => 1_700_100_000,
    size: () => undefined,
    style: () => plainStyle,
  });
  return { code, out: written[1], errors: written[2] };
}

/** As Argo CD runs the plugin: in the Application's folder of what it has sent. */
async function runPlugin(command: 'render' | 'validate', at: string, path: string, root?: string) {
  const parameters = root === undefined ? 'null' : JSON.stringify([{ name: 'root', string: root }]);
  const words = command === 'render' ? ['render', '--output', 'json'] : ['validate'];
  return run(words, at, { ARGOCD_APP_SOURCE_PATH: path, ARGOCD_APP_PARAMETERS: parameters });
}

function toPoliciesFrom(out: string): string | undefined {
  for (const line of out.trim().split('\n')) {
    const { kind, metadata } = JSON.parse(line) as { kind: string; metadata: { annotations?: Record<string, string> } };
    const from = metadata.annotations?.['model-mirror.dev/policies-from'];
    if (from !== undefined) return `${kind} ${from}`;
  }
  return undefined;
}

const applications = ['.', 'teams', 'teams/a'] as const;
/** From each Application's folder: itself, and what is around it. */
const roots = { '.': ['.'], teams: ['.', '..'], 'teams/a': ['.', '..', '../..'] } as const;

for (const [name, root] of Object.entries({ 'with .git': cloned, 'without .git': plain }))
  for (const path of applications) {
    test(`an Application of ${path}, ${name}: the outermost limit holds`, async (t) => {
      for (const command of ['render', 'validate'] as const) {
        const { code, out, errors } = await runPlugin(command, join(root, path), path);
        t.is(code, 1);
        t.regex(out + errors, /teams\/a\/policy\.yaml:4:\d+: error: .*20 \(policy\.yaml:4\) \[over-limit\]/);
      }
    });

    for (const parameter of roots[path])
      test(`an Application of ${path}, ${name}, with the parameter root ${parameter}`, async (t) => {
        const isOutermost = join(path, parameter) === '.' || join(path, parameter) === './';
        for (const command of ['render', 'validate'] as const) {
          const { code, out, errors } = await runPlugin(command, join(root, path), path, parameter);
          t.is(code, isOutermost ? 1 : 0, `${out}${errors}`);
          t.regex(out + errors, isOutermost ? /\[over-limit\]/ : /^policy\.yaml:1:1: warning: .*\[policy-ignored\]/m);
          if (command === 'render')
            t.is(isOutermost ? out : toPoliciesFrom(out), isOutermost ? '' : `VirtualService ${join(path, parameter)}`);
        }
      });
  }

test('where Argo CD sends a part of the repository only, nothing is rendered unless a parameter says so', async (t) => {
  for (const [sent, inner] of [
    ['teams/a', '.'],
    ['teams', 'a'],
    ['teams', '.'],
  ] as const) {
    const at = join(layOut(`sent-${sent.replace('/', '-')}`, sent), inner);
    const path = join(sent, inner);
    const refused = await runPlugin('render', at, path);
    t.is(refused.code, 1);
    t.is(refused.out, '');
    t.regex(refused.errors, new RegExp(`^${sent}:1:1: error: .*\\[outer-policies-missing\\]`, 'm'));
    const accepted = await runPlugin('render', at, path, '.');
    t.is(accepted.code, 0, accepted.errors);
    t.regex(accepted.errors, new RegExp(`^${sent}:1:1: warning: .*\\[policy-ignored\\]`, 'm'));
    t.is(toPoliciesFrom(accepted.out), `VirtualService ${path}`);
  }
});

test('commands of people count the outermost limit, from wherever they are run', async (t) => {
  for (const words of [
    ['render', 'teams/a'],
    ['validate', 'teams/a'],
    ['explain', 'a'],
    ['status', 'a'],
    ['status', '--revision', 'HEAD'],
    ['diff', 'HEAD'],
    ['mirror', 'a', '90', '--dry-run'],
  ]) {
    const { code, out, errors } = await run(words, cloned);
    t.is(code, 1, words.join(' '));
    t.regex(out + errors, /\[over-limit\]/, words.join(' '));
  }
  for (const words of [
    ['render'],
    ['validate'],
    ['explain', 'a'],
    ['status'],
    ['diff', 'HEAD'],
    ['mirror', 'a', '90', '--dry-run'],
  ]) {
    const { code, out, errors } = await run(words, join(cloned, 'teams/a'));
    t.is(code, 1, words.join(' '));
    t.regex(out + errors, /\[over-limit\]/, words.join(' '));
  }
});

test('commands of people show it where --root leaves the outermost policy out', async (t) => {
  for (const words of [
    ['render', 'teams/a'],
    ['validate', 'teams/a'],
    ['explain', 'a'],
    ['status', 'a'],
    ['status', '--path', 'teams', '--revision', 'HEAD'],
    ['diff', 'HEAD', '--path', 'teams'],
    ['history', 'a', '--path', 'teams'],
    ['mirror', 'a', '90', '--dry-run', '--path', 'teams'],
  ]) {
    const path = ['explain', 'status'].includes(words[0] ?? '') && !words.includes('--path') ? ['--path', 'teams'] : [];
    const { code, out, errors } = await run([...words, ...path, '--root', 'teams'], cloned);
    t.is(code, 0, `${words.join(' ')}: ${errors}`);
    t.regex(out + errors, /policy\.yaml:1:1: warning: .*\[policy-ignored\]/, words.join(' '));
  }
});

test('outside of a repository it is said that nothing above the folder counts', async (t) => {
  const { code, errors } = await run(['render', 'teams/a'], plain);
  t.is(code, 0);
  t.regex(errors, /policies count from this folder \[no-repository\]/);
  const { code: whole, errors: limit } = await run(['render', 'teams/a', '--repo-root', '.'], plain);
  t.is(whole, 1);
  t.regex(limit, /\[over-limit\]/);
});
