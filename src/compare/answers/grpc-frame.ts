/**
 * The only message of a unary answer (grpc/grpc doc/PROTOCOL-HTTP2.md): one byte that says whether it is compressed,
 * four of its length, and the message.
 *
 * @returns undefined when lengths do not add up or there is none.
 */
export function readFrame(body: Uint8Array): Uint8Array | 'compressed' | 'streamed' | undefined {
  if (body.length < 5) return undefined;
  const end = 5 + new DataView(body.buffer, body.byteOffset).getUint32(1);
  if (end > body.length || (body[0] as number) > 1) return undefined;
  if (end < body.length) return 'streamed';
  return body[0] === 1 ? 'compressed' : body.subarray(5);
}
