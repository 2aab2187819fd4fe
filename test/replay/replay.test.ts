import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readRecording } from './recording.ts';
import { readRecordings, replay } from './replay.ts';

const folder = join(import.meta.dirname, '../../fixtures/recordings');

/**
 * What is right, written down by reading the recordings and the sources of modelmesh-serving, never from the
 * output. A line that begins with # says why.
 */
function readExpected(): string[] {
  return readdirSync(join(folder, 'expected'))
    .flatMap((name) =>
      readFileSync(join(folder, 'expected', name), 'utf8')
        .trimEnd()
        .split('\n'),
    )
    .filter((line) => !line.startsWith('#'));
}

test('the recorded events of the real controller are what they should be', (t) => {
  const { events, problems } = readRecordings(join(folder, 'modelmesh'));
  t.deepEqual(problems, []);
  const byTime = (a: string, b: string) =>
    a.slice(0, 24) < b.slice(0, 24) ? -1 : a.slice(0, 24) > b.slice(0, 24) ? 1 : 0;
  t.deepEqual(replay(events), readExpected().sort(byTime));
});

test('wherever the watcher is restarted: Ready is only what is Ready, and what was known to be is not forgotten', (t) => {
  const { events } = readRecordings(join(folder, 'modelmesh'));
  const right = replay(events);
  const isReady = (line: string | undefined) => line?.endsWith(' Ready') === true;
  for (const [restarts, name] of [
    [() => true, 'before each event'],
    [(i: number) => i % 2 === 0, 'before every other event'],
    [(i: number) => i % 3 === 0, 'before every third event'],
  ] as const) {
    const lines = replay(events, restarts);
    t.deepEqual(
      lines.filter((line, i) => isReady(line) && !isReady(right[i])),
      [],
      name,
    );
    // After the outage both serve again.
    t.true(isReady(lines.findLast((line) => line.startsWith('2026-11-25T23:08'))), name);
  }
});

test('every recording has its expected states', (t) => {
  const stems = (name: string) => readdirSync(join(folder, name)).map((file) => file.replace(/\.\w+$/, ''));
  t.true(stems('modelmesh').length > 40);
  t.deepEqual(stems('expected'), stems('modelmesh'));
});

test('what is not a part of a recording is reported at its place, and the rest is read', (t) => {
  const event = (name: string) =>
    `at: 2026-11-25T22:37:01.011Z\nevent: ADDED\nobject: {kind: InferenceService, metadata: {name: ${name}, namespace: n, uid: u}}\n`;
  const text = [
    event('one'),
    'at: 2026-11-25T22:37:02Z\nmodelMeshItselfSays: {}\n',
    '- a list\n',
    'at: yesterday\nevent: ADDED\n',
    'at: 2026-11-25T22:37:02Z\nevent: GONE\n',
    'at: 2026-11-25T22:37:02Z\nevent: ADDED\nobject: {kind: "Pod\\e[2J"}\n',
    'at: 2026-11-25T22:37:02Z\nevent: ADDED\nobject: {kind: InferenceService, metadata: {name: x}}\n',
    event('two'),
    'at: 2026-11-25T22:37:02Z\nevent: ADDED\nobject: {kind: Infer',
  ].join('---\n');
  const { events, problems } = readRecording('r.yaml', text);
  t.deepEqual(
    events.map(({ name }) => name),
    ['one', 'two'],
  );
  t.deepEqual(
    problems.map((problem) => problem.replace(/(?<=not YAML: ).*/, '…')),
    [
      'r.yaml:8:1: not a map of fields',
      'r.yaml:10:1: at is not a time such as 2026-11-25T22:37:01.011Z',
      'r.yaml:13:1: event is none of ADDED, MODIFIED, DELETED, LISTED',
      'r.yaml:16:1: object is not an InferenceService, but "Pod\\u001b[2J"',
      'r.yaml:20:1: object.metadata has no name, namespace or uid',
      'r.yaml:30:21: not YAML: …',
    ],
  );
});

test('a folder without a single event is not taken for one whose states are right', (t) => {
  const empty = mkdtempSync(join(tmpdir(), 'recordings-'));
  t.teardown(() => rmSync(empty, { recursive: true }));
  const run = () => spawnSync(process.execPath, [join(import.meta.dirname, 'replay.ts'), empty], { encoding: 'utf8' });
  t.regex(run().stderr, /has no recordings/);
  writeFileSync(join(empty, 'empty.yaml'), '');
  const { status, stdout, stderr } = run();
  t.deepEqual([status, stdout], [2, '']);
  t.regex(stderr, /has no events/);
});
