/** Packs that no git makes: each ends in a BranchTrouble, or in objects whose ids are those of their bytes. */
import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import fc from 'fast-check';
import type { BranchTroubleCode } from '../../../../src/core/ports/watch.ts';
import { BranchTrouble } from '../../../../src/core/ports/watch.ts';
import { toObjectId } from '../../../../src/io/git/objects.ts';
import { times } from '../../../thorough.ts';
import {
  toHandMadeCopy as toCopy,
  toHandMadeDelta as toDelta,
  toHandMadeEntry as toEntry,
  toHandMadeInsertion as toInsertion,
  toHandMadePack as toPack,
  withChecksum,
} from './hand-made.ts';
import type { ReadOptions } from './read-bytes.ts';
import { makeStore, readBytes } from './read-bytes.ts';

const [commit, tree, blob, tag, offsetDelta, referenceDelta] = [1, 2, 3, 4, 6, 7] as const;
const hello = Buffer.from('hello, hello, hello, and hello again\n');
const helloId = toObjectId('blob', hello);
const mebibyte = 2 ** 20;

async function refuse(
  t: ExecutionContext,
  pack: Buffer,
  message: RegExp,
  { code = 'unreachable', ...options }: ReadOptions & { readonly code?: BranchTroubleCode } = {},
): Promise<void> {
  const trouble = await t.throwsAsync<BranchTrouble>(readBytes(pack, options), { instanceOf: BranchTrouble, message });
  t.is(trouble?.code, code);
}

const whole = toEntry({ type: blob, content: hello });
const longer = Buffer.from('hello, hello, hello, and hello again\nand more');
const delta = toDelta(hello.length, longer.length, toCopy(hello.length), toInsertion(Buffer.from('and more')));

function makeSmall(): Buffer {
  return toPack([
    whole,
    toEntry({ type: offsetDelta, content: delta, base: whole.length }),
    toEntry({ type: tree, content: Buffer.alloc(0) }),
    toEntry({ type: commit, content: Buffer.from('tree of nothing') }),
    toEntry({ type: tag, content: Buffer.from('object of nothing') }),
    toEntry({ type: referenceDelta, content: toDelta(longer.length, 0), base: toObjectId('blob', longer) }),
  ]);
}

test('a small pack by hand is read', async (t) => {
  const store = await readBytes(makeSmall(), { piece: 1 });
  t.deepEqual(
    [...store.ids()],
    [
      helloId,
      toObjectId('blob', longer),
      toObjectId('tree', Buffer.alloc(0)),
      toObjectId('commit', Buffer.from('tree of nothing')),
      toObjectId('tag', Buffer.from('object of nothing')),
      toObjectId('blob', Buffer.alloc(0)),
    ],
  );
});

test('a pack with the same object again and again is refused when the places of all of them do not fit', async (t) => {
  const limit = 2 ** 16;
  const store = await readBytes(toPack(Array(1000).fill(whole)), { limit });
  t.deepEqual([...store.ids()], [helloId]);
  await refuse(t, toPack(Array(1100).fill(whole)), /the branch is too large to be read/, { limit, code: 'too-large' });
});

test('a pack that is cut off anywhere is refused', async (t) => {
  const pack = makeSmall();
  for (let length = 0; length < pack.length; length++) await refuse(t, pack.subarray(0, length), /it is cut off/);
  await refuse(t, Buffer.concat([pack, Buffer.from([0])]), /there is more behind its end/);
  // A large file passes by in another way.
  const large = toPack([toEntry({ type: blob, content: randomBytes(1000) }), whole]);
  for (let length = 12; length < large.length; length += 7)
    await refuse(t, large.subarray(0, length), /it is cut off/, { maxFileBytes: 100 });
});

test('a bit that is wrong anywhere is found', async (t) => {
  const pack = makeSmall();
  for (let at = 0; at < pack.length; at++)
    for (const bit of [1, 16, 128]) {
      const broken = Buffer.from(pack);
      broken[at] = (broken[at] ?? 0) ^ bit;
      for (const maxFileBytes of [mebibyte, 8])
        await t.throwsAsync(readBytes(broken, { maxFileBytes }), { instanceOf: BranchTrouble }, `${at} ${bit}`);
    }
});

