import test from 'ava';
import { BranchTrouble } from '../../../src/core/ports/watch.ts';
import { toPacket } from '../../../src/io/git/packets.ts';
import { pushPack } from '../../../src/io/git/receive-pack.ts';

const [before, after] = ['1'.repeat(40), '2'.repeat(40)];

for (const [title, packet] of [
  ['a report', toPacket(`\x01${toPacket(`ng refs/heads/main ${'x'.repeat(60_000)}\n`)}`)],
  ['remarks', toPacket(`\x02${'remark '.repeat(9000)}\n`)],
] as const)
  test(`a push ends although ${title} does not, whatever the transport`, async (t) => {
    let sent = 0;
    const request = async function* () {
      for (;;) {
        sent += packet.length;
        yield packet;
      }
    };
    const session = { advertisement: Buffer.alloc(0), request, [Symbol.asyncDispose]: async () => {} };
    const service = {
      session,
      refs: new Map([['refs/heads/main', before]]),
      listRefs: () => ['refs/heads/main'],
      capabilities: new Set(['report-status', 'side-band-64k']),
      [Symbol.asyncDispose]: async () => {},
    };
    const transport = { open: async () => session };
    const update = { ref: 'refs/heads/main', from: before, to: after };
    const push = pushPack(service, transport, update, Buffer.alloc(0), new AbortController().signal);
    const trouble = await t.throwsAsync<BranchTrouble>(push, { instanceOf: BranchTrouble });
    t.is(trouble?.code, 'too-large');
    t.regex(trouble?.message ?? '', /^the git server’s answer to the push is longer than 8 MiB$/);
    t.true(sent < 9 * 2 ** 20);
  });
