/**
 * The keys in a text whose values are secret. Only the letters of a key count, so snake, kebab, camel, dotted and upper
 * case are the same.
 */

/** Looked for in a key without its separators. */
const stems =
  /token|secret|passw|passphrase|passcode|pwd|credential|apikey|accesskey|privatekey|accountkey|encryptionkey|signingkey|masterkey|sshkey|authkey|authorization|session|sessid|signature|cookie/;
/** Too short to look for within words: whole words of a key. */
const shortStems: ReadonlySet<string> = new Set(['pass', 'pw', 'psw', 'sig', 'sas', 'jwt']);
/** Secrets only in the query of a URL. */
const queryStems: ReadonlySet<string> = new Set(['key', 'code', 'auth']);
/** The value of such a key is where a secret is, not the secret. */
const pointers = /(?:name|ref|file|path|namespace)s?$/;
export interface Key {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** The indent of its line, if it is the first word there. */
  readonly indent: number | undefined;
}

/** Every run of letters, digits, `_`, `-` and dots that names a secret. */
export function* findKeys(text: string): Generator<Key> {
  let lineStart = 0;
  let nextLine = toNextLine(text, 0);
  let isFirst = true;
  for (const { 0: run, index } of text.matchAll(/[\w.-]+/g)) {
    while (index >= nextLine) {
      lineStart = nextLine;
      nextLine = toNextLine(text, lineStart);
      isFirst = true;
    }
    // The dash of a list item, or of a removed line in a diff.
    if (!/\w/.test(run)) continue;
    const dashes = run.length - run.replace(/^-+/, '').length;
    const start = index + dashes;
    const key = run.slice(dashes);
    const lead = isFirst ? text.slice(lineStart, start) : '';
    const isAlone = isFirst && /^[\s+"'-]*$/.test(lead);
    isFirst = false;
    if (isSecret(key, text, start))
      yield { text: key, start, end: index + run.length, indent: isAlone ? lead.length : undefined };
  }
}

function isSecret(key: string, text: string, start: number): boolean {
  const lower = key.toLowerCase();
  const before = text[start - 1];
  if ((before === '?' || before === '&') && queryStems.has(lower)) return true;
  // The value of KServe's annotation is the name of an entry of a Secret (pkg/constants, StorageSpec).
  if (key === 'secretKey' && text.startsWith('serving.kserve.io/', start - 18)) return false;
  let squashed = lower.replace(/[-_.]/g, '');
  // "API key: …", "secret access key ID: …"
  if (squashed === 'key' || squashed === 'keys' || squashed === 'id')
    squashed =
      text
        .slice(Math.max(0, start - 24), start)
        .toLowerCase()
        .replace(/[ _-]/g, '') + squashed;
  if (pointers.test(squashed)) return false;
  if (stems.test(squashed.replaceAll('tokeniz', ''))) return true;
  if (/(?:user|bind|root|admin|db)pw$/.test(squashed)) return true;
  if (squashed.endsWith('pass') && !/(?:com|by|sur|tres)pass$/.test(squashed)) return true;
  const words = key
    .replace(/([a-z\d])(?=[A-Z])/g, '$1-')
    .toLowerCase()
    .split(/[-_.]/);
  if (words.some((one) => shortStems.has(one))) return true;
  // In a sentence, "auth" is the name of a component.
  return words.includes('auth') && /^(?:\\*["'`]|=)/.test(text.slice(start + key.length, start + key.length + 8));
}

/** The start of the next line; infinity in the last one. */
export function toNextLine(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at < 0 ? Number.POSITIVE_INFINITY : at + 1;
}
