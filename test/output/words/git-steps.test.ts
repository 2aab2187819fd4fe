/** Lines of git that people copy, read by the shell itself. */
import { execFileSync } from 'node:child_process';
import test from 'ava';
import { toGitLine, toNextLine } from '../../../src/output/words/git-steps.ts';

const names = [
  'plain',
  'a b',
  "it's",
  '"q"',
  '$HOME `x` $(x)',
  '-m',
  '100%\\n',
  '~',
  '=ls',
  '#1',
  'ü',
  'tab\tand \u202e',
  'line\nbreak',
];
/** What git takes for a pattern or for an option. */
const patterns = [':(top)x', 'a*[b]?', '-m', '!x', '\\x'];
const place = { folder: undefined, toPath: (file: string) => file };

/** The arguments of each git that a line would run. */
function runLine(line: string): string[][] {
  const script = `git() { printf '%s\\0' "$@"; printf '\\1'; }\n${line}`;
  const printed = execFileSync('sh', ['-c', script], { encoding: 'utf8', cwd: '/', env: { HOME: '/home' } });
  return printed
    .split('\u0001')
    .slice(0, -1)
    .map((one) => one.split('\0').slice(0, -1));
}

test('every name is one argument, on one line', (t) => {
  for (const name of [...names, ...patterns]) {
    const line = toGitLine([{ words: ['commit', '-m', name] }, { words: ['push'] }], { ...place, folder: name });
    t.false(line.includes('\n'), line);
    const [commit = [], push] = runLine(line);
    const [c, folder = '', ...words] = commit;
    t.deepEqual([c, ...words], ['-C', 'commit', '-m', name], line);
    t.is(folder.replace(/^\.\//, ''), name);
    t.false(folder.startsWith('-'));
    t.is(push?.at(-1), 'push');
  }
});

test('a path is not a pattern, nor an option', (t) => {
  for (const name of [...names, ...patterns]) {
    const [[, path = ''] = []] = runLine(toGitLine([{ words: ['add'], files: [name] }], place));
    t.is(path.replace(/^(\.\/|:\(literal\))/, ''), name);
    t.false(/^[-:]/.test(path) && !path.startsWith(':(literal)'), path);
    const [[, plain = ''] = []] = runLine(toGitLine([{ words: ['rm'], files: [name], takesPatterns: false }], place));
    t.is(plain.replace(/^\.\//, ''), name);
  }
});

test('git opens no editor for a text that exists', (t) => {
  const line = toGitLine([{ words: ['merge', '--continue'], opensEditor: true }], place);
  t.is(line as string, 'GIT_EDITOR=true git merge --continue');
});

test('where there is no command, a sentence says why', (t) => {
  t.is(toNextLine({ code: 'run', commands: [{ words: ['push'] }] }, place) as string, 'Next: git push');
  t.is(toNextLine({ code: 'no-branch' }, place) as string, 'No branch is checked out.');
  t.is(toNextLine({ code: 'no-remote' }, place) as string, 'There is no remote to push to yet.');
  const conflicts = ['a', 'b', 'c', 'd'];
  t.is(
    toNextLine({ code: 'unfinished', kind: 'merge', conflicts }, place) as string,
    'A merge is not finished here: resolve the conflicts in a, b, c and 1 more first.',
  );
});
