import { generateKeyPairSync } from 'node:crypto';
import test from 'ava';
import ssh2 from 'ssh2';
import { parsePrivateKey } from '../../../src/io/git/private-key.ts';
import { makeKey } from './transports/ssh/ssh-server.ts';

const passphrase = { cipher: 'aes-256-cbc', passphrase: 'a secret' } as const;
const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
const pair = {
  ed25519: generateKeyPairSync('ed25519'),
  ecdsa: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
};

for (const [form, kind, text] of [
  ["OpenSSH's", 'ed25519', makeKey('ed25519').secret],
  ["OpenSSH's", 'ecdsa', makeKey('ecdsa').secret],
  ["OpenSSH's", 'rsa', makeKey('rsa').secret],
  ['PKCS#8', 'ed25519', pair.ed25519.privateKey.export(pkcs8)],
  ['PKCS#8', 'ecdsa', pair.ecdsa.privateKey.export(pkcs8)],
  ['SEC 1', 'ecdsa', pair.ecdsa.privateKey.export({ type: 'sec1', format: 'pem' })],
  ['PKCS#8', 'rsa', pair.rsa.privateKey.export(pkcs8)],
  ['PKCS#1', 'rsa', pair.rsa.privateKey.export({ type: 'pkcs1', format: 'pem' })],
] as const)
  for (const [title, change] of [
    ['as it is written', (one: string) => one],
    ['without its last line end', (one: string) => one.trim()],
    [
      'with line ends of Windows, and blank space around it',
      (one: string) => ` \r\n${one.replaceAll('\n', '\r\n')}\r\n\r\n`,
    ],
  ] as const)
    test(`a key: ${kind} in ${form} form, ${title}`, (t) => {
      const parsed = parsePrivateKey(change(`${text}`), 'id');
      if ('hint' in parsed) return t.fail(parsed.message);
      t.is(parsed.kind, kind);
      // The library signs with it, and Node checks that against the public half.
      const key = ssh2.utils.parseKey(parsed.pem);
      if (key instanceof Error) return t.fail(key.message);
      const signature = key.sign('data', kind === 'rsa' ? 'sha512' : undefined);
      t.true(key.verify('data', signature, kind === 'rsa' ? 'sha512' : undefined));
      if (form !== "OpenSSH's")
        t.is(
          key.getPublicPEM().replaceAll('\n', ''),
          `${pair[kind].publicKey.export({ type: 'spki', format: 'pem' })}`.replaceAll('\n', ''),
        );
    });

for (const [title, text, message, hint] of [
  [
    'a passphrase, PKCS#8',
    pair.rsa.privateKey.export({ ...pkcs8, ...passphrase }),
    /^the key in id has a passphrase/,
    /ssh-keygen -p -N "" -f id$/,
  ],
  [
    'a passphrase, PKCS#1',
    pair.rsa.privateKey.export({ type: 'pkcs1', format: 'pem', ...passphrase }),
    /has a passphrase/,
    /ssh-keygen -p/,
  ],
  [
    "a passphrase, OpenSSH's",
    ssh2.utils.generateKeyPairSync('ed25519', { passphrase: 'a secret', cipher: 'aes256-ctr', rounds: 2 }).private,
    /has a passphrase/,
    /ssh-keygen -p/,
  ],
  ['the public half', makeKey().open, /^id is the public half of a key$/, /without \.pub$/],
  [
    "PuTTY's format",
    'PuTTY-User-Key-File-3: ssh-ed25519\n',
    /^id has PuTTY's format$/,
    /puttygen id -O private-openssh/,
  ],
  [
    'an unsupported curve',
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey.export(pkcs8),
    /of the kind "secp256k1", which is not supported/,
    /ssh-keygen -t ed25519/,
  ],
  [
    'an unsupported kind',
    generateKeyPairSync('ed448').privateKey.export(pkcs8),
    /of the kind "ed448"/,
    /ssh-keygen -t ed25519/,
  ],
  ['a token', 'ghp_0123456789', /^id does not hold a private key that can be read$/, /ssh-keygen -y -f id/],
  ['nothing', '', /does not hold a private key/, /ssh-keygen -y/],
  ['half a key', makeKey().secret.slice(0, 60), /does not hold a private key/, /ssh-keygen -y/],
  ['half a PEM', '-----BEGIN RSA PRIVATE KEY-----\nAAAA', /does not hold a private key/, /ssh-keygen -y/],
] as const)
  test(`no key: ${title}`, (t) => {
    const parsed = parsePrivateKey(`${text}`, 'id');
    if (!('hint' in parsed)) return t.fail(parsed.kind);
    t.regex(parsed.message, message);
    t.regex(parsed.hint, hint);
  });
