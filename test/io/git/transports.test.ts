import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Fault, isFault } from '../../../src/core/diagnostics/fault.ts';
import { safe } from '../../../src/core/diagnostics/safe-text.ts';
import type { GitSession, GitTransport } from '../../../src/core/ports/git-transport.ts';
import { git } from '../../../src/demo/fakes/git.ts';
import { readPackets } from '../../../src/io/git/packets.ts';
import { parseAddress } from '../../../src/io/git/transports.ts';
import { spawnGit } from '../../../src/io/git-cli/spawn.ts';
import { openWholeBranch } from './whole-branch.ts';

const never = new AbortController().signal;

test('addresses that no transport takes, or that are not safe, are refused', (t) => {
  for (const address of [
    'https://git.example.com/team/repo.git',
    'http://localhost:3000/repo.git',
    'http://127.0.0.1/repo',
    'http://[::1]:80/repo',
    'file:///srv/repo.git',
    'git@git.example.com:team/repo.git',
    'ada@[2001:db8::1]:/srv/repo.git',
    'ssh://git@git.example.com:2222/~ada/repo.git',
    'git+ssh://git.example.com/repo.git',
  ])
    t.is(parseAddress(address), address);
  t.is(parseAddress('https://git.example.com/repo/'), 'https://git.example.com/repo');
  for (const address of [
    'ssh://ada:secret@git.example.com/repo.git',
    'git.example.com:team/repo.git',
    'http://git.example.com/repo.git',
    'https://ada:secret@git.example.com/repo.git',
    'file://ada:secret@git.example.com/repo.git',
    'file://git.example.com/repo.git',
    'ftp://git.example.com/repo.git',
    'repo.git',
    '',
  ]) {
    const error = t.throws(() => parseAddress(address), undefined, address);
    t.true(isFault(error) && error.code === 'usage', address);
    t.notRegex(`${error?.message}`, /secret/);
  }
});

test('a percent sign that begins no escape is a fault that names it', (t) => {
  for (const address of ['https://git.example.com/a/%zz', 'ssh://git.example.com/%zz', 'file:///srv/%zz'])
    t.throws(() => parseAddress(address), {
      instanceOf: Fault,
      message: `"${address}" has a percent sign that is not the start of an escape such as %20`,
    });
});

/** A conversation with one process for each session, as over SSH: the server keeps its state, and waits for commands. */
class Conversations implements GitTransport {
  readonly codes: (number | null)[] = [];
  complaints = '';
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  readonly open: GitTransport['open'] = async (service): Promise<GitSession> => {
    const words = [service.slice('git-'.length), this.#folder];
    const child = spawnGit(words, { environment: { PATH: process.env['PATH'] } });
    child.stderr.on('data', (chunk: Buffer) => {
      this.complaints += chunk.toString();
    });
    const ended = once(child, 'close').then(([code]) => this.codes.push(code as number | null));
    const output = child.stdout[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer>;
    const rest = { [Symbol.asyncIterator]: () => ({ next: () => output.next() }) };
    const refs: Buffer[] = [];
    for await (const packet of readPackets(rest)) if (refs.push(packet) && packet.toString() === '0000') break;
    let isUsed = false;
    return {
      advertisement: Buffer.concat(refs),
      request: (body) => {
        isUsed = true;
        child.stdin.end(body);
        return rest;
      },
      [Symbol.asyncDispose]: async () => {
        // A flush packet ends a session without a request (gitprotocol-pack(5)).
        if (!isUsed) child.stdin.end('0000');
        child.stdout.resume();
        await ended;
      },
    };
  };
}

test('a transport that keeps a conversation serves the branch as well', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  await git(folder, ['init', '--quiet', '--bare', '--initial-branch=main']);
  const commit = (name: string) =>
    git(folder, ['fast-import', '--quiet', '--force'], {
      input: [
        'commit refs/heads/main',
        'committer Ada <ada@example.com> 1700000000 +0000',
        'data 4',
        'edit',
        ...(name === 'a' ? [] : ['from refs/heads/main^0']),
        `M 100644 inline models/${name}/model.yaml`,
        'data 5',
        'model',
        '',
      ].join('\n'),
    });
  await commit('a');
  const transport = new Conversations(folder);
  const branch = openWholeBranch(transport);
  const push = (text: string) =>
    branch.push({ changes: new Map([['models/a/status.yaml', text]]), message: safe`status: test\n` }, never);
  t.deepEqual([...(await branch.fetch(never)).files.keys()], ['models/a/model.yaml']);
  t.not(await push('one'), 'moved');
  await commit('b');
  t.is(await push('two'), 'moved');
  t.is((await branch.fetch(never)).files.size, 3);
  t.not(await push('two'), 'moved');
  t.is(await git(folder, ['show', 'main:models/a/status.yaml']), 'two');
  t.deepEqual([...new Set(transport.codes)], [0], transport.complaints);
  t.notRegex(transport.complaints, /hung up|error|fatal/);
});
