/** `mirror wisdom 0.2`: a share that may be a fraction of 1 by mistake. */
import test from 'ava';
import { clone, policy } from './clone.ts';

test('a share below 1 % is said as a count of requests', async (t) => {
  const { run } = clone(t);
  for (const [typed, share] of [
    ['0.2', '0.2 % is 2 requests in 1,000'],
    ['0.25', '0.25 % is 25 requests in 10,000'],
    ['0.99', '0.99 % is 99 requests in 10,000'],
    ['0.01', '0.01 % is 1 request in 10,000'],
    ['0.0001', '0.0001 % is 1 request in 1,000,000'],
    ['0.5%', '0.5 % is 5 requests in 1,000'],
  ] as const) {
    const { out, code } = await run('mirror', 'wisdom', typed, '--dry-run');
    t.is(code, 0);
    t.true(out.includes(`\n${share}\n`), out);
  }
  for (const typed of ['0', '1', '1.5', '42', '100'])
    t.notRegex((await run('mirror', 'wisdom', typed, '--dry-run')).out, /requests? in/);
});

test('on a terminal it is asked, and nothing is done without a yes', async (t) => {
  const { runAsked, run, read } = clone(t);
  const question = /0\.2 % is 2 requests in 1,000\. Do you mean that\?/;
  const before = read(policy);
  for (const key of ['n', '\r', '\u0003']) {
    const no = await runAsked(question, key, 'mirror', 'wisdom', '0.2', '--commit');
    t.true(no.asked);
    t.is(no.code, 1);
    t.is(no.err, 'nothing was changed\n');
    t.is(read(policy), before);
  }
  const yes = await runAsked(question, 'y', 'mirror', 'wisdom', '0.2', '--commit');
  t.true(yes.asked);
  t.is(yes.code, 0);
  t.regex(read(policy), /mirrorPercentage: 0\.2\n/);
  // Said so, looked at only, set already, or nobody there to ask.
  for (const words of [['0.3%'], ['0.4', '--dry-run'], ['0.3', '--commit'], ['5']]) {
    const { asked, code } = await runAsked(/Do you mean/, 'n', 'mirror', 'wisdom', ...words);
    t.false(asked, words.join(' '));
    t.is(code, 0);
  }
  t.is((await run('mirror', 'wisdom', '0.4')).code, 0);
  t.regex(read(policy), /mirrorPercentage: 0\.4\n/);
});
