import test from 'ava';
import fc from 'fast-check';
import { mask, maskLine, quote } from '../../../src/core/diagnostics/safe-text.ts';
import { toLastingText } from '../../../src/core/observe/lasting-text.ts';
import { times } from '../../thorough.ts';
import { credentials, hostile, spellings } from './credentials.ts';

for (const said of [
  'Did not find storage config for key nobody: Storage secretKey not found: nobody',
  'secret "storage-config" not found',
  'Secret default/storage-config: key not found',
  'storage secret key `localMinIO` is missing',
  'serving.kserve.io/secretKey: localMinIO',
  '{"serving.kserve.io/secretKey":"localMinIO"}',
  'secretName: storage-config',
  'secretKeyRef: {name: storage-config, key: localMinIO}',
  'imagePullSecrets: [{name: registry}]',
  'tokenPath=/var/run/secrets/token',
  'tokenizer: /mnt/models/tokenizer.json',
  'max_tokens=512',
  'invalid token: not a JWT',
  'bearer token expired',
  'basic authentication failed',
  'pass --git-credentials or MODEL_MIRROR_GIT_TOKEN',
  'the flag --token is missing',
  '--password-file ./password',
  'storage fields are "name", "secretKey", "schemaPath"',
  'unexpected token "}"',
  'image registry:5000/models/wisdom:v2@sha256:0123456789abcdef',
  'git@git.example.com:ml/models.git',
  'pkg:npm/left-pad@1.3.0',
  'mailto:ada@example.com',
  'models/wisdom/model.yaml:3:5: error',
  'auth: no such user',
  'compass: north',
  'PASSWORD: $(MINIO_ROOT_PASSWORD)',
  'GET https://s3.example.com/models?prefix=wisdom: 404',
  '-----BEGIN CERTIFICATE----- MIIB -----END CERTIFICATE-----',
])
  test(`not a credential: ${said}`, (t) => {
    t.is(mask(said) as string, said);
  });

for (const [said, shown] of [
  ['aws_secret_access_key=abc/def+g=, next', 'aws_secret_access_key=…, next'],
  ['MINIO_ROOT_PASSWORD=hunter2', 'MINIO_ROOT_PASSWORD=…'],
  ['{"client-secret" : "a\\"b" ,"x":1}', '{"client-secret" : "…" ,"x":1}'],
  ['{"log":"{\\"dbPassword\\":\\"hunter2\\",\\"u\\":1}"}', '{"log":"{\\"dbPassword\\":\\"…\\",\\"u\\":1}"}'],
  ["{password: 'it''s', user: me}", "{password: '…', user: me}"],
  ['API key: abc123 refused', 'API key: … refused'],
  ['got X-Amz-Security-Token: FwoGZX==; stop', 'got X-Amz-Security-Token: …; stop'],
  ['Authorization: Basic dXNlcjpw refused', 'Authorization: Basic … refused'],
  ['sent Authorization: Bearer abc.def refused', 'sent Authorization: Bearer … refused'],
  ['curl -H "Authorization: Bearer abc"', 'curl -H "Authorization: Bearer …"'],
  ['GET https://me:pass@s3/m?X-Amz-Signature=ab&x=1', 'GET https://…@s3/m?X-Amz-Signature=…&x=1'],
  ['https://me:a/b@c@host/m', 'https://…@host/m'],
  ['key AKIAIOSFODNN7EXAMPLE refused', 'key … refused'],
  ['{"name":"DB_PASSWORD","value":"hunter2"}', '{"name":"DB_PASSWORD","value":"…"}'],
  ['mc --password hunter2 --json', 'mc --password … --json'],
  ['["--password","hunter2"]', '["--password","…"]'],
  ["[('x-api-key', 'hunter2')]", "[('x-api-key', '…')]"],
  ['root:hunter2@tcp(db:3306)/models', 'root:…@tcp(db:3306)/models'],
  ['jdbc:oracle:thin:scott/hunter2@//db:1521/x', 'jdbc:oracle:thin:scott/…@//db:1521/x'],
  ['<password>hunter2</password>', '<password>…</password>'],
  ['wrong password "hunter2" for root', 'wrong password "…" for root'],
  ['{"bindpw":"hunter2","pw":"hunter2"}', '{"bindpw":"…","pw":"…"}'],
  ['password: correct horse battery staple', 'password: …'],
] as const)
  test(`a credential is hidden: ${said}`, (t) => {
    t.is(mask(said) as string, shown);
  });

test('all lines of a YAML block, a list and a private key are hidden', (t) => {
  const key = '-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----';
  for (const said of [
    'password: |\n  hunter2\n  hunter2\nuser: me',
    'env:\n- name: DB_PASSWORD\n  value: hunter2\nuser: me',
    `a\n${key}\nuser: me`,
    JSON.stringify({ key, user: 'user: me' }),
    'passwords:\n- hunter2\n- hunter2\nuser: me',
    'passwords: ["hunter2", "]hunter2"]\nuser: me',
  ]) {
    t.false(mask(said).includes('hunter2'), mask(said));
    t.true(mask(said).includes('user: me'), mask(said));
  }
});

test('every spelling of a credential is hidden', (t) => {
  fc.assert(
    fc.property(spellings, ({ text, credential }) => {
      for (const shown of [mask(text), maskLine(text), quote(text), toLastingText(text)])
        t.false(shown.includes(credential), `${text}\n→ ${shown}`);
    }),
    { numRuns: times(3000, 500) },
  );
});

test('no half of a credential is shown where a text is cut', (t) => {
  fc.assert(
    fc.property(credentials, fc.integer({ min: 9900, max: 10_100 }), (credential, length) => {
      for (const start of ['https://me:', 'see https://me:', 'password="', 'password='])
        for (const filling of ['x', ' ', 'password=x ']) {
          const before = filling.repeat(length).slice(0, length - start.length);
          t.false(mask(`${before} ${start}${credential}@host`).includes(credential.slice(0, 8)));
        }
    }),
    { numRuns: 100 },
  );
});

test('any text becomes one short line without control characters', (t) => {
  fc.assert(
    fc.property(hostile, (text) => {
      for (const make of [mask, maskLine, quote, toLastingText]) {
        const shown = make(text);
        t.true(isHarmless(shown), JSON.stringify(shown));
        t.true(shown.length < 20_000);
        t.true(isHarmless(mask(shown)));
      }
    }),
  );
});

/** By the code points of Unicode's chapter 23, not by the classes that the program asks for. */
function isHarmless(text: string): boolean {
  return [...text].every((character) => {
    const code = character.codePointAt(0) ?? 0;
    const isControl = code < 0x20 || (code >= 0x7f && code <= 0x9f) || code === 0x2028 || code === 0x2029;
    const isFormat =
      code === 0xad || code === 0x61c || code === 0x180e || code === 0xfeff || (code >= 0xe0000 && code <= 0xe007f);
    const isDirection = (code >= 0x200b && code <= 0x200f) || (code >= 0x202a && code <= 0x202e);
    const isInvisible = code >= 0x2060 && code <= 0x206f;
    return !isControl && !isFormat && !isDirection && !isInvisible && !(code >= 0xd800 && code <= 0xdfff);
  });
}
