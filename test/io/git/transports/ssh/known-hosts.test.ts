import { createHmac } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { findKnownHost } from '../../../../../src/io/git/transports/ssh/known-hosts.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE8zRcY5qHXFqlGBXb9hyYc4hB8vwyl7Hk5IsQ1ctsk7';
const rsa = `ssh-rsa ${Buffer.from('\0\0\0\x07ssh-rsa\0\0\0\x03\x01\0\x01\0\0\0\x01\x07', 'latin1').toString('base64')}`;
const count = (text: string, host = 'git.example.com', port = 22) => findKnownHost(text, host, port).keys.length;

// Each was tried with `ssh-keygen -F NAME -f FILE`, of OpenSSH 9.2.
for (const [line, matches] of [
  [`git.example.com ${key}`, true],
  [`GIT.example.COM ${key}`, true],
  [`  git.example.com\t${key} a comment`, true],
  [`git.example.com ${key}\r`, true],
  [`a,git.example.com,b ${key}`, true],
  [`*.example.com ${key}`, true],
  [`git.*.??? ${key}`, true],
  [`* ${key}`, true],
  [`*,!git.example.com ${key}`, false],
  [`!git.example.com,* ${key}`, false],
  [`!other.example.com,* ${key}`, true],
  [`!other.example.com ${key}`, false],
  [`git.example.co? ${key}`, true],
  [`git.example.com? ${key}`, false],
  [`git.example ${key}`, false],
  [`git.example.com:22 ${key}`, false],
  [`[git.example.com]:22 ${key}`, false],
  [`#git.example.com ${key}`, false],
  [`git.example.com`, false],
  [`git.example.com ssh-ed25519`, false],
  [`git.example.com ssh-rsa ${key.split(' ')[1]}`, false],
  [`git.example.com ssh-ed25519 !!!`, false],
  [`@unknown git.example.com ${key}`, false],
  ['', false],
] as const)
  test(`${JSON.stringify(line)} ${matches ? 'is' : 'is not'} about git.example.com`, (t) => {
    t.is(count(line), matches ? 1 : 0);
    t.is(count(`${line}\n${line}`), matches ? 2 : 0);
  });

test('a port other than 22 is part of the name', (t) => {
  t.is(count(`[git.example.com]:2222 ${key}`, undefined, 2222), 1);
  t.is(count(`[*.example.com]:22?? ${key}`, undefined, 2222), 1);
  t.is(count(`git.example.com ${key}`, undefined, 2222), 0);
  t.is(count(`*.example.com ${key}`, undefined, 2222), 0);
  t.is(count(`[2001:db8::1]:2222,2001:db8::1 ${key}`, '2001:db8::1', 2222), 1);
  t.is(count(`[2001:db8::1]:2222,2001:db8::1 ${key}`, '2001:db8::1', 22), 1);
});

test('a hashed name is found by its hash', (t) => {
  const hash = (name: string) => {
    const salt = Buffer.from('0123456789abcdefghij');
    return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
  };
  t.is(count(`${hash('git.example.com')} ${key}`), 1);
  t.is(count(`${hash('[git.example.com]:2222')} ${key}`, undefined, 2222), 1);
  t.is(count(`${hash('git.example.com')} ${key}`, 'git.example.org'), 0);
  for (const broken of ['|', '|1|', '|1||', '|2|AAAA|AAAA', '|1|!|!']) t.is(count(`${broken} ${key}`), 0);
});

test('all keys of a host are found with their lines, revoked ones and authorities apart', (t) => {
  const { keys, revoked, hasAuthority } = findKnownHost(
    `# GitHub\n\n* ${key}\n@revoked * ${rsa}\ngit.example.com ${rsa}\n@cert-authority *.example.com ${key}\n`,
    'git.example.com',
    22,
  );
  t.deepEqual(
    keys.map(({ type, line }) => [type, line]),
    [
      ['ssh-ed25519', 3],
      ['ssh-rsa', 5],
    ],
  );
  t.deepEqual(
    revoked.map(({ type, line }) => [type, line]),
    [['ssh-rsa', 4]],
  );
  t.true(hasAuthority);
  t.false(findKnownHost(`@cert-authority *.example.org ${key}`, 'git.example.com', 22).hasAuthority);
});

test('any text is read, and a pattern with stars takes no longer than its length allows', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 200 }), (text) => {
      findKnownHost(`${text}\n${text} ${key}`, 'git.example.com', 22);
    }),
  );
  t.is(count(`${'*a'.repeat(5000)} ${key}`, 'a'.repeat(255)), 0);
});
