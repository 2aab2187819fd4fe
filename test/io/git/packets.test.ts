import test from 'ava';
import fc from 'fast-check';
import { flushPacket, readPackets, toPacket } from '../../../src/io/git/packets.ts';

async function collect(chunks: readonly Uint8Array[]): Promise<string[]> {
  const found: string[] = [];
  for await (const packet of readPackets(chunks)) found.push(packet.toString('latin1'));
  return found;
}

/** In pieces of these lengths, in turn. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length] ?? 1;
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

test('a packet begins with its length in bytes', (t) => {
  t.is(toPacket('a\n').toString(), '0006a\n');
  t.is(toPacket('ü').toString('utf8'), '0006ü');
  t.is(toPacket('x'.repeat(65_516)).toString('latin1', 0, 4), 'fff0');
});

test('packets are found however their bytes are cut', async (t) => {
  const packet = fc.oneof(
    fc.string({ maxLength: 300 }).map((text) => toPacket(text)),
    fc.constant(flushPacket),
  );
  const lengths = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.array(packet, { maxLength: 20 }), lengths, async (packets, pieces) => {
      const found = await collect(cut(Buffer.concat(packets), pieces));
      t.deepEqual(
        found,
        packets.map((one) => one.toString('latin1')),
      );
    }),
  );
});

test('the end of a stream that is not a packet is passed on, and loses nothing', async (t) => {
  const whole = toPacket('whole');
  for (const rest of ['00', '0009abc', 'no packet at all']) {
    const bytes = Buffer.concat([whole, Buffer.from(rest)]);
    for (const length of [1, 3, 1000]) t.deepEqual(await collect(cut(bytes, [length])), [whole.toString(), rest]);
  }
  t.deepEqual(await collect([]), []);
});

test('what cannot become a packet is not read without end', async (t) => {
  let read = 0;
  const endless = (function* () {
    for (;;) {
      read++;
      yield Buffer.from('<html>'.repeat(1000));
    }
  })();
  for await (const packet of readPackets(endless)) t.true(packet.length < 80_000);
  t.true(read < 20);
});
