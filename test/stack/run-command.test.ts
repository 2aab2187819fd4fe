import test from 'ava';
import { CommandFailure, run } from './run-command.ts';

const node = (script: string, env?: Record<string, string>) =>
  run(process.execPath, ['-e', script], env === undefined ? {} : { env });

test('what a command prints is returned', (t) => {
  t.is(node('console.log(process.env.PLACE)', { PLACE: 'here' }), 'here\n');
});

test('a failed command is reported with its words, its exit status and what it printed', (t) => {
  const failure = t.throws(() => node('console.log("out"); console.error("no such module"); process.exit(3)'), {
    instanceOf: CommandFailure,
  });
  t.true(failure.message.includes(`${process.execPath} -e 'console.log("out");`), failure.message);
  t.regex(failure.message, /: exit status 3\n {2}out\n {2}no such module$/);
});

test('of a long output the last lines are shown', (t) => {
  const failure = t.throws(
    () => node('for (let i = 1; i <= 500; i += 1) console.error("line", i); process.exitCode = 1'),
    {
      instanceOf: CommandFailure,
    },
  );
  const lines = failure.message.split('\n');
  t.is(lines.at(-1), '  line 500');
  t.is(lines[1], '  … the last 30 of 500 lines:');
  t.is(lines.length, 32);
});

test('a silent failure says that it was silent, and a signal is named', (t) => {
  t.throws(() => node('process.exit(1)'), {
    instanceOf: CommandFailure,
    message: /exit status 1\n {2}\(it printed nothing\)$/,
  });
  t.throws(() => node('process.kill(process.pid, "SIGKILL")'), { instanceOf: CommandFailure, message: /: SIGKILL\n/ });
});

test('a program that is not there is named', (t) => {
  t.throws(() => run('no-such-program', ['build']), {
    instanceOf: CommandFailure,
    message: /^no-such-program build: .*ENOENT/,
  });
});