test('an object whose length is not what its header says is refused, however long', async (t) => {
  const zeros = deflateSync(Buffer.alloc(200 * mebibyte));
  for (const size of [0, 10, 1000, mebibyte])
    await refuse(t, toPack([toEntry({ type: blob, content: hello, size, packed: zeros })]), /length of an object/);
  // Also one that passes by.
  await refuse(t, toPack([toEntry({ type: blob, content: hello, size: 2 * mebibyte, packed: zeros })]), /length of an/);
  for (const size of [hello.length + 1, 3 * mebibyte])
    await refuse(t, toPack([toEntry({ type: blob, content: hello, size })]), /the length of an object/);
  for (const size of [2 ** 52, Number.MAX_SAFE_INTEGER, 2 ** 60])
    await refuse(t, toPack([toEntry({ type: blob, content: hello, size })]), /the length of an object/);
  // A folder that does not fit is refused before anything is made ready for it.
  for (const type of [commit, tree, tag])
    await refuse(t, toPack([toEntry({ type, content: hello, size: 2 ** 40 })]), /take about 1024 GiB/, {
      code: 'too-large',
    });
});

test('what is no compressed data is refused', async (t) => {
  const junk = Buffer.alloc(3 * mebibyte, 'junk');
  for (const size of [5, 2 * mebibyte])
    await refuse(t, toPack([toEntry({ type: blob, content: hello, size, packed: junk })]), /is not compressed data/);
  for (const type of [0, 5]) await refuse(t, toPack([toEntry({ type, content: hello })]), /an object has no type/);
});

test('blocks without content, before content or without end, cost bounded work', async (t) => {
  const block = Buffer.from('000000ffff', 'hex');
  const start = Buffer.from('7801', 'hex');
  // The content in a stored block, and its Adler-32.
  const end = Buffer.concat([Buffer.from('010100feff61', 'hex'), Buffer.from('00620062', 'hex')]);
  const packed = Buffer.concat([start, ...Array.from({ length: 50_000 }, () => block), end]);
  const content = Buffer.from('a');
  const store = await readBytes(toPack([toEntry({ type: blob, content, packed })]));
  t.deepEqual([...store.ids()], [toObjectId('blob', content)]);
  await refuse(t, toPack([toEntry({ type: blob, content, packed })]), /when they are unpacked/, {
    work: 100_000,
    code: 'too-large',
  });
});

test('a delta that does not fit its base, or goes beyond it, is refused', async (t) => {
  const wrong: Buffer[] = [
    Buffer.alloc(0),
    Buffer.from([0x80]),
    Buffer.from([hello.length, 0xff]),
    toDelta(hello.length + 1, 1, toCopy(1)),
    toDelta(hello.length, hello.length + 1, toCopy(hello.length + 1)),
    toDelta(hello.length, 5, toCopy(6)),
    toDelta(hello.length, 5, toCopy(4)),
    toDelta(hello.length, 5),
    toDelta(hello.length, 5, Buffer.from([0])),
    toDelta(hello.length, 5, Buffer.from([5, 1, 2])),
    toDelta(hello.length, 5, Buffer.from([0xff, 1])),
    toDelta(hello.length, 5, Buffer.from([0x9f, 0xff, 0xff, 0xff, 0xff, 5])),
    // 64 KiB is what a length of zero means.
    toDelta(hello.length, 0x10000, Buffer.from([0x80])),
    Buffer.from(`${'ff'.repeat(12)}01`, 'hex'),
  ];
  for (const content of wrong)
    for (const base of [whole.length, helloId])
      await refuse(
        t,
        toPack([whole, toEntry({ type: typeof base === 'string' ? referenceDelta : offsetDelta, content, base })]),
        /does not fit its base/,
      );
});

test('a delta that refers to nothing in front of it is refused', async (t) => {
  for (const base of [0, 1, whole.length - 1, whole.length + 1, whole.length + 12, 1000, 2 ** 40])
    await refuse(t, toPack([whole, toEntry({ type: offsetDelta, content: delta, base })]), /refers to nothing/);
  const endless = Buffer.concat([Buffer.from([0x6f]), Buffer.alloc(40, 0xff), Buffer.from([1])]);
  await refuse(t, toPack([whole, endless]), /length of an object|cut off/);
});

test('deltas that wait for one another, or for what never comes, are left out', async (t) => {
  const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];
  const target = makeStore();
  const entries = [
    toEntry({ type: referenceDelta, content: delta, base: a }),
    toEntry({ type: referenceDelta, content: delta, base: b }),
    whole,
  ];
  await readBytes(toPack(entries), {}, target);
  t.deepEqual([...target.store.ids()], [helloId]);
  target.store.retain(new Set());
  t.is(target.budget.held, 0);
});

