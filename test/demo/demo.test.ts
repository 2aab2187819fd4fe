import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { testThoroughly } from '../thorough.ts';

const program = join(import.meta.dirname, '../../dist/model-mirror.cjs');
const watcher = 'model-mirror watcher: status(wisdom):';

interface Played {
  readonly lines: readonly string[];
  /** What is left in the temporary folder. */
  readonly left: readonly string[];
  /** In the repository that was kept. */
  readonly git: (...words: string[]) => string;
}

function play(t: ExecutionContext, ...flags: string[]): Played {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-test-')));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'demo', ...flags], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], TMPDIR: folder },
  });
  t.is(stderr, '');
  t.is(status, 0, stdout.slice(-2000));
  const repository = /git -C (\S+) log/.exec(stdout)?.[1] ?? '';
  return {
    lines: stdout.trimEnd().split('\n'),
    left: readdirSync(folder),
    git: (...words) => spawnSync('git', ['-C', repository, ...words], { encoding: 'utf8' }).stdout,
  };
}

/** What each proof shows: who answered, and how many were copied to whom, in tens. */
function readProofs(lines: readonly string[]): string[] {
  const proofs = lines.filter((line) => /^ {3}(requests|while it loads|and now) +200 requests: /.test(line));
  return proofs.map((line) =>
    line
      .trim()
      .replace(/^.*200 requests: /, '')
      .replace(/(\d+) copied to/, (_, count) => `about ${Math.round(Number(count) / 10) * 10} copied to`)
      .replace(/\b[1-9]\d* compared/, 'some compared'),
  );
}

const cost =
  'wisdom: while the mirror is open, 10 % of requests are executed again by the primary: 10/s more at 100 requests/s';
const judged =
  /^ {3}meanwhile +(\d+) requests: \1 answered by v2, \d+ copied to v3-disagrees, \d+ compared: \d+ disagree$/;
const foundOut = /^ {3}found out +\d+ s after its first different answer, the mirror is closed$/;

function checkStory(t: ExecutionContext, lines: readonly string[]): void {
  t.true(lines.some((line) => line.startsWith('Fakes: the Kubernetes API; ')));
  t.true(lines.some((line) => judged.test(line)));
  t.true(lines.some((line) => foundOut.test(line)));
  t.true(
    lines.some((line) => /^ {3}Failing, /.test(line)),
    'the words of `analysis`',
  );
  t.true(lines.some((line) => / requests in all; 0 failed\./.test(line)));
}

test('the demo plays a rollout to its end, and requests go as each step says', (t) => {
  const { lines, left, git } = play(t, '--keep', '--manifests');
  checkStory(t, lines);
  t.deepEqual(readProofs(lines), [
    '200 answered by v1, 0 copied',
    '200 answered by v1, 0 copied',
    '200 answered by v1, about 40 copied to v2, some compared: all agree',
    '200 answered by v2, 0 copied',
    '200 answered by v2, 0 copied',
    '200 answered by v2, 0 copied',
    '200 answered by v2, 0 copied',
  ]);
  const reported = lines.flatMap((line) => /^ {3}(wisdom: .*)$/.exec(line)?.[1] ?? []);
  t.deepEqual(
    // What the candidate is on its way to Ready depends on who is quicker.
    reported.filter((line) => !line.includes('the mirror stays closed') && !line.includes('v3-disagrees (wisdom-1)')),
    [
      'wisdom: a new model; primary v1 (s3://models/wisdom-v1)',
      'wisdom: candidate v2 (s3://models/wisdom-v2) is declared',
      'wisdom: mirror 100 % → 20 %',
      'wisdom: an analysis with 2 checks',
      cost,
      'wisdom: the mirror opens at 20 %: the candidate is Ready',
      'wisdom: promoted: primary v1 → v2 (s3://models/wisdom-v2)',
      'wisdom: the mirror closes: there is no candidate',
      'wisdom: candidate v3-disagrees (s3://models/wisdom-v3-disagrees) is declared',
      cost,
      'wisdom: the mirror opens at 20 %: the candidate is Ready',
      'wisdom: the mirror closes: the candidate is judged as Failing',
      'wisdom: candidate v3-disagrees → v4-crashes (s3://models/wisdom-v4-crashes)',
      'wisdom: candidate v4-crashes is discarded',
    ],
  );
  t.true(lines.includes('     + kind: InferenceService'), 'the manifests');
  t.true(lines.some((line) => /wisdom-1 as Ready: True, UpToDate/.test(line)));
  t.true(lines.some((line) => /: 2 pods, 1 of the new spec, 1 available/.test(line)));
  const found = git('log', '--format=%an: %s', '--reverse').trimEnd().split('\n');
  t.deepEqual(
    // The commits between differ with the timing.
    found
      .filter((subject) => /^Ada|may open|failed|Failing|is mirrored/.test(subject))
      .map((subject) => subject.replace(/: agreement .*/, '')),
    [
      'Ada: a place for models',
      'Ada: wisdom: deploy v1',
      'Ada: wisdom: try v2',
      `${watcher} candidate v2 is Ready; its mirror may open`,
      `${watcher} 20 % is mirrored to wisdom-1`,
      'Ada: wisdom: promote v2',
      'Ada: wisdom: try v3',
      `${watcher} candidate v3-disagrees is Ready; its mirror may open`,
      `${watcher} 20 % is mirrored to wisdom-1`,
      `${watcher} candidate v3-disagrees is Failing`,
      'Ada: wisdom: try v4',
      `${watcher} candidate v4-crashes failed`,
      'Ada: wisdom: discard the candidate',
    ],
  );
  t.is(git('status', '--porcelain'), '');
  t.is(left.length, 1, 'it keeps its one folder');
});

testThoroughly('its story has at most 80 lines, and it leaves nothing behind, with ModelMesh too', (t) => {
  const { lines, left } = play(t, '--mode', 'modelmesh');
  checkStory(t, lines);
  t.true(lines.length <= 80, `${lines.length} lines`);
  t.true(lines.every((line) => line.length <= 140));
  t.deepEqual(readProofs(lines), [
    '200 answered by v1, 0 copied',
    '200 answered by v1, 0 copied',
    '200 answered by v1, about 40 copied to v2, some compared: all agree',
    '200 answered by v1, 0 copied',
    '200 answered by v1, about 40 copied to v2, some compared: all agree',
    '200 answered by v2, 0 copied',
    '200 answered by v2, 0 copied',
    '200 answered by v2, 0 copied',
  ]);
  t.deepEqual(left, []);
});
