/**
 * The little of HTTP/2 that a server needs in order to misbehave below what node:http2 lets one do.
 *
 * Source: RFC 9113, sections 4.1, 6 and 7; RFC 7541, section 6 and appendix A.
 */

export const frameTypes = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
} as const;

export const flags = { endStream: 1, ack: 1, endHeaders: 4 } as const;
export const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
export const initialWindow = 65_535;
export const refusedStream = 7;
const initialWindowSetting = 4;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export function toFrame(type: number, flag: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flag, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export function toNumberFrame(type: number, stream: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return toFrame(type, 0, stream, payload);
}

/** Names and values are sent as they are, without compression. */
export function toHeaderBlock(headers: Readonly<Record<string, string>>): Buffer {
  const toText = (text: string) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
  return Buffer.concat(
    Object.entries(headers).flatMap(([name, value]) => [Buffer.from([0]), toText(name), toText(value)]),
  );
}

/** What the peer says that every new stream may send; undefined: it does not say. */
export function readInitialWindow({ payload }: Frame): number | undefined {
  for (let at = 0; at + 6 <= payload.length; at += 6)
    if (payload.readUInt16BE(at) === initialWindowSetting) return payload.readUInt32BE(at + 2);
  return undefined;
}

/** A connection's first frames, which let the peer send so many bytes of each stream and in all beyond `initialWindow`. */
export function toWideSettings(bytes: number): Buffer {
  const setting = Buffer.alloc(6);
  setting.writeUInt16BE(initialWindowSetting);
  setting.writeUInt32BE(initialWindow + bytes, 2);
  return Buffer.concat([toFrame(frameTypes.settings, 0, 0, setting), toNumberFrame(frameTypes.windowUpdate, 0, bytes)]);
}

/** Takes bytes in, and gives whole frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);
  #isPrefaced = false;

  *push(chunk: Buffer): Generator<Frame> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.#isPrefaced) {
      if (this.#rest.length < preface.length) return;
      this.#isPrefaced = true;
      this.#rest = this.#rest.subarray(preface.length);
    }
    while (this.#rest.length >= 9) {
      const length = this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < 9 + length) return;
      yield {
        type: this.#rest.readUInt8(3),
        flags: this.#rest.readUInt8(4),
        stream: this.#rest.readUInt32BE(5) & 0x7f_ff_ff_ff,
        payload: this.#rest.subarray(9, 9 + length),
      };
      this.#rest = this.#rest.subarray(9 + length);
    }
  }
}
