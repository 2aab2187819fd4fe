import { join } from 'node:path';
import test from 'ava';
import { toWatcherUrl } from '../../src/cli/flags/watcher-url.ts';
import { Fault } from '../../src/core/diagnostics/fault.ts';
import { runInProcess } from './in-process.ts';

test('an address loses the slashes at its end', (t) => {
  t.is(toWatcherUrl('https://mirrors.example.com'), 'https://mirrors.example.com');
  t.is(toWatcherUrl('http://127.0.0.1:8080/'), 'http://127.0.0.1:8080');
  t.is(toWatcherUrl('https://ops.example.com/mirrors//'), 'https://ops.example.com/mirrors');
  t.is(toWatcherUrl(undefined), undefined);
});

test('what is no address of a page is refused, and no secret is repeated', (t) => {
  for (const text of [
    'mirrors.example.com',
    '/mirrors',
    'ftp://mirrors.example.com',
    'javascript:alert(1)//https://x',
    'data:text/html,x',
    'https://ada:s3cret@mirrors.example.com',
    'https://s3cret@mirrors.example.com',
    'https://@mirrors.example.com',
    'https://mirrors.example.com?token=s3cret',
    'https://mirrors.example.com/#top',
    'https://mirrors.example.com/\nx',
    'https:\\\\mirrors.example.com',
    ' https://mirrors.example.com',
    `https://mirrors.example.com/${'x'.repeat(500)}`,
    'https://',
    '',
  ]) {
    const { code, message } = t.throws(() => toWatcherUrl(text), { instanceOf: Fault }, text);
    t.is(code, 'usage');
    t.false(message.includes('s3cret'), message);
  }
});

test('an Application that names no such address renders all the same, without a link and with a warning', async (t) => {
  const render = (parameter: object) => {
    const environment = { ARGOCD_APP_SOURCE_PATH: '.', ARGOCD_APP_PARAMETERS: JSON.stringify([parameter]) };
    return runInProcess(join(import.meta.dirname, '../../fixtures/rollout/gate-none/input'), environment, ['render']);
  };
  const plain = await render({ name: 'watcherUrl', string: '' });
  t.is(plain.code, 0);
  t.is(plain.err, '');
  for (const value of [{ string: 'https://ada:s3cret@mirrors.example.com' }, { string: 'mirrors' }, { array: ['x'] }]) {
    const { code, out, err } = await render({ name: 'watcherUrl', ...value });
    t.is(code, 0);
    t.is(out, plain.out);
    t.regex(err, /ARGOCD_APP_PARAMETERS:1:\d+: warning: .* \[parameter-refused\]/);
    t.false(err.includes('s3cret'));
  }
});
