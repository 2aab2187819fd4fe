/**
 * The installation as a reader types it: the code blocks of a page, in their order, in a folder that holds nothing but
 * a clone of this repository, an Argo CD's kustomization and a token.
 *
 * `docker` and `kubectl` are played (`played-commands.ts`): what they would send is collected, and looked at as any
 * other installation.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { marked } from 'marked';
import { parse } from 'yaml';
import { toRepoServer } from './installations.ts';
import type { Built } from './kustomize.ts';
import { build } from './kustomize.ts';

const root = join(import.meta.dirname, '../..');
const player = join(import.meta.dirname, 'played-commands.ts');

/** All that a block of these pages may use, beside the shell's own words. */
export const playedCommands = ['docker', 'kubectl'];

export interface Typed {
  readonly objects: readonly Built[];
  /** How many blocks there were, by their language. */
  readonly blocks: Readonly<Record<string, number>>;
}

/**
 * @param folder is made.
 * @param heading of the page's part that is typed; undefined: all of it.
 * @throws Error with what a command said when it failed.
 */
export function typePage(page: string, heading: string | undefined, folder: string): Typed {
  const bin = join(folder, 'bin');
  const work = join(folder, 'work');
  const record = join(folder, 'record.jsonl');
  for (const place of [bin, work]) mkdirSync(place, { recursive: true });
  writeFileSync(record, '');
  for (const name of playedCommands) {
    writeFileSync(join(bin, name), `#!/bin/sh\nexec '${process.execPath}' '${player}' ${name} "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const left = ['.git', 'node_modules', 'dist', 'fixtures', 'test', 'docs'].map((name) => join(root, name));
  cpSync(root, join(work, 'model-mirror'), { recursive: true, filter: (path) => !left.includes(path) });
  writeFileSync(join(work, 'token'), 'a-token\n');
  mkdirSync(join(work, 'argocd'));
  writeFileSync(join(work, 'argocd/repo-server.yaml'), toRepoServer(''));
  const objects: Built[] = [];
  const blocks: Record<string, number> = {};
  for (const { lang, text } of readCode(page, heading)) {
    blocks[lang] = (blocks[lang] ?? 0) + 1;
    if (lang === 'yaml') takeYaml(work, text, objects);
    else if (lang === 'sh') type(work, text, { PATH: `${bin}:/usr/bin:/bin`, PLAYED_RECORD: record });
  }
  const sent = readFileSync(record, 'utf8').split('\n').filter(Boolean);
  return { objects: [...objects, ...sent.map((line) => JSON.parse(line) as Built)], blocks };
}

function readCode(page: string, heading: string | undefined): { readonly lang: string; readonly text: string }[] {
  const found: { lang: string; text: string }[] = [];
  let isIn = heading === undefined;
  for (const token of marked.lexer(readFileSync(join(root, page), 'utf8'))) {
    if (token.type === 'heading' && heading !== undefined) isIn = token['text'] === heading;
    if (isIn)
      marked.walkTokens([token], (inner) => {
        if (inner.type === 'code') found.push({ lang: inner['lang'] ?? '', text: inner['text'] as string });
      });
  }
  return found;
}

/** A file whose first line says where it goes; an object; or a part of Argo CD's own kustomization. */
function takeYaml(work: string, text: string, objects: Built[]): void {
  const [, path] = /^# (\S+)\n/.exec(text) ?? [];
  if (path !== undefined) {
    mkdirSync(dirname(join(work, path)), { recursive: true });
    writeFileSync(join(work, path), `${text}\n`);
    return;
  }
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
