/** `.ci/run`, with other checks: whatever they do, the last line counts all of them, and the exit status says whether one failed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

const script = readFileSync(join(import.meta.dirname, '../../.ci/run'), 'utf8');
const [begin, end] = [script.indexOf("\ncheck 'install'"), script.indexOf('\nprintf \'\\n%s\' "$summary"')];

function run(t: ExecutionContext, checks: string) {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-ci-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'run'), `${script.slice(0, begin)}\n${checks}\n${script.slice(end)}`);
  const { status, stdout } = spawnSync('bash', [join(folder, 'run')], { encoding: 'latin1' });
  return { status, last: stdout.trimEnd().split('\n').at(-1), stdout };
}

test('the last line counts all checks, and the exit status follows from it', (t) => {
  t.true(begin > 0 && end > begin);
  for (const [checks, passed, failed] of [
    ['check one true', 1, 0],
    ["check 'one %s `two`' false\ncheck two printf abc", 1, 1],
    ["check killed bash -c 'kill -9 $$'", 0, 1],
    ["beside 'a|true\nb|false' 'c|true'", 2, 1],
    ["beside 'a/b|true\na/b|false' '*|exit 3'", 1, 2],
    ["beside 'a|echo x | grep -q x' 'b|printf abc; exit 1'", 1, 1],
    ["beside 'a|kill -9 $$' 'b|true'", 1, 1],
    // As when memory runs out: what was not run has not passed.
    ["beside 'a|true\nb|kill -9 $PPID\nc|true' 'd|true'", 2, 2],
  ] as const) {
    const { status, last } = run(t, checks);
    t.is(last, `${passed} passed, ${failed} failed`, checks);
    t.is(status, failed === 0 ? 0 : 1, checks);
  }
});

test('what failed is shown again, also of a check that prints bytes', (t) => {
  const { stdout } = run(t, `beside 'a|printf "one\\0\\n FAILED \\377\\n"; exit 1' 'b|true'`);
  t.regex(stdout.slice(stdout.indexOf('passed  b')), / FAILED \xff\n/);
});
