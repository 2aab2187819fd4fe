/**
 * A text → the same text without what lets somebody in: values of keys that are called like a secret, users and
 * passwords of URLs, private keys, and tokens that are known by their form.
 *
 * Which key is a secret's is decided by its letters alone, so snake, kebab, camel, dotted and upper case are the same.
 * Names of Secrets stay: they say what to look for. Every step runs in linear time: texts come from files, the
 * cluster and the network, and somebody may have made them long on purpose.
 */

const hidden = '…';

/** @param isCut the text went on: a URL whose end is missing may have had its @ there. */
export function hideCredentials(text: string, isCut = false): string {
  return hideValues(hideTokens(hideUsers(hidePrivateKeys(hideOwn(text)), isCut)));
}

/** Shorter ones could be a part of any text. */
const shortestOwn = 6;
/** They are rotated, and the last ones may still be named in an answer. */
const mostOwn = 8;
const own = new Set<string>();

/** From now on, this credential of the program's own is shown nowhere: a server may repeat what it was sent, as in "token … has expired". */
export function keepCredential(credential: string): void {
  if (credential.length < shortestOwn) return;
  own.delete(credential);
  own.add(credential);
  const [oldest] = own;
  if (own.size > mostOwn && oldest !== undefined) own.delete(oldest);
}

function hideOwn(text: string): string {
  let safe = text;
  for (const credential of own) safe = safe.replaceAll(credential, hidden);
  return safe;
}

/** Blocks of PEM but those that everybody may see. Without its last line, all that follows belongs to it. */
function hidePrivateKeys(text: string): string {
  const begin = '-----BEGIN ';
  let safe = '';
  let done = 0;
  for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, done)) {
    const label = text.slice(at + begin.length, at + begin.length + 40);
    safe += text.slice(done, at + begin.length);
    done = at + begin.length;
    if (/^(?:CERTIFICATE|PUBLIC KEY|X509 CRL)-/.test(label)) continue;
    const end = text.indexOf('-----END ', done);
    safe += hidden;
    done = end < 0 ? text.length : end;
  }
  return safe + text.slice(done);
}

