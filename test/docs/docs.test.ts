import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { marked } from 'marked';
import { parseModel, parsePolicy, parseStatus } from '../../src/input/parse-document.ts';
import { referenceFile, toReference } from './reference.ts';

const root = join(import.meta.dirname, '../..');
const pages = globSync(['*.md', 'docs/*.md', 'plugin/**/*.md'], { cwd: root }).sort();
const parsers = { Model: parseModel, MirrorPolicy: parsePolicy, ModelStatus: parseStatus } as const;

test('there are pages to look at', (t) => {
  t.true(pages.includes('README.md') && pages.some((page) => page.startsWith('docs/')));
});

test('the reference is what the schemas give', (t) => {
  t.is(readFileSync(referenceFile, 'utf8'), toReference());
});

for (const page of pages) {
  const tokens = marked.lexer(readFileSync(join(root, page), 'utf8'));

  test(`${page}: every link leads to something`, (t) => {
    const links: string[] = [];
    marked.walkTokens(tokens, (token) => {
      if (token.type === 'link' || token.type === 'image') links.push(token.href);
    });
    const broken = links.filter(
      (link) => !/^(https:|#)/.test(link) && !existsSync(join(root, dirname(page), link.replace(/#.*/, ''))),
    );
    t.deepEqual(broken, []);
    t.deepEqual(
      links.filter((link) => link.startsWith('http:')),
      [],
    );
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