test('a delta in front of its base is read once that is there, and so is what is made of it', async (t) => {
  const last = toDelta(longer.length, 5, toCopy(5));
  const second = toEntry({ type: referenceDelta, content: delta, base: helloId });
  const third = toEntry({ type: offsetDelta, content: last, base: second.length });
  const fourth = toEntry({ type: referenceDelta, content: last, base: toObjectId('blob', longer) });
  for (const entries of [
    [second, third, whole],
    [fourth, second, whole],
    [fourth, second, third, whole, whole],
  ]) {
    const store = await readBytes(toPack(entries));
    t.deepEqual(
      [...store.ids()].sort(),
      [helloId, toObjectId('blob', longer), toObjectId('blob', hello.subarray(0, 5))].sort(),
    );
  }
  // The base is too large, and then all of them are.
  const store = await readBytes(toPack([fourth, second, third, whole]), { maxFileBytes: 10 });
  t.deepEqual([...store.ids()], []);
  t.is(store.sizeOfTooLarge(helloId), hello.length);
});

test('small deltas with large results do not fill memory', async (t) => {
  const base = Buffer.alloc(mebibyte, 'x');
  const first = toEntry({ type: blob, content: base });
  const entries = [first];
  // Together far more than the bound below.
  const count = times(2000, 500);
  let back = first.length;
  for (let i = 0; i < count; i++) {
    const number = Buffer.from(`${i}`);
    const content = toDelta(base.length, mebibyte, toCopy(mebibyte - number.length), toInsertion(number));
    const entry = toEntry({ type: offsetDelta, content, base: back });
    entries.push(entry);
    back += entry.length;
  }
  const target = makeStore({ limit: 4 * mebibyte, inflated: mebibyte });
  const before = process.memoryUsage().arrayBuffers;
  await readBytes(toPack(entries), {}, target);
  t.is([...target.store.ids()].length, count + 1);
  t.true(target.budget.held < 2 * mebibyte);
  globalThis.gc?.();
  t.true(process.memoryUsage().arrayBuffers - before < 300 * mebibyte);
  await refuse(t, toPack(entries), /when they are unpacked/, { work: 100 * mebibyte, code: 'too-large' });
  // Too large a result is left out without being made.
  const bomb = toEntry({
    type: offsetDelta,
    content: toDelta(base.length, 2 ** 45, toCopy(mebibyte)),
    base: first.length,
  });
  t.deepEqual([...(await readBytes(toPack([first, bomb]))).ids()], [toObjectId('blob', base)]);
});

test('a chain of deltas of any length is read', async (t) => {
  const count = 20_000;
  const first = toEntry({ type: blob, content: hello });
  const entries = [first];
  for (let i = 0; i < count; i++) {
    const content = toDelta(
      hello.length,
      hello.length,
      toCopy(hello.length - 5),
      toInsertion(Buffer.from(`${i + 10_000}`)),
    );
    entries.push(toEntry({ type: offsetDelta, content, base: (entries.at(-1) as Buffer).length }));
  }
  const store = await readBytes(toPack(entries), { inflated: 0 });
  const ids = [...store.ids()];
  t.is(ids.length, count + 1);
  const object = store.find(ids.at(-1) ?? '');
  t.is(object && store.read(object).toString('latin1', hello.length - 5), `${count - 1 + 10_000}`);
});

test('a chain of tiny deltas that is walked again and again costs bounded work', async (t) => {
  const entries = [whole];
  let back = whole.length;
  const grow = (number: number) => {
    const text = toInsertion(Buffer.from(`${number + 10_000}`));
    const content = toDelta(hello.length, hello.length, toCopy(hello.length - 5), text);
    const entry = toEntry({ type: offsetDelta, content, base: back });
    entries.push(entry);
    back = entry.length;
  };
  for (let i = 0; i < 4000; i++) grow(i);
  // Each is larger than all that is remembered, so the next delta finds nothing of the chain inflated.
  for (let i = 0; i < 4; i++) {
    const large = toEntry({ type: blob, content: Buffer.alloc(9 * mebibyte, i) });
    entries.push(large);
    back += large.length;
    grow(4000 + i);
  }
  const options = { inflated: 0, maxFileBytes: 16 * mebibyte };
  t.is([...(await readBytes(toPack(entries), options)).ids()].length, 4009);
  await refuse(t, toPack(entries), /when they are unpacked/, { ...options, work: 46 * mebibyte, code: 'too-large' });
});

