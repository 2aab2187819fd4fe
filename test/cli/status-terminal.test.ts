/** What is written to a terminal: a line that is rewritten while waiting, a screen while watching. */
import { join } from 'node:path';
import test from 'ava';
import type { Host } from '../../src/cli/host.ts';
import { main } from '../../src/cli/main.ts';
import { runWait } from '../../src/cli/status/wait.ts';
import { runWatch } from '../../src/cli/status/watch.ts';
import { createStatus } from '../../src/commands/status.ts';
import { Fault } from '../../src/core/diagnostics/fault.ts';
import { safe } from '../../src/core/diagnostics/safe-text.ts';
import { toWidth } from '../../src/output/columns.ts';
import { plainStyle } from '../../src/output/style.ts';
import { MemoryWorld, names } from '../commands/memory-world.ts';

const fixtures = join(import.meta.dirname, '../../fixtures/status');

function makeHost(columns: number, rows: number): { readonly host: Host; readonly written: { 1: string; 2: string } } {
  const written = { 1: '', 2: '' };
  const host: Host = {
    version: '0.0.0',
    workingDirectory: join(fixtures, 'every-difference/input'),
    program: ['model-mirror.cjs'],
    environment: {},
    write: (descriptor, texts) => {
      for (const text of texts) written[descriptor] += text;
    },
    isTerminal: () => true,
    size: () => ({ columns, rows }),
    style: () => plainStyle,
  };
  return { host, written };
}

test('waiting rewrites one line, never wider than the terminal', async (t) => {
  const { host, written } = makeHost(40, 10);
  const words = ['status', 'q-candidate-not-ready', '--repo-root', '.', '--wait', 'ready'];
  t.is(await main([...words, '--interval', '100ms', '--timeout', '1s'], host), 1);
  const [, line = ''] = written[2].split('\n');
  const times = line.split('\r\u001b[K').slice(1);
  t.true(times.length >= 2);
  for (const text of times.slice(0, -1)) {
    t.regex(text, /^waiting until ready, \d s: q-cand.*…$/);
    t.true(toWidth(text) < 40);
  }
  // The progress line is cleared before the result.
  t.regex(times.at(-1) ?? '', /^model-mirror: timed out after 1s: /);
});

test('waiting that times out while nothing can be read is a fault of the environment', async (t) => {
  const { host, written } = makeHost(80, 10);
  const world = new MemoryWorld();
  const request = { model: undefined, names, cluster: undefined, namespace: undefined };
  const ports = { readFiles: world.readFiles, clock: world.clock };
  const report = await createStatus(request, ports)(new AbortController().signal);
  const away = new Fault('environment', safe`it is away`, safe`bring it back`);
  let looks = 0;
  const readStatus = async () => {
    looks += 1;
    if (looks > 1) throw away;
    return report;
  };
  const flags = { path: '.', output: 'text', settle: '5s', timeout: '200ms', live: true } as const;
  const toSame = (file: string) => file;
  const place = { folder: undefined, toPath: toSame };
  const wording = { toPath: toSame, toWord: toSame, place, flags: '', look: '' };
  const fault = await t.throwsAsync<Fault>(
    runWait({
      goal: 'ready',
      isOne: true,
      intervalMs: 1,
      settleMs: 0,
      timeoutMs: 200,
      readStatus,
      flags,
      wording,
      host,
    }),
  );
  t.is(fault?.code, 'environment');
  t.is(fault?.hint, away.hint);
  t.regex(written[2], /it is away/);
});

// Serial: the other tests run git in this process, which receives the signal, too.
test.serial('watching fills the screen and no more, and redraws only what changed', async (t) => {
  const { host, written } = makeHost(80, 6);
  const texts = ['a\nb\n', 'a\nb\n', 'a\nb\nc\nd\ne\nf\n'];
  const none = { revision: undefined, ahead: undefined, pending: undefined, finding: undefined };
  const report = { assessments: [], problems: [], ...none };
  const readStatus = async () => {
    // Ctrl-C ends it.
    if (texts.length === 1) process.emit('SIGINT', 'SIGINT');
    return report;
  };
  const show = () => texts.shift() ?? '';
  const toPath = (file: string) => file;
  t.is(await runWatch({ readStatus, show, intervalMs: 1, asJson: false, toPath, host }), 0);
  t.is(written[1], '\u001b[H\u001b[2Ja\nb\n\u001b[H\u001b[2Ja\nb\nc\n… 3 more lines\n');
  t.is(process.listenerCount('SIGINT'), 0);
});
