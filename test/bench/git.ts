/**
 * How long it takes to read what git holds, beside git itself: `npm run bench:git`.
 *
 * One repository has ten thousand commits on its main branch, many of them merges of branches that had
 * left long before; the other has ten thousand models, and a branch that changes one or all of them.
 *
 * With `-- --against PATH/model-mirror.cjs` each command is run by that build too, in turn, and its ratio is to that.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Case } from './race.ts';
import { race } from './race.ts';

const program = join(import.meta.dirname, '../../dist/model-mirror.cjs');
const { against } = parseArgs({ options: { against: { type: 'string' } } }).values;
const head = 'apiVersion: model-mirror.dev/v1alpha1\n';
const start = 1_600_000_000;

/** The input of git fast-import. */
class Stream {
  text = '';
  #mark = 0;

  /** @returns the mark of the commit. */
  commit(
    branch: string,
    files: Readonly<Record<string, string>>,
    { from, merge }: { readonly from?: number | undefined; readonly merge?: number } = {},
  ): number {
    const mark = ++this.#mark;
    const lines = [
      `commit refs/heads/${branch}`,
      `mark :${mark}`,
      `committer Ada <ada@example.com> ${start + 60 * mark} +0000`,
      ...toData(`change ${mark}`),
      ...(from === undefined ? [] : [`from :${from}`]),
      ...(merge === undefined ? [] : [`merge :${merge}`]),
      ...Object.entries(files).flatMap(([path, text]) => [`M 100644 inline ${path}`, ...toData(text)]),
    ];
    this.text += `${lines.join('\n')}\n`;
    return mark;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'model-mirror-bench-'));
try {
  const old = makeRepository('old', writeOld());
  race('The history of one of 100 models, over 10,000 commits', 5, [
    { name: 'git log --patch', command: ['git', 'log', '--first-parent', '--patch', '--', toFolder(7)], cwd: old },
    ...run(old, ['history', toName(7)]),
    ...run(old, ['history', toName(7), '--output', 'html']),
    // It looks through all of them.
    ...run(old, ['history', 'nobody'], 1),
  ]);
  race('What a branch changes there, where it left eight commits ago', 10, [
    { name: 'git diff', command: ['git', 'diff', 'main...feature'], cwd: old },
    ...run(old, ['diff', 'main...feature']),
    ...run(old, ['diff', 'main...feature', '--output', 'markdown']),
  ]);
  const wide = makeRepository('wide', writeWide());
  race('10,000 models', 3, [
    ...run(wide, ['render']),
    ...run(wide, ['status', '--differing']),
    ...run(wide, ['status', '--revision', 'main', '--differing']),
    ...run(wide, ['diff', 'main', 'one', '--output', 'markdown']),
    ...run(wide, ['diff', 'main', 'all', '--output', 'markdown']),
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** By the build that is compared with first, if there is one. */
function run(cwd: string, words: readonly string[], status = 0): Case[] {
  const shown = words.join(' ').replace(' --output', '');
  const name = `model-mirror ${shown}`;
  const own: Case = { name, command: [process.execPath, program, ...words], cwd, status };
  if (against === undefined) return [own];
  const other = { ...own, name: `other ${shown}`, command: [process.execPath, resolve(against), ...words] };
  return [other, { ...own, beside: other.name }];
}

/** Packed, as clones are, and with its main branch as the working tree. */
function makeRepository(name: string, stream: string): string {
  const repository = join(folder, name);
  mkdirSync(repository);
  for (const [words, input] of [
    [['init', '--quiet', '--initial-branch', 'main']],
    [['fast-import', '--quiet'], stream],
    [['repack', '-adq']],
    [['checkout', '--quiet', 'main']],
  ] as const) {
    const { status, stderr } = spawnSync('git', words, { cwd: repository, input: input ?? '', encoding: 'utf8' });
    if (status !== 0) throw new Error(`git ${words.join(' ')}: ${stderr}`);
  }
  return repository;
}

function writeOld(): string {
  const stream = new Stream();
  const models = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [toFile(i), toModel(i, 1)]));
  const main = [stream.commit('main', models)];
  for (let i = 1; i < 10_000; i++) {
    const change = { [toFile(i % 100)]: toModel(i % 100, i) };
    const from = main.at(-1);
    // Its files are other ones, so that the merge has nothing to decide.
    const side =
      i % 3 === 0 ? stream.commit('side', { [`notes/${i % 50}.md`]: `${i}\n` }, { from: main.at(-15) ?? main[0] }) : 0;
    main.push(stream.commit('main', change, side === 0 ? { from } : { from, merge: side }));
  }
  stream.commit('feature', { [toFile(7)]: toModel(7, 99_999) }, { from: main.at(-8) });
  return stream.text;
}

function writeWide(): string {
  const stream = new Stream();
  const models = Array.from({ length: 10_000 }, (_, i) => [toFile(i), toModel(i, 1)]);
  const main = stream.commit('main', { ...Object.fromEntries(models), 'policy.yaml': toPolicy(20) });
  stream.commit('one', { [toFile(7)]: toModel(7, 2) }, { from: main });
  stream.commit('all', { 'policy.yaml': toPolicy(80) }, { from: main });
  return stream.text;
}

function toData(text: string): string[] {
  return [`data ${Buffer.byteLength(text)}`, text];
}

function toName(model: number): string {
  return `model-${String(model).padStart(5, '0')}`;
}

function toFolder(model: number): string {
  return `models/${toName(model)}`;
}

function toFile(model: number): string {
  return `${toFolder(model)}/model.yaml`;
}

function toPolicy(percentage: number): string {
  return `${head}kind: MirrorPolicy\nmetadata: {name: bench}\nspec: {mirrorPercentage: ${percentage}, gate: None}\n`;
}

function toModel(model: number, version: number): string {
  const name = toName(model);
  return `${head}kind: Model
metadata:
  name: ${name}
  namespace: modelmesh-serving
spec:
  template: # what both versions share
    metadata:
      annotations:
        serving.kserve.io/deploymentMode: ModelMesh
    spec:
      predictor:
        model:
          modelFormat: {name: sklearn}
  primary:
    version: v1
    storageUri: s3://models/${name}/v1.joblib
  candidate:
    version: v${version + 1}
    storageUri: s3://models/${name}/v${version + 1}.joblib
`;
}
