/**
 * The installation as a reader types it: the code blocks of a page, in their order, in a folder that holds nothing but
 * a clone of this repository, the `install.yaml` of a release, an Argo CD's kustomization and a token.
 *
 * `docker`, `kubectl` and `helm` are played (`played-commands.ts`): what they would send is collected, and looked at as any
 * other installation.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { marked } from 'marked';
import { parse } from 'yaml';
import { findHelm, renderInstallFile } from '../../.config/install-file.ts';
import { valueAt } from '../../src/core/input/plain-value.ts';
import { toRepoServer } from './installations.ts';
import type { Built } from './kustomize.ts';
import { build } from './kustomize.ts';
import { readRecord } from './played-record.ts';

const root = join(import.meta.dirname, '../..');
const player = join(import.meta.dirname, 'played-commands.ts');

/** All that a block of these pages may use, beside the shell's own words. */
export const playedCommands = ['docker', 'kubectl', 'helm', 'sed'];
const withPlayer = ['docker', 'kubectl', 'helm'];

export interface Typed {
  /** What is there at the end. */
  readonly objects: readonly Built[];
  /** How many blocks there were, by their language. */
  readonly blocks: Readonly<Record<string, number>>;
}

/**
 * @param folder is made where it is not there; otherwise what is typed follows what was typed there before.
 * @param heading of the page's part that is typed.
 * @param within where its commands are typed: the folder, or the clone in it.
 * @throws Error with what a command said when it failed.
 */
export function typePage(page: string, heading: string, folder: string, within: '' | 'model-mirror' = ''): Typed {
  const bin = join(folder, 'bin');
  const work = join(folder, 'work');
  const record = join(folder, 'record.jsonl');
  if (!existsSync(folder)) prepare(bin, work, record);
  const objects: Built[] = [];
  const blocks: Record<string, number> = {};
  for (const { lang, text } of readCode(page, heading)) {
    blocks[lang] = (blocks[lang] ?? 0) + 1;
    if (lang === 'yaml') takeYaml(work, text, objects);
    else if (lang === 'sh') type(join(work, within), text, { PATH: `${bin}:/usr/bin:/bin`, PLAYED_RECORD: record });
  }
  return { objects: [...objects, ...readRecord(record)], blocks };
}

function prepare(bin: string, work: string, record: string): void {
  for (const place of [bin, work]) mkdirSync(place, { recursive: true });
  writeFileSync(record, '');
  for (const name of withPlayer) {
    writeFileSync(join(bin, name), `#!/bin/sh\nexec '${process.execPath}' '${player}' ${name} "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const left = ['.git', 'node_modules', 'dist', 'fixtures', 'test', 'docs'].map((name) => join(root, name));
  cpSync(root, join(work, 'model-mirror'), { recursive: true, filter: (path) => !left.includes(path) });
  writeFileSync(join(work, 'install.yaml'), renderInstallFile(findHelm() ?? '', root));
  writeFileSync(join(work, 'token'), 'a-token\n');
  mkdirSync(join(work, 'argocd'));
  writeFileSync(join(work, 'argocd/repo-server.yaml'), toRepoServer(''));
}

/**
 * What is otherwise than in the component's sidecar where Argo CD comes from its Helm chart or its operator.
 * @param component what kustomize builds with it.
 */
export function findOtherSidecars(page: string, heading: string, component: readonly Built[]): string[] {
  const exclusions = 'PLUGIN_TAR_EXCLUSIONS';
  const pod = valueAt(component[0], ['spec', 'template', 'spec']);
  const [main, sidecar] = valueAt(pod, ['containers']) as readonly unknown[];
  const excluded = (valueAt(main, ['env']) as readonly { name: string }[]).find(({ name }) =>
    name.endsWith(exclusions),
  );
  const own = (valueAt(pod, ['volumes']) as readonly { name: string }[]).filter(({ name }) =>
    /^model-mirror/.test(name),
  );
  const [helm, operator, ...others] = readCode(page, heading).map(({ text }) => parse(text) as unknown);
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['Helm: containers', valueAt(helm, ['repoServer', 'extraContainers']), [sidecar]],
    ['Helm: volumes', valueAt(helm, ['repoServer', 'volumes']), own],
    [
      'Helm: exclusions',
      valueAt(helm, ['configs', 'params', 'reposerver.plugin.tar.exclusions']),
      valueAt(excluded, ['value']),
    ],
    ['operator: kind', valueAt(operator, ['kind']), 'ArgoCD'],
    ['operator: containers', valueAt(operator, ['spec', 'repo', 'sidecarContainers']), [sidecar]],
    ['operator: volumes', valueAt(operator, ['spec', 'repo', 'volumes']), own],
    ['operator: variables', valueAt(operator, ['spec', 'repo', 'env']), [excluded]],
    ['further blocks', others, []],
  ];
  return pairs
    .filter(([, found, wanted]) => wanted === undefined || !isDeepStrictEqual(found, wanted))
    .map(([what, found, wanted]) => `${what}: ${JSON.stringify(found)} is not ${JSON.stringify(wanted)}`);
}

function readCode(page: string, heading: string): { readonly lang: string; readonly text: string }[] {
  const found: { lang: string; text: string }[] = [];
  let isIn = false;
  for (const token of marked.lexer(readFileSync(join(root, page), 'utf8'))) {
    if (token.type === 'heading') isIn = token['text'] === heading;
    if (isIn)
      marked.walkTokens([token], (inner) => {
        if (inner.type === 'code') found.push({ lang: inner['lang'] ?? '', text: inner['text'] as string });
      });
  }
  return found;
}

/** An object, or a part of Argo CD's own kustomization. */
function takeYaml(work: string, text: string, objects: Built[]): void {
  const value = parse(text) as Partial<Built>;
  if (value.kind !== undefined) {
    objects.push(value as Built);
    return;
  }
  writeFileSync(join(work, 'argocd/kustomization.yaml'), `resources: [repo-server.yaml]\n${text}\n`);
  objects.push(...build(join(work, 'argocd')));
}

function type(work: string, commands: string, environment: Readonly<Record<string, string>>): void {
  const { status, stdout, stderr } = spawnSync('sh', ['-e', '-c', commands], {
    cwd: work,
    env: environment,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${commands}\nends with ${status}: ${stdout}${stderr}`);
}
