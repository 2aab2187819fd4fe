import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { marked } from 'marked';
import { parseAllDocuments } from 'yaml';
import type { Host } from '../../src/cli/host.ts';
import { main } from '../../src/cli/main.ts';
import { parseModel, parsePolicy, parseStatus } from '../../src/core/input/parse-document.ts';
import { plainStyle } from '../../src/output/style.ts';
import { referenceFile, toReference } from './reference.ts';
import { readmeFile, withSupport } from './support.ts';

const root = join(import.meta.dirname, '../..');
const pages = globSync(['*.md', 'docs/*.md', 'plugin/**/*.md'], { cwd: root }).sort();
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
const parsers = { Model: parseModel, MirrorPolicy: parsePolicy, ModelStatus: parseStatus } as const;

test('there are pages to look at', (t) => {
  t.true(pages.includes('README.md') && pages.some((page) => page.startsWith('docs/')));
});

test('the reference is what the schemas give', (t) => {
  t.is(readFileSync(referenceFile, 'utf8'), toReference());
});

test('the README is one page, and its support matrix has the versions that the real stack is pinned to', (t) => {
  const page = readFileSync(readmeFile, 'utf8');
  t.is(page, withSupport(page));
  t.regex(page, /\| Kubernetes \| \d+\.\d+\.\d+ \|/);
  t.true(page.split('\n').length <= 151);
  for (const name of ['shadow traffic', 'shadow deployment', 'dark launch']) t.true(page.includes(name), name);
});

for (const page of pages) {
  const tokens = marked.lexer(readFileSync(join(root, page), 'utf8'));

  test(`${page}: every link leads to something`, (t) => {
    const links: string[] = [];
    marked.walkTokens(tokens, (token) => {
      if (token.type === 'link' || token.type === 'image') links.push(token.href);
    });
    const broken = links.filter((link) => !/^https:/.test(link) && !leadsSomewhere(page, link));
    t.deepEqual(broken, []);
    t.deepEqual(
      links.filter((link) => link.startsWith('http:')),
      [],
    );
  });

  test(`${page}: every command that it shows is one, with the flags that it has`, async (t) => {
    const unknown: string[] = [];
    for (const [command, ...words] of toCommands(tokens)) {
      if (command === 'npm' && words[0] === 'run' && !((words[1] ?? '') in scripts))
        unknown.push(`npm ${words.join(' ')}`);
      if (command !== 'model-mirror') continue;
      const help = await readHelp(words);
      for (const flag of words.filter((word) => /^--?[a-z]/i.test(word)).map((word) => word.split('=')[0] ?? ''))
        if (!help.includes(`${flag} `)) unknown.push(`${words.join(' ')}: ${flag}`);
    }
    t.deepEqual(unknown, []);
  });

  test(`${page}: every YAML that it shows is YAML`, (t) => {
    const broken: string[] = [];
    marked.walkTokens(tokens, (token) => {
      if (token.type !== 'code' || token.lang !== 'yaml') return;
      broken.push(...parseAllDocuments(token.text).flatMap(({ errors }) => errors.map(({ message }) => message)));
    });
    t.deepEqual(broken, []);
  });

  test(`${page}: every file that it shows is one`, (t) => {
    const problems: string[] = [];
    marked.walkTokens(tokens, (token) => {
      if (token.type !== 'code' || token.lang !== 'yaml') return;
      const kind = /^kind: (Model|MirrorPolicy|ModelStatus)$/m.exec(token.text)?.[1] as
        | keyof typeof parsers
        | undefined;
      if (kind === undefined || !token.text.includes('model-mirror.dev/')) return;
      const found = parsers[kind]({ path: page, text: token.text }).problems;
      problems.push(...found.map(({ line, message }) => `${token.text.split('\n')[line - 1]}: ${message}`));
    });
    t.deepEqual(problems, []);
  });
}

/** To a file, and where a heading is named, to that one, as git hosts call it. */
function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? join(root, page) : join(root, dirname(page), path);
  if (!existsSync(file)) return false;
  if (anchor === undefined) return true;
  const tokens = marked.lexer(readFileSync(file, 'utf8'));
  return tokens.some((token) => token.type === 'heading' && toAnchor(String(token['text'])) === anchor);
}

function toAnchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** The words of each command in the blocks for a shell: what follows a pipe or `&&` is one more. */
function toCommands(tokens: ReturnType<typeof marked.lexer>): string[][] {
  const commands: string[][] = [];
  marked.walkTokens(tokens, (token) => {
    if (token.type !== 'code' || !/^sh\b/.test(token.lang ?? '')) return;
    const lines = (token.text as string).replace(/\\\n/g, ' ').split('\n');
    const texts = lines.flatMap((line) => line.replace(/(^|\s)#.*$/, '').split(/&&|\||;/));
    commands.push(...texts.map((text) => text.trim().split(/\s+/)));
  });
  return commands;
}

/** The output of `--help` for the command that the words begin with, and for its subcommand. */
async function readHelp(words: readonly string[]): Promise<string> {
  let help = '';
  const host: Host = {
    version: '0.0.0',
    workingDirectory: root,
    program: ['model-mirror.cjs'],
    environment: {},
    write: (_, texts) => {
      for (const text of texts) help += text;
    },
    isTerminal: () => false,
    size: () => undefined,
    style: () => plainStyle,
  };
  const names = words[0] === 'candidate' ? words.slice(0, 2) : words.slice(0, 1);
  const code = await main([...names, '--help'], host);
  return code === 0 ? help : '';
}
