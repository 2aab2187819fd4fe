/** `mirror wisdom 0.2` at a terminal: a share that may be a fraction of 1 by mistake. */
import test from 'ava';
import { clone, policy } from './clone.ts';

test('at a terminal a small share is written only after a yes', async (t) => {
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
  // Where nobody can be asked it is written.
  t.is((await run('mirror', 'wisdom', '0.4')).code, 0);
  t.regex(read(policy), /mirrorPercentage: 0\.4\n/);
});
