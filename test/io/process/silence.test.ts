import { mock } from 'node:test';
import test from 'ava';
import { SilenceLimit } from '../../../src/io/process/silence.ts';

test.serial('the signal is aborted when nothing is heard for the whole time', (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const silence = new SilenceLimit(1000);
  for (let i = 0; i < 5; i++) {
    mock.timers.tick(999);
    t.false(silence.signal.aborted);
    silence.restart();
  }
  mock.timers.tick(1000);
  t.true(silence.signal.aborted);
  t.true(silence.isExceeded);
});

test.serial('after the end, nothing is aborted any more', (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const silence = new SilenceLimit(1000);
  silence.restart();
  silence.stop();
  mock.timers.tick(10_000);
  t.false(silence.isExceeded);
});
