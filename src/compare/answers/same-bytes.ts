export function hasSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  const { length } = one;
  if (other.length !== length) return false;
  const a = new DataView(one.buffer, one.byteOffset, length);
  const b = new DataView(other.buffer, other.byteOffset, length);
  const whole = length - (length % 4);
  for (let i = 0; i < whole; i += 4) if (a.getInt32(i) !== b.getInt32(i)) return false;
  for (let i = whole; i < length; i++) if (one[i] !== other[i]) return false;
  return true;
}
