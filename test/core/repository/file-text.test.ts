import test from 'ava';
import { maxFileBytes, toFileText } from '../../../src/core/repository/file-text.ts';

const encode = (text: string) => new TextEncoder().encode(text);

test('UTF-8 is decoded, and keeps its byte order mark', (t) => {
  for (const text of ['', 'a: 1\n', 'ä: 漢字 🦊\r\n', '\ufeffa: 1\n']) t.is(toFileText(encode(text)), text);
});

test('other encodings are refused', (t) => {
  const utf16 = new Uint8Array(Buffer.from('\ufeffa: 1', 'utf16le'));
  const latin1 = new Uint8Array(Buffer.from('name: Zoë', 'latin1'));
  const halfCharacter = encode('漢').subarray(0, 2);
  for (const bytes of [utf16, latin1, halfCharacter]) t.like(toFileText(bytes), { code: 'file-encoding' });
});

test('a file may have a mebibyte, and a page of the watcher more', (t) => {
  const bytes = new Uint8Array(1_048_576).fill(0x20);
  t.is(maxFileBytes, bytes.length);
  t.is(typeof toFileText(bytes), 'string');
  const larger = new Uint8Array(bytes.length + 1).fill(0x20);
  t.like(toFileText(larger), { code: 'file-too-large' });
  t.is(typeof toFileText(larger, larger.length), 'string');
});

test('a pointer of Git LFS is not the file', (t) => {
  const rest = 'oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n';
  for (const site of ['git-lfs', 'hawser'])
    t.like(toFileText(encode(`version https://${site}.github.com/spec/v1\n${rest}`)), { code: 'git-lfs-pointer' });
  t.is(typeof toFileText(encode(`# version https://git-lfs.github.com/spec/v1\n${rest}`)), 'string');
});