/** A password may hold an @ or a slash: all goes, up to the last @ of the word. */
function hideUsers(text: string, isCut: boolean): string {
  return text.replace(/[^\s"]+/g, (word, at: number) => {
    // Whoever took an address for a path left one slash of it; JSON may have a backslash before each.
    const slash = word.search(/\/\/|:\\?\//);
    if (slash < 0 || /@\/\//.test(word)) return hideUserOfHost(word);
    const start = slash + (word.startsWith(':\\/\\/', slash) ? 5 : word.startsWith('://', slash) ? 3 : 2);
    const end = word.lastIndexOf('@');
    if (end >= start) return word.slice(0, start) + hidden + word.slice(end);
    return isCut && at + word.length === text.length ? word.slice(0, start) + hidden : word;
  });
}

/**
 * A user and a password before a host, without a scheme: `root:…@tcp(db:3306)/models`, as Go's drivers take it, and
 * `jdbc:oracle:thin:scott/…@//db:1521/models`. An image's tag before its digest is none.
 */
function hideUserOfHost(word: string): string {
  const end = word.includes('@//') ? word.indexOf('@//') : word.lastIndexOf('@');
  if (end < 0 || word.startsWith('@sha256:', end)) return word;
  const colon = word.indexOf(':');
  const slash = word.lastIndexOf('/', end);
  if (colon < 1 || colon > end || word.startsWith('mailto:')) return word;
  if (slash < 0) return word.slice(0, colon + 1) + hidden + word.slice(end);
  return word.includes('jdbc:') ? word.slice(0, slash + 1) + hidden + word.slice(end) : word;
}

const alphanumeric = /^[A-Za-z0-9]{16}/;
const wordy = /^[\w-]{12}/;

/** What is known by its form: how it begins, and how it goes on. */
const forms: readonly (readonly [string, RegExp])[] = [
  // AWS
  ...['AKIA', 'ASIA', 'ABIA', 'ACCA'].map((prefix) => [prefix, /^[A-Z0-9]{12}/] as const),
  // GitHub, npm, Hugging Face, Docker Hub
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'npm_', 'hf_'].map((prefix) => [prefix, alphanumeric] as const),
  ...['github_pat_', 'dckr_pat_'].map((prefix) => [prefix, wordy] as const),
  // GitLab, Slack, Google, Vault
  ...['glpat-', 'gldt-', 'glrt-', 'glcbt-', 'glptt-', 'glft-', 'glsoat-', 'glagent-'].map(
    (prefix) => [prefix, wordy] as const,
  ),
  ...['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe-'].map((prefix) => [prefix, wordy] as const),
  ...['AIza', 'ya29.', 'hvs.', 'hvb.'].map((prefix) => [prefix, wordy] as const),
  // OpenAI, Anthropic, PyPI, SendGrid, DigitalOcean, Shopify
  ...['sk-proj-', 'sk-ant-', 'pypi-', 'SG.', 'dop_v1_', 'shpat_'].map((prefix) => [prefix, wordy] as const),
  // JSON Web Tokens
  ['eyJ', /^[\w-]{8}/],
];

/** As curl takes them. */
const userFlags = /(?:\s-u|--(?:proxy-)?user)[ \t=]\S+/g;
const schemes = /\b(bearer|basic)[ \t]+([^\s"',;]+)/gi;

function hideTokens(text: string): string {
  const plain = text.replace(/[\w.-]{11,}/g, hideToken).replace(userFlags, (flag) => {
    const colon = flag.indexOf(':');
    return colon < 0 ? flag : flag.slice(0, colon + 1) + hidden;
  });
  return plain.replace(schemes, (all: string, name: string, value: string) => {
    const isProse = /^basic$/i.test(name) ? !/[A-Z\d+/=]/.test(value) : /^(?:tokens?|auth[a-z]*)\b/i.test(value);
    return isProse ? all : `${name} ${hidden}`;
  });
}

function hideToken(run: string): string {
  for (const [prefix, rest] of forms) {
    const at = run.indexOf(prefix);
    const isStart = at === 0 || (at > 0 && /\W/.test(run.charAt(at - 1)));
    if (isStart && rest.test(run.slice(at + prefix.length))) return run.slice(0, at) + hidden;
  }
  return run;
}

/** In a key of which only letters and digits are left. */
const stems =
  /token|secret|passw|passphrase|passcode|pwd|credential|apikey|accesskey|privatekey|accountkey|encryptionkey|signingkey|masterkey|sshkey|authkey|authorization|session|sessid|signature|cookie/;
/** Too short to be looked for within words. */
const shortStems: ReadonlySet<string> = new Set(['pass', 'pw', 'psw', 'sig', 'sas', 'jwt']);
/** In the query of a URL even these let somebody in. */
const queryStems: ReadonlySet<string> = new Set(['key', 'code', 'auth']);
/** Such keys tell where a secret is, not what it is. */
const pointers = /(?:name|ref|file|path|namespace)s?$/;
/** Headers whose value may be several words. */
const headers = /(?:authorization|cookie)$/;
/** What stands behind a key in a sentence, as in `token: not found`, and is no value. */
const plainValues: ReadonlySet<string> = new Set(
  'not missing required invalid expired empty unset mismatch null none true false undefined'.split(' '),
);

/** What stands behind a flag in a sentence about it. */
const proseWords: ReadonlySet<string> = new Set(
  'and are as at by can cannot flag for from has in is may must needs not of or option says takes that the to was which with'.split(
    ' ',
  ),
);

/** Between a key and its value: the end of its quotation marks, then a sign. */
const separator = /(?:\\*["'`])?\]?[ \t]*(?:=>|:=|==|=|:)[ \t]*/y;
/** As Kubernetes writes variables: `name: DB_PASSWORD`, `value: …`, in YAML or JSON. */
const siblingValue = /(?:\\*["'`])?[\s,]+(?:\\*["'`])?value(?:\\*["'`])?[ \t]*[:=][ \t]*/iy;
/** As programs print headers and the words of a command: `('x-api-key', '…')`, `["--password", "…"]`. */
const nextInList = /\\*["'`][ \t]*,[ \t]*b?(?=\\*["'`])/y;
/** `--password …` */
const nextArgument = /[ \t]+(?=[^\s-])/y;
/** `wrong password "…"` */
const quoted = /[ \t]+(?:(?:is|was)[ \t]+)?(?=\\*["'`])/y;
const openingQuote = /\\*["'`]/y;
const mapStart = /\{\s*(?:\}|(?:\\*["'`])?[\w.-]+(?:\\*["'`])?\s*:)/y;
const mapList = /\[\s*[{\]]/y;
const placeholder = /\$\{\w+\}|\$\(\w+\)|<\w+>|…/y;
const word = /\S+/y;
const nextWord = /[ \t]+\S+/y;
const queryWord = /[^\s"'&#<>]+/y;
const restOfLine = /[^\r\n]+/y;
const lineEnd = /[ \t]*\r?\n/y;
const listLines = /(?:\r?\n[ \t]*- [^\r\n:]+(?![^\r\n]))+/y;
const block = /[|>][-+\d]*[ \t]*\r?\n/y;
const scheme = /(?:basic|bearer|digest|negotiate|ntlm|token|apikey|aws4-hmac-sha256)[ \t]+/iy;

interface Key {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** How far its line is indented, when it is the first on it. */
  readonly indent: number | undefined;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function hideValues(text: string): string {
  let safe = '';
  let done = 0;
  for (const key of findKeys(text)) {
    if (key.start < done) continue;
    const value = findValue(text, key);
    if (value === undefined || value.start >= value.end) continue;
    safe += text.slice(done, value.start) + hidden;
    done = value.end;
  }
  return safe + text.slice(done);
}

/** Every run of letters, digits, `_`, `-` and dots that is called like a secret. */
function* findKeys(text: string): Generator<Key> {
  let lineStart = 0;
  let nextLine = toNextLine(text, 0);
  let isFirst = true;
  for (const { 0: run, index } of text.matchAll(/[\w.-]+/g)) {
    while (index >= nextLine) {
      lineStart = nextLine;
      nextLine = toNextLine(text, lineStart);
      isFirst = true;
    }
    // The dashes of a list, or of a line that is taken away.
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

function toNextLine(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at < 0 ? Number.POSITIVE_INFINITY : at + 1;
}

function isSecret(key: string, text: string, start: number): boolean {
  const lower = key.toLowerCase();
  const before = text[start - 1];
  if ((before === '?' || before === '&') && queryStems.has(lower)) return true;
  // KServe's annotation has the name of an entry of a Secret (pkg/constants, StorageSpec).
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
  // In a sentence it is somebody's name for a part of a program.
  return words.includes('auth') && /^(?:\\*["'`]|=)/.test(text.slice(start + key.length, start + key.length + 8));
}

/** Where the value of a key is. */
function findValue(text: string, key: Key): Span | undefined {
  if (text[key.start - 1] === '<' && text[key.end] === '>') return findElement(text, key);
  const start = matchAt(separator, text, key.end) ?? matchAt(siblingValue, text, key.end) ?? findWithoutSign(text, key);
  if (start === undefined || matchAt(placeholder, text, start) !== undefined) return undefined;
  const quoteEnd = matchAt(openingQuote, text, start);
  if (quoteEnd !== undefined) return { start: quoteEnd, end: findQuoteEnd(text, start, quoteEnd) };
  // What is in a map says for itself whether it is a secret.
  if (matchAt(mapStart, text, start) !== undefined || matchAt(mapList, text, start) !== undefined) return undefined;
  if (text[start] === '[') return { start: start + 1, end: findListEnd(text, start) };
  const before = text[key.start - 1];
  if (before === '?' || before === '&') return { start, end: matchAt(queryWord, text, start) ?? start };
  if (matchAt(lineEnd, text, start) !== undefined) return findBelow(text, key, start);
  if (key.indent !== undefined && matchAt(block, text, start) !== undefined) return findBlock(text, key.indent, start);
  const end = trimEnd(text, start, matchAt(word, text, start) ?? start);
  const first = text.slice(start, end).toLowerCase();
  if (plainValues.has(first) || (/tokens$/i.test(key.text) && /^\d{1,7}$/.test(first))) return undefined;
  if (headers.test(key.text.toLowerCase())) return findHeader(text, key, start);
  const isLine = key.indent !== undefined && /[ \t]/.test(text[start - 1] ?? '');
  return { start, end: isLine ? trimEnd(text, start, matchAt(restOfLine, text, start) ?? start) : end };
}

/** In XML: up to the next mark-up. */
function findElement(text: string, { end }: Key): Span {
  const next = text.indexOf('<', end);
  return { start: end + 1, end: next < 0 ? text.length : next };
}

/** Where a value begins that has no sign before it: in a list of two, behind a flag, or in quotation marks. */
function findWithoutSign(text: string, { text: name, start, end }: Key): number | undefined {
  const before = text.slice(Math.max(0, start - 8), start);
  const isFlag = /(?:^|[\s"'`,[(+])--?$/.test(before);
  if (isFlag || /[[(]b?\\{0,3}["'`]$/.test(before)) {
    const at = matchAt(nextInList, text, end);
    if (at !== undefined) return at;
  }
  if (isFlag) {
    const at = matchAt(nextArgument, text, end);
    const [next = ''] = at === undefined ? [] : text.slice(at, at + 12).split(/[^A-Za-z]/, 1);
    return proseWords.has(next) ? undefined : at;
  }
  return /passw|passphrase|pwd/i.test(name) ? matchAt(quoted, text, end) : undefined;
}

/** The scheme stays; what belongs to it is one word, or several with commas or semicolons between them. */
function findHeader(text: string, { indent }: Key, at: number): Span | undefined {
  const start = matchAt(scheme, text, at) ?? at;
  if (matchAt(placeholder, text, start) !== undefined) return undefined;
  if (indent !== undefined) return { start, end: matchAt(restOfLine, text, start) ?? start };
  let end = matchAt(word, text, start) ?? start;
  if (start === at) end = matchAt(nextWord, text, end) ?? end;
  while (/[,;]/.test(text[end - 1] ?? '')) {
    const next = matchAt(nextWord, text, end);
    if (next === undefined) break;
    end = next;
  }
  return { start, end: trimEnd(text, start, end) };
}

/** Behind a quoted key JSON may break the line; behind a plain one only a list of plain texts is a value. */
function findBelow(text: string, { end }: Key, at: number): Span | undefined {
  if (/["'`\\]/.test(text[end] ?? '')) {
    const start = matchAt(/\s+/y, text, at) ?? at;
    const quoteEnd = matchAt(openingQuote, text, start);
    return quoteEnd === undefined ? undefined : { start: quoteEnd, end: findQuoteEnd(text, start, quoteEnd) };
  }
  const listEnd = matchAt(listLines, text, at);
  return listEnd === undefined ? undefined : { start: at, end: listEnd };
}

/** The lines of a block of YAML: all that are further in than the key. */
function findBlock(text: string, indent: number, start: number): Span {
  let end = matchAt(block, text, start) ?? start;
  while (end < text.length) {
    const line = text.slice(end, toNextLine(text, end));
    if (line.trim() !== '' && line.length - line.trimStart().length <= indent) break;
    end += line.length;
  }
  return { start, end: text[end - 1] === '\n' ? end - 1 : end };
}

/** Where the quotation ends; in JSON within JSON a mark has backslashes before it, and those inside have more. */
function findQuoteEnd(text: string, start: number, quoteEnd: number): number {
  const mark = text[quoteEnd - 1] ?? '';
  const depth = quoteEnd - 1 - start;
  for (let at = text.indexOf(mark, quoteEnd); at >= 0; at = text.indexOf(mark, at + 1)) {
    let first = at;
    while (first > quoteEnd && text[first - 1] === '\\') first--;
    const slashes = at - first;
    // YAML doubles a single quotation mark.
    if (mark === "'" && depth === 0 && text[at + 1] === mark) at++;
    else if (depth === 0 ? slashes % 2 === 0 : slashes <= depth) return depth === 0 ? at : first;
  }
  return text.length;
}

function findListEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const quoteEnd = matchAt(openingQuote, text, at);
    if (quoteEnd !== undefined) at = findQuoteEnd(text, at, quoteEnd);
    else if (text[at] === '[') depth++;
    else if (text[at] === ']' && --depth === 0) return at;
  }
  return text.length;
}

/** Without the marks that end a sentence, a list or a quotation around it. */
function trimEnd(text: string, start: number, end: number): number {
  let last = end;
  while (last > start && '"\'`)]},;:.!?\\'.includes(text[last - 1] ?? '')) last--;
  return last;
}

/** Where the match ends that begins here. */
function matchAt(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
