/** The messages in docs/git-hosts.md are what the program prints. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/git-hosts.md'), 'utf8');
/** The templates of all messages; a template within another one is cut out of it. */
const templates = globSync(['src/io/**/*.ts', 'src/cli/watch/*.ts', 'src/watch/*.ts'], { cwd: root }).flatMap((file) =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/safe`([^`]*)`/g)].map(([, text = '']) => text),
);

/** The first cell of each row of a section's tables. */
function listMessages(title: string): string[] {
  const section = page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, message = '']) => message);
}

for (const [title, least] of [
  ['What the messages mean', 20],
  ['Proxy and private CA', 7],
] as const)
  test(`${title}: each message is one of the program`, (t) => {
    const messages = listMessages(title);
    t.true(messages.length >= least);
    const unknown = messages.filter((message) => {
      const parts = message.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
      const pattern = new RegExp(parts.join('.*'));
      return !templates.some((template) => pattern.test(template.replace(/\$\{[^}]*\}/g, '…')));
    });
    t.deepEqual(unknown, []);
  });

test('each host says what was run against the real server', (t) => {
  for (const host of ['GitHub', 'GitLab', 'Gitea and Forgejo', 'Bitbucket', 'Azure DevOps'])
    t.regex(page.split(`\n## ${host}\n`)[1]?.split('\n## ')[0] ?? '', /Run against the real server/);
});
