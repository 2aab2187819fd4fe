import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import anyTest, { type TestFn } from 'ava';
import type { Behaviour, Copies } from './bad-behaviour.ts';
import type { LoadOptions, LoadSummary } from './load.ts';
import { Load } from './load.ts';

interface Running {
  readonly child: ChildProcess;
  /** By protocol. */
  readonly listen: Readonly<Record<Protocol, string>>;
  readonly control: string;
}

type Protocol = (typeof protocols)[number];

const protocols = ['gRPC', 'REST'] as const;
const test = anyTest as TestFn<Running>;
const authority = 'wisdom.modelmesh-serving';
const patient = 60_000;
/** For what is never answered. */
const impatient = 1000;
/** For what must have arrived before, on a busy machine too. */
const lessImpatient = 10_000;
const calls = 4;
const firstWindow = 65_535;
/** More than the sockets on the way hold. */
const hugeBody = 16 << 20;

test.beforeEach(async (t) => {
  const program = join(import.meta.dirname, 'bad-candidate.ts');
  const any = '127.0.0.1:0';
  const child = spawn(process.execPath, [program, '--grpc', any, '--rest', any, '--control', any], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const find = (name: string) => new RegExp(`${name} at ([\\d.:]+)`).exec(line.toString('utf8'))?.[1] ?? '';
  t.context = { child, listen: { gRPC: find('gRPC'), REST: find('REST') }, control: find('control') };
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

function send(t: ExecutionContext<Running>, protocol: Protocol, options: Partial<LoadOptions>): Promise<LoadSummary> {
  const way = protocol === 'REST' ? { path: '/v1/models/wisdom:predict' } : {};
  const shared = { authority, calls, connections: 2, isDeadlineHidden: true };
  return new Load({ to: t.context.listen[protocol], ...shared, ...way, ...options }).summary;
}

for (const protocol of protocols) {
  test(`${protocol}: a good one reads every body and answers`, async (t) => {
    const bytes = 3 << 20;
    const summary = await send(t, protocol, { deadlineMs: patient, bytes });
    const by = protocol === 'REST' ? 'wisdom-1 [0]' : 'wisdom-1';
    t.like(summary, { answered: calls, errors: {}, byModel: { [by]: calls } });
    const { begun, open, cancelled, bytes: read } = await count(t);
    t.deepEqual([begun, open, cancelled], [calls, 0, 0]);
    t.true(read >= calls * bytes);
  });

  test(`${protocol}: a late one answers, and the calls wait for it`, async (t) => {
    await behave(t, 'answers after 1.5 s');
    const { answered, latencyMs } = await send(t, protocol, { deadlineMs: patient });
    t.is(answered, calls);
    t.true(latencyMs.p50 >= 1500);
  });

  for (const behaviour of ['hangs', 'reads 1 KB/s', 'answers 1 KB/s without end'] as const)
    test(`${protocol}: no call comes to an answer: ${behaviour}`, async (t) => {
      await behave(t, behaviour);
      const deadlineMs = impatient;
      t.like(await send(t, protocol, { deadlineMs, bytes: 2 * firstWindow }), {
        answered: 0,
        errors: { DEADLINE_EXCEEDED: calls },
      });
      t.true((await count(t)).begun <= calls);
    });

  test(`${protocol}: it stops reading its socket`, async (t) => {
    await behave(t, 'does not read its socket');
    const { errors } = await send(t, protocol, { deadlineMs: lessImpatient, bytes: hugeBody, connections: 1 });
    t.deepEqual(errors, { DEADLINE_EXCEEDED: calls });
    // What came with the first request, and what it is reset by is not read either.
    const { begun, cancelled, bytes } = await count(t);
    t.true(begun >= 1);
    t.true(cancelled <= begun);
    t.true(bytes <= 4 * firstWindow);
  });

  test(`${protocol}: it reads a head, and next to nothing of the body`, async (t) => {
    await behave(t, 'reads no body');
    const { errors } = await send(t, protocol, {
      deadlineMs: lessImpatient,
      bytes: hugeBody,
      connections: 1,
      calls: 1,
    });
    t.deepEqual(errors, { DEADLINE_EXCEEDED: 1 });
    const { begun, bytes } = await count(t);
    t.is(begun, 1);
    // The first window; of HTTP/1.1, what came in one piece with the head.
    t.true(bytes <= firstWindow);
  });

  test(`${protocol}: it closes the connection`, async (t) => {
    await behave(t, 'closes the connection');
    const { answered, sent } = await send(t, protocol, { deadlineMs: patient });
    t.deepEqual([answered, sent], [0, calls]);
  });

  // Whether a client waits for the end of it or gives up before depends on how fast it is.
  for (const behaviour of ['answers 100 MB', 'floods'] as const)
    test(`${protocol}: it is no answer: ${behaviour}`, async (t) => {
      await behave(t, behaviour);
      // On a busy machine the first calls may be given up before they arrive.
      do t.is((await send(t, protocol, { deadlineMs: impatient })).answered, 0);
      while ((await count(t)).begun === 0);
    });
}

test('gRPC: it resets a stream, and only that', async (t) => {
  await behave(t, 'resets the call');
  t.deepEqual((await send(t, 'gRPC', { deadlineMs: patient })).errors, { RST_REFUSED_STREAM: calls });
  await behave(t, 'answers');
  t.is((await send(t, 'gRPC', { deadlineMs: patient })).answered, calls);
});

test('REST: it resets a connection', async (t) => {
  await behave(t, 'resets the call');
  t.deepEqual((await send(t, 'REST', { deadlineMs: patient })).errors, { ECONNRESET: calls });
});
