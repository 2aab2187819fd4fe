import test from 'ava';
import fc from 'fast-check';
import { BranchTrouble } from '../../../src/core/ports/watch.ts';
import { flushPacket, toPacket } from '../../../src/io/git/packets.ts';
import { readBands } from '../../../src/io/git/side-band.ts';

async function* toChunks(bytes: Buffer, lengths: readonly number[]): AsyncIterable<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length] ?? 1;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

async function collect(bytes: Buffer, lengths: readonly number[]): Promise<string> {
  let found = '';
  for await (const piece of readBands(toChunks(bytes, lengths))) found += piece.toString('latin1');
  return found;
}

test('the pack is found among the rest, however its bytes are cut', async (t) => {
  const data = fc.string({ unit: 'binary-ascii', maxLength: 100 });
  const other = fc.constantFrom(
    toPacket('\u0002Counting objects\r'),
    toPacket('NAK\n'),
    toPacket('ACK a\n'),
    flushPacket,
  );
  const lengths = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(data, other), { maxLength: 20 }), lengths, async (parts, pieces) => {
      const bytes = parts.map((part) => (typeof part === 'string' ? toPacket(`\u0001${part}`) : part));
      t.is(await collect(Buffer.concat(bytes), pieces), parts.filter((part) => typeof part === 'string').join(''));
    }),
  );
});

test('a large pack is not copied', async (t) => {
  const bytes = Buffer.concat(Array.from({ length: 20 }, () => toPacket(`\u0001${'x'.repeat(65_515)}`)));
  let shared = 0;
  for await (const piece of readBands(toChunks(bytes, [65_536])))
    if (piece.buffer === bytes.buffer) shared += piece.length;
  // A piece is copied only where a length is cut.
  t.true(shared > 0.8 * bytes.length, `${shared} of ${bytes.length}`);
});

test('what the server reports ends the reading, also at the end of a broken stream', async (t) => {
  const report = { instanceOf: BranchTrouble, code: 'unavailable', message: /out of memory$/ } as const;
  for (const said of [
    toPacket('\u0003out of memory\n'),
    toPacket('ERR out of memory'),
    Buffer.from('00ff\u0003out of memory'),
  ])
    for (const length of [1, 3, 1000])
      await t.throwsAsync(collect(Buffer.concat([toPacket('\u0001PACK'), said]), [length]), report);
});

test('what is no packet is not read without end', async (t) => {
  let read = 0;
  const endless = (async function* () {
    for (;;) {
      read++;
      yield Buffer.from('<html>'.repeat(1000));
    }
  })();
  for await (const piece of readBands(endless)) t.fail(piece.toString());
  t.true(read < 20);
});
