/** Credentials in all their spellings, from a grammar that does not depend on how the program finds them. */
import fc from 'fast-check';
import { anyCharacter } from '../../any-character.ts';

const digits = '0123456789';
const lower = 'abcdefghijklmnopqrstuvwxyz';
const letters = fc.constantFrom(...lower, ...lower.toUpperCase(), ...digits);

/** Nothing that could be an English word, a date or a count. */
export const credentials = fc
  .array(letters, { minLength: 12, maxLength: 40 })
  .map((characters) => `x7${characters.join('')}Q`);

const names: readonly (readonly string[])[] = [
  ['aws', 'secret', 'access', 'key'],
  ['aws', 'access', 'key', 'id'],
  ['aws', 'session', 'token'],
  ['minio', 'root', 'password'],
  ['mysql', 'passwd'],
  ['admin', 'pwd'],
  ['db', 'pass'],
  ['api', 'key'],
  ['storage', 'account', 'key'],
  ['service', 'account', 'private', 'key'],
  ['client', 'secret'],
  ['user', 'credential'],
  ['user', 'credentials'],
  ['x', 'amz', 'security', 'token'],
  ['x', 'amz', 'signature'],
  ['x', 'auth', 'token'],
  ['proxy', 'authorization'],
  ['key', 'passphrase'],
  ['web', 'session', 'id'],
  ['password'],
  ['secret'],
  ['token'],
];

const title = (word: string) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;

const cases: readonly ((words: readonly string[]) => string)[] = [
  (words) => words.join('_'),
  (words) => words.join('-'),
  (words) => words.join('.'),
  (words) => words.join('_').toUpperCase(),
  (words) => words.join('').toLowerCase(),
  (words) => words.map(title).join('-'),
  (words) => words.map(title).join(''),
  (words) => words.map((word, i) => (i === 0 ? word : title(word))).join(''),
];

const keys = fc.tuple(fc.constantFrom(...names), fc.constantFrom(...cases)).map(([words, write]) => write(words));

type Writing = (key: string, credential: string) => string;

const nest = (value: unknown, depth: number): string =>
  depth === 0 ? JSON.stringify(value) : JSON.stringify({ message: nest(value, depth - 1) });

const writings: readonly Writing[] = [
  (key, credential) => `${key}=${credential}`,
  (key, credential) => `${key} = "${credential}"`,
  (key, credential) => `${key}='${credential}'`,
  (key, credential) => `${key}: ${credential}`,
  (key, credential) => `${key}: "two words ${credential}"`,
  (key, credential) => `"${key}": ${credential}`,
  (key, credential) => `{${key}: ${credential}, user: me}`,
  (key, credential) => `user: me\n${key}: ${credential}\nhost: s3`,
  (key, credential) => `user: me\n${key}: >-\n  ${credential}\nhost: s3`,
  (key, credential) => nest({ user: 'me', [key]: credential, host: 's3' }, 0),
  (key, credential) => JSON.stringify({ user: 'me', [key]: credential, host: 's3' }, null, 2),
  (key, credential) => nest({ user: 'me', [key]: `with "quotes" ${credential}`, host: 's3' }, 0),
  (key, credential) => nest({ user: 'me', [key]: credential, host: 's3' }, 1),
  (key, credential) => nest({ [key]: credential }, 2),
  (key, credential) => nest({ [key]: [credential, credential] }, 0),
  (key, credential) => nest({ name: key, value: credential }, 0),
  (key, credential) => `- name: ${key}\n  value: ${credential}`,
  (key, credential) => `GET https://s3.example.com/m?list-type=2&${key}=${credential}&x=1 failed`,
  (key, credential) => `https://s3.example.com/m?${key}=${credential}`,
  (key, credential) => `mc --${key} ${credential} --json`,
  (key, credential) => `exec ["--${key}", "${credential}"]: exit status 1`,
  (key, credential) => `headers=[('${key}', '${credential}'), ('accept', '*/*')]`,
  (key, credential) => `(b'${key}', b'${credential}')`,
  (key, credential) => `<auth><${key}>${credential}</${key}></auth>`,
  (_, credential) => `wrong password "${credential}"`,
  (_, credential) => `dial me:${credential}@tcp(db:3306)/models`,
  (_, credential) => `me:${credential}@s3.example.com`,
  (_, credential) => `jdbc:mysql://db/models?user=me&password=${credential}`,
  (_, credential) => `jdbc:oracle:thin:me/${credential}@//db:1521/models`,
  (_, credential) => `Server=db;User Id=me;Password=${credential};Encrypt=true`,
  (_, credential) => `https:\\/\\/me:${credential}@s3.example.com\\/m`,
  (_, credential) => `curl -u me:${credential} https://s3.example.com`,
  (_, credential) => `https://me:${credential}@s3.example.com/m`,
  (_, credential) => `https://${credential}@git.example.com/models.git`,
  (_, credential) => `https://me:${credential}/with@signs@s3.example.com/m`,
  (_, credential) => `Authorization: Basic ${credential}`,
  (_, credential) => `> authorization: Bearer ${credential}`,
  (_, credential) => `Authorization: AWS4-HMAC-SHA256 Credential=${credential}/s3, Signature=${credential}`,
  (_, credential) => `Set-Cookie: id=${credential}; Path=/`,
  (_, credential) => nest({ headers: { Authorization: `Bearer ${credential}` } }, 1),
  (_, credential) => `-----BEGIN PRIVATE KEY-----\n${credential}\n${credential}\n-----END PRIVATE KEY-----`,
  (_, credential) => nest({ pem: `-----BEGIN EC PRIVATE KEY-----\n${credential}\n-----END EC PRIVATE KEY-----` }, 0),
];

/** Texts that are credentials by their form alone. */
const forms = fc
  .tuple(
    fc.constantFrom('ghp_', 'gho_', 'github_pat_', 'glpat-', 'xoxb-', 'hf_', 'npm_', 'eyJhbGciOiJIUzI1NiJ9.eyJz'),
    credentials,
    credentials,
  )
  .map(([form, one, other]) => `${form}${one}${other}`);
const accessKeys = fc
  .tuple(fc.constantFrom('AKIA', 'ASIA'), fc.array(letters, { minLength: 16, maxLength: 16 }))
  .map(([form, characters]) => `${form}${characters.join('').toUpperCase()}`);

const around = fc.constantFrom('', 'cannot pull: ', 'error from s3 (', '"', 'line one\n', '+', '- ', '\t');
const after = fc.constantFrom('', ': 403 Forbidden', ')', '"', '\nline two', ', request refused');

/** A text with a credential in it. */
export const spellings = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .record({ key: keys, credential: credentials, write: fc.constantFrom(...writings), before: around, after })
      .map((one) => ({
        credential: one.credential,
        text: `${one.before}${one.write(one.key, one.credential)}${one.after}`,
      })),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ credential: fc.oneof(forms, accessKeys), before: around, after })
      .map(({ credential, before, after: rest }) => ({ credential, text: `${before}${credential}${rest}` })),
  },
);

/** What terminals, CI systems and pages obey, among anything else. */
export const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\n::error::x',
        '\r\n',
        '\u001b[2J',
        '\u009b',
        '\u202e',
        '\u2028',
        '\u200b',
        '\u2065',
        '\ufeff',
        '\ud800',
        '\u{e0041}',
        '<script>',
        '`',
        '|',
        '@someone',
        '[skip ci]',
        'password: ',
        '"token":"',
        '//',
        '?key=',
      ),
      fc.string({ unit: anyCharacter, maxLength: 20 }),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''));
