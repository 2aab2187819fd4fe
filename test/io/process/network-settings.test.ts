import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Fault } from '../../../src/core/diagnostics/fault.ts';
import { isOverSsh } from '../../../src/io/git/transports.ts';
import { listIneffective } from '../../../src/io/process/network-settings.ts';
import { makeCertificate } from './certificate.ts';

const repo = 'https://git.corp.test/ml/deployments';
const proxy = 'http://ada:pa55word@proxy.corp.test:3128';

function list(environment: Readonly<Record<string, string>>, address = repo): readonly string[] {
  const found = listIneffective(address, isOverSsh(address), environment);
  for (const one of found) if (one.includes('pa55word')) throw new Error(one);
  return found;
}

test('settings that take effect are no news', (t) => {
  for (const environment of [
    {},
    { HTTPS_PROXY: proxy },
    { https_proxy: proxy, HTTPS_PROXY: proxy },
    { HTTPS_PROXY: proxy, HTTP_PROXY: 'http://other', NO_PROXY: '10.0.0.0/8, fd00::/8,.svc *.corp.test,a-b.c_d:8443' },
    // Somebody wants it so.
    { HTTPS_PROXY: proxy, NO_PROXY: 'corp.test' },
    { HTTP_PROXY: proxy, NO_PROXY: '*' },
    { NO_PROXY: '::1,[::1]:443,127.0.0.1,localhost' },
    { SSL_CERT_FILE: '/etc/ssl/ca.pem', NODE_USE_SYSTEM_CA: '1' },
    { SSL_CERT_FILE: '/etc/ssl/ca.pem', NODE_OPTIONS: '--use-openssl-ca' },
  ])
    t.deepEqual(list(environment), [], JSON.stringify(environment));
  for (const address of ['http://127.0.0.1:3000/x', 'https://localhost/x', 'file:///x'])
    t.deepEqual(list({ ALL_PROXY: proxy }, address), [], address);
});

test('a proxy that the repository’s address does not take is named', (t) => {
  t.deepEqual(list({ HTTP_PROXY: proxy }), [
    'HTTP_PROXY is not for the address of the repository, which is reached directly: set HTTPS_PROXY',
  ]);
  t.deepEqual(list({ all_proxy: 'socks5://proxy:1080' }), [
    'ALL_PROXY is not read, and the repository is reached directly: set HTTPS_PROXY',
  ]);
  for (const address of [
    'ssh://git@git.corp.test/x',
    'SSH://git@git.corp.test/x',
    'git@git.corp.test:ml/x',
    'git@[::1]:x',
  ])
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'ALL_PROXY'])
      t.regex(list({ [name]: proxy }, address).join(), /^the repository is reached over SSH, which takes no proxy/);
});

test('a variable that is no address of a proxy ends the program', (t) => {
  const fault = t.throws(() => list({ HTTPS_PROXY: 'socks5://ada:pa55word@proxy:1080' }), { instanceOf: Fault });
  t.is(fault?.code, 'environment');
  t.notRegex(`${fault?.message}${fault?.hint}`, /pa55word/);
});

test('of two spellings with different values, the one that counts is named', (t) => {
  t.deepEqual(list({ HTTPS_PROXY: 'http://upper', https_proxy: proxy }), [
    'https_proxy and HTTPS_PROXY differ: https_proxy counts',
  ]);
});

test('entries of NO_PROXY that match nothing are named', (t) => {
  for (const entry of ['10.*', 'git.*.test', '*corp.test', '10.0.0.0/33', '10.0.0/8', 'https://git.corp.test', 'a;b'])
    t.is(list({ HTTPS_PROXY: proxy, NO_PROXY: `.svc,${entry}` }).length, 1, entry);
});

test('certificates that are not added are named', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-ca-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'ca.pem');
  const read = () => list({ NODE_EXTRA_CA_CERTS: file }).join();
  t.is(read(), `NODE_EXTRA_CA_CERTS adds no certificates: ${file}: no such file or directory`);
  t.regex(list({ NODE_EXTRA_CA_CERTS: folder }).join(), /illegal operation on a directory$/);
  writeFileSync(file, Buffer.from('MIIB in DER'));
  t.regex(read(), /: there is no certificate in PEM in it$/);
  const { cert, key } = makeCertificate(['git.corp.test']);
  writeFileSync(file, key);
  t.regex(read(), /: there is no certificate in PEM in it$/);
  writeFileSync(file, cert);
  t.is(read(), '');
  for (const name of ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'GIT_SSL_CAINFO', 'CURL_CA_BUNDLE'])
    t.is(
      list({ [name]: file }).join(),
      `${name} is not read: name the certificates of your authority in NODE_EXTRA_CA_CERTS`,
    );
});
