/**
 * How kubectl and Argo CD read a plain scalar: sigs.k8s.io/yaml reads YAML 1.1, in the form of go-yaml 2
 * (`resolve.go` of go.yaml.in/yaml/v2): `no` and `n` are false and `0644` is 420, but `12:30` is text.
 */

const words: ReadonlyMap<string, boolean | number | null> = new Map<string, boolean | number | null>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Number.POSITIVE_INFINITY] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
]);

/** A sign may follow `0b`: Go parses the text after the prefix as a number of its own. */
const integer = /^([-+]?)(?:0x([0-9a-f]+)|0o?([0-7]+)|0b([01]+)|(0|[1-9][0-9]*))$/i;
const signedBinary = /^0b([-+])([01]+)$/;
const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
/** Go's own parser reads these, and accepts underscores only between digits. */
const floatWithDot = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?$/;

const leastInteger = -(2n ** 63n);
const endOfIntegers = 2n ** 64n;

/** The value of a plain scalar without a tag. */
export function resolveAsKubectl(text: string): string | number | boolean | null {
  const word = words.get(text);
  if (word !== undefined) return word;
  if (text.startsWith('.')) return floatWithDot.test(text) ? toFinite(text.replaceAll('_', ''), text) : text;
  if (!/^[-+0-9]/.test(text)) return text;
  const digits = text.replaceAll('_', '');
  const whole = toInteger(digits);
  if (whole !== undefined) return whole;
  return float.test(digits) ? toFinite(digits, text) : text;
}

function toInteger(digits: string): number | undefined {
  if (digits.length > 100) return undefined;
  const [, behindPrefix, bits] = signedBinary.exec(digits) ?? [];
  const [, sign = behindPrefix, hex, octal, binary = bits, decimal] = integer.exec(digits) ?? [];
  const magnitude = hex ? `0x${hex}` : octal ? `0o${octal}` : binary ? `0b${binary}` : decimal;
  if (magnitude === undefined) return undefined;
  const value = sign === '-' ? -BigInt(magnitude) : BigInt(magnitude);
  // Integers of 64 bits without a sign may be larger.
  const end = sign === '' || sign === undefined ? endOfIntegers : 2n ** 63n;
  return value >= leastInteger && value < end ? Number(value) : undefined;
}

/** A number that is too large for a float is text. */
function toFinite(digits: string, text: string): number | string {
  const value = Number(digits);
  return Number.isFinite(value) ? value : text;
}

/**
 * The key that kubectl reads from a plain key; undefined when it refuses it (null), or formats it in its own way
 * (numbers with a decimal point).
 */
export function resolveKeyAsKubectl(text: string): string | undefined {
  const value = resolveAsKubectl(text);
  if (typeof value !== 'number') return value === null ? undefined : String(value);
  return Number.isSafeInteger(value) && toInteger(text.replaceAll('_', '')) !== undefined ? String(value) : undefined;
}
