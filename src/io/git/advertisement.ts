/**
 * The list of refs that a server begins with (gitprotocol-pack(5), "Reference Discovery"). A large repository has tens
 * of thousands, and the list comes with each look: it is looked through as bytes, for the few refs that are needed.
 */
import { lengthDigits, readLength } from './packets.ts';

/** Where the name of a ref begins in its packet, behind an id of SHA-1 in hex and a space. */
const nameStart = lengthDigits + 40 + 1;
const [newline, space] = [0x0a, 0x20];

/**
 * @param advertisement in pkt-lines.
 * @param names full names of refs.
 * @returns the same without other refs; the first one stays, as it has the capabilities, and all that is no ref.
 */
export function selectRefs(advertisement: Uint8Array, names: readonly string[]): Buffer {
  const wanted = names.map((name) => Buffer.from(name, 'utf8'));
  const kept: Buffer[] = [];
  let isFirst = true;
  readEach(advertisement, (bytes, start, end) => {
    const name = start + nameStart;
    const isRef = name < end && bytes[name - 1] === space;
    const nameEnd = bytes[end - 1] === newline ? end - 1 : end;
    const isWanted = (one: Buffer) =>
      one.length === nameEnd - name && one.at(-1) === bytes[nameEnd - 1] && one.compare(bytes, name, nameEnd) === 0;
    if (!isRef || isFirst || wanted.some(isWanted)) kept.push(bytes.subarray(start, end));
    if (isRef) isFirst = false;
  });
  return Buffer.concat(kept);
}

/** The full names of all refs. */
export function listRefs(advertisement: Uint8Array): string[] {
  const names: string[] = [];
  readEach(advertisement, (bytes, start, end) => {
    const [line = ''] = bytes.toString('utf8', start + nameStart, end).split(/[\n\0]/, 1);
    if (bytes[start + nameStart - 1] === space && line !== 'capabilities^{}') names.push(line);
  });
  return names;
}

/** @param use called with each packet, and with the end as it is where it is none. */
function readEach(advertisement: Uint8Array, use: (bytes: Buffer, start: number, end: number) => void): void {
  const { buffer, byteOffset, byteLength } = advertisement;
  const bytes = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
  for (let start = 0; start < bytes.length; ) {
    const length = readLength(bytes, start);
    const end = start + length <= bytes.length ? start + length : bytes.length;
    use(bytes, start, end);
    start = end;
  }
}
