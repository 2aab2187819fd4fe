import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import anyTest, { type TestFn } from 'ava';
import type { Behaviour, Copies } from './bad-candidate.ts';
import type { LoadOptions, LoadSummary } from './load.ts';
import { Load } from './load.ts';

interface Running {
  readonly child: ChildProcess;
  readonly listen: string;
  readonly control: string;
}

const test = anyTest as TestFn<Running>;
const authority = 'wisdom.modelmesh-serving';
const patient = 60_000;
/** For what is never answered. */
const impatient = 300;
const calls = 4;
const firstWindow = 65_535;

test.beforeEach(async (t) => {
  const program = join(import.meta.dirname, 'bad-candidate.ts');
  const child = spawn(process.execPath, [program, '--listen', '127.0.0.1:0', '--control', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const [, listen = '', control = ''] = /listens at (\S+), control at (\S+)/.exec(line.toString('utf8')) ?? [];
  t.context = { child, listen, control };
});

test.afterEach.always((t) => {
  t.context.child.kill('SIGKILL');
});

async function behave(t: ExecutionContext<Running>, behaviour: Behaviour): Promise<void> {
  await fetch(`http://${t.context.control}`, { method: 'PUT', body: behaviour });
}

async function count(t: ExecutionContext<Running>): Promise<Copies> {
  return (await (await fetch(`http://${t.context.control}`)).json()) as Copies;
}

function send(t: ExecutionContext<Running>, options: Partial<LoadOptions>): Promise<LoadSummary> {
  return new Load({ to: t.context.listen, authority, calls, connections: 2, isDeadlineHidden: true, ...options })
    .summary;
}

test('a good one reads every body and answers', async (t) => {
  const bytes = 3 << 20;
  const summary = await send(t, { deadlineMs: patient, bytes });
  t.like(summary, { answered: calls, errors: {}, byModel: { 'wisdom-1': calls } });
  const { begun, open, cancelled, bytes: read } = await count(t);
  t.deepEqual([begun, open, cancelled], [calls, 0, 0]);
  t.true(read > calls * bytes);
});

for (const behaviour of ['hangs', 'reads 1 KB/s', 'answers 1 KB/s without end', 'answers 100 MB'] as const)
  test(`no call comes to an answer: ${behaviour}`, async (t) => {
    await behave(t, behaviour);
    const deadlineMs = impatient;
    t.like(await send(t, { deadlineMs, bytes: 2 * firstWindow }), {
      answered: 0,
      errors: { DEADLINE_EXCEEDED: calls },
    });
    t.is((await count(t)).begun, calls);
  });

test('without WINDOW_UPDATE it gets what fits into the first window, and nothing more', async (t) => {
  await behave(t, 'gives no WINDOW_UPDATE');
  const connections = 1;
  const { errors } = await send(t, { deadlineMs: impatient, bytes: 4 * firstWindow, connections });
  t.deepEqual(errors, { DEADLINE_EXCEEDED: calls });
  t.is((await count(t)).bytes, firstWindow);
});

test('it stops reading its socket', async (t) => {
  await behave(t, 'does not read its socket');
  const { errors } = await send(t, { deadlineMs: impatient, bytes: 4 * firstWindow, connections: 1 });
  t.deepEqual(errors, { DEADLINE_EXCEEDED: calls });
  // What came with the first request, and what it is reset by is not read either.
  const { begun, cancelled } = await count(t);
  t.true(begun >= 1);
  t.true(cancelled <= begun);
});

test('it resets a stream, and only that', async (t) => {
  await behave(t, 'resets the stream');
  t.deepEqual((await send(t, { deadlineMs: patient })).errors, { RST_REFUSED_STREAM: calls });
  await behave(t, 'answers');
  t.is((await send(t, { deadlineMs: patient })).answered, calls);
});

test('it closes the connection', async (t) => {
  await behave(t, 'sends GOAWAY and closes');
  const { answered, sent } = await send(t, { deadlineMs: patient });
  t.deepEqual([answered, sent], [0, calls]);
});