test('numbers of objects that are not there, and too many of them, are refused', async (t) => {
  for (const count of [2, 3, 1000, 2 ** 32 - 1])
    await refuse(t, toPack([whole], count), /no type|cut off|compressed|length/);
  await refuse(t, toPack([whole, whole], 1), /checksum/);
  await refuse(t, toPack([whole], 0), /checksum/);
  const many = Array.from({ length: 5000 }, (_, i) => toEntry({ type: blob, content: Buffer.from(`${i}`) }));
  await refuse(t, toPack(many), /take about 2 MiB, and --max-fetch allows 1 MiB/, {
    limit: mebibyte,
    code: 'too-large',
  });
  for (const start of ['', 'PACK', 'KCAP00000000', 'PACK\0\0\0\x03\0\0\0\0'])
    await refuse(t, withChecksum(Buffer.from(start, 'latin1')), /begin|cut off|checksum/);
});

/** Texts, and how each is written: as it is, or as a delta on another, in front of it or behind. */
const plans = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 12 })
  .chain((texts) =>
    fc.tuple(
      fc.constant(texts.map((text) => Buffer.from(text))),
      fc.array(fc.record({ kind: fc.constantFrom('whole', 'offset', 'id'), base: fc.nat(11) }), {
        minLength: texts.length,
        maxLength: texts.length,
      }),
    ),
  );

type Plan = typeof plans extends fc.Arbitrary<infer T> ? T : never;

function writePlan([contents, ways]: Plan): Buffer {
  const entries: Buffer[] = [];
  const starts: number[] = [];
  const bases = new Map<number, number>();
  /** Whether what an entry is made of is made of that entry. */
  const isCircle = (of: number, from: number): boolean => {
    const next = bases.get(from);
    return from === of || (next !== undefined && isCircle(of, next));
  };
  let at = 0;
  for (const [i, content] of contents.entries()) {
    const way = ways[i];
    const base = (way?.base ?? 0) % contents.length;
    const start = starts[base];
    const source = contents[base] ?? Buffer.alloc(0);
    let same = 0;
    while (same < Math.min(source.length, content.length) && source[same] === content[same]) same++;
    const copied = same === 0 ? [] : [toCopy(same)];
    const instructions = toDelta(source.length, content.length, ...copied, toInsertion(content.subarray(same)));
    const isDelta = way !== undefined && way.kind !== 'whole' && !isCircle(i, base);
    let entry: Buffer;
    if (isDelta && way.kind === 'offset' && start !== undefined)
      entry = toEntry({ type: offsetDelta, content: instructions, base: at - start });
    else if (isDelta && way.kind === 'id')
      entry = toEntry({ type: referenceDelta, content: instructions, base: toObjectId('blob', source) });
    else entry = toEntry({ type: blob, content });
    if (!entry.equals(toEntry({ type: blob, content }))) bases.set(i, base);
    starts.push(at);
    entries.push(entry);
    at += entry.length;
  }
  return toPack(entries);
}

test('packs with deltas in any order give their objects', async (t) => {
  await fc.assert(
    fc.asyncProperty(plans, fc.constantFrom(1, 13, 1000), fc.constantFrom(0, 10_000), async (plan, piece, inflated) => {
      const store = await readBytes(writePlan(plan), { piece, inflated });
      const [contents] = plan;
      t.deepEqual([...store.ids()].sort(), contents.map((content) => toObjectId('blob', content)).sort());
      for (const content of contents) {
        const object = store.find(toObjectId('blob', content));
        t.true(object !== undefined && store.read(object).equals(content));
      }
    }),
    { seed: 1, numRuns: times(5000, 100) },
  );
});

test('whatever is changed in a pack, it is refused, or gives objects with the ids of their bytes', async (t) => {
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('set', 'cut', 'insert')), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(plans, edits, fc.constantFrom(5, mebibyte), async (plan, list, maxFileBytes) => {
      let body: Buffer = writePlan(plan).subarray(0, -20);
      for (const [at, byte, kind] of list) {
        const place = at % body.length;
        const rest = body.subarray(kind === 'insert' ? place : place + 1);
        body = Buffer.concat([body.subarray(0, place), Buffer.from(kind === 'cut' ? [] : [byte]), rest]);
      }
      const target = makeStore({ limit: mebibyte, inflated: 100, work: 2 ** 28 });
      try {
        await readBytes(withChecksum(body), { maxFileBytes }, target);
      } catch (error) {
        if (!(error instanceof BranchTrouble)) throw error;
      }
      t.true(target.budget.held <= mebibyte);
      for (const id of target.store.ids()) {
        const object = target.store.find(id);
        t.is(object && toObjectId(object.type, target.store.read(object)), id);
      }
    }),
    { seed: 2, numRuns: times(20_000, 150) },
  );
});
