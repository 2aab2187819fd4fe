import test from 'ava';
import { listRefs, selectRefs } from '../../../src/io/git/advertisement.ts';
import { openService } from '../../../src/io/git/discovery.ts';
import { flushPacket, toPacket } from '../../../src/io/git/packets.ts';

const id = 'a'.repeat(40);
const toRef = (name: string, more = '') => toPacket(`${id} ${name}${more}\n`);
const capabilities = '\0report-status ofs-delta';
const advertisement = Buffer.concat([
  toRef('refs/heads/absent', capabilities),
  toRef('refs/heads/main'),
  toRef('refs/heads/main2'),
  toRef('refs/heads/nain'),
  toRef('refs/heads/ünï'),
  toRef('refs/tags/v1'),
  toRef('refs/tags/v1^{}'),
  toPacket(`shallow ${id}`),
  flushPacket,
]);

test('the refs that are asked for stay, with the capabilities and what is no ref', (t) => {
  t.is(
    selectRefs(advertisement, ['refs/heads/main', 'refs/heads/ünï', 'refs/heads/missing']).toString(),
    Buffer.concat([
      toRef('refs/heads/absent', capabilities),
      toRef('refs/heads/main'),
      toRef('refs/heads/ünï'),
      toPacket(`shallow ${id}`),
      flushPacket,
    ]).toString(),
  );
  // Lines may end without a newline.
  const bare = Buffer.concat([toRef('HEAD', capabilities), toPacket(`${id} refs/heads/main`), flushPacket]);
  t.is(selectRefs(bare, ['refs/heads/main']).toString(), bare.toString());
});

test('what is no list of refs stays as it is', (t) => {
  const sha256 = Buffer.concat([toPacket(`${'b'.repeat(64)} refs/heads/x\0object-format=sha256\n`), flushPacket]);
  const texts = ['', '00', '0000', 'no packet at all', '00ffcut off', '0012ERR no access\n0000', sha256.toString()];
  for (const text of texts) t.is(selectRefs(Buffer.from(text), ['refs/heads/main']).toString(), text);
});

test('the names of all refs are listed', (t) => {
  const names = ['absent', 'main', 'main2', 'nain', 'ünï'].map((name) => `refs/heads/${name}`);
  t.deepEqual(listRefs(advertisement), [...names, 'refs/tags/v1', 'refs/tags/v1^{}']);
  t.deepEqual(listRefs(Buffer.concat([toPacket(`${'0'.repeat(40)} capabilities^{}\0ofs-delta\n`), flushPacket])), []);
});

test('isomorphic-git is not given the other refs of a large repository', async (t) => {
  const others = Array.from({ length: 40_000 }, (_, i) => toRef(`refs/heads/n${i}`, i === 0 ? capabilities : ''));
  const session = {
    advertisement: Buffer.concat([...others, toRef('refs/heads/main'), flushPacket]),
    request: async function* () {},
    [Symbol.asyncDispose]: async () => {},
  };
  const { signal } = new AbortController();
  const service = await openService({ open: async () => session }, 'git-receive-pack', ['refs/heads/main'], signal);
  t.deepEqual([...service.refs.keys()], ['refs/heads/n0', 'refs/heads/main']);
  t.true(service.capabilities.has('report-status'));
  t.is(service.listRefs().length, 40_001);
});
