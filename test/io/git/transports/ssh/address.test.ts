import test from 'ava';
import { isFault } from '../../../../../src/core/diagnostics/fault.ts';
import { isSshAddress, parseSshAddress } from '../../../../../src/io/git/transports/ssh/address.ts';

for (const [address, user, host, port, path] of [
  ['ssh://git@git.example.com/team/repo.git', 'git', 'git.example.com', 22, '/team/repo.git'],
  ['ssh://git.example.com/repo', 'git', 'git.example.com', 22, '/repo'],
  ['ssh://ada@Git.Example.COM:2222/srv/repo/', 'ada', 'git.example.com', 2222, '/srv/repo'],
  ['ssh://git@git.example.com/~ada/repo', 'git', 'git.example.com', 22, '~ada/repo'],
  ['ssh://git@git.example.com/~/repo', 'git', 'git.example.com', 22, '~/repo'],
  ["ssh://git@git.example.com/a%20b/it's", 'git', 'git.example.com', 22, "/a b/it's"],
  ['git+ssh://git@git.example.com/repo', 'git', 'git.example.com', 22, '/repo'],
  ['ssh://git@[2001:db8::1]:22/repo', 'git', '2001:db8::1', 22, '/repo'],
  ['git@git.example.com:team/repo.git', 'git', 'git.example.com', 22, 'team/repo.git'],
  ['git@git.example.com:/srv/repo.git/', 'git', 'git.example.com', 22, '/srv/repo.git'],
  ['git@git.example.com:~ada/repo.git', 'git', 'git.example.com', 22, '~ada/repo.git'],
  ['git@[2001:db8::1]:repo', 'git', '2001:db8::1', 22, 'repo'],
  ['git@ssh.dev.azure.com:v3/org/project/repo', 'git', 'ssh.dev.azure.com', 22, 'v3/org/project/repo'],
  [
    'APKAEIBAERJR2EXAMPLE@git-codecommit.example.com:v1/x',
    'APKAEIBAERJR2EXAMPLE',
    'git-codecommit.example.com',
    22,
    'v1/x',
  ],
] as const)
  test(`an address of SSH: ${address}`, (t) => {
    t.true(isSshAddress(address));
    t.deepEqual(parseSshAddress(address), { user, host, port, path });
  });

for (const address of [
  'ssh://git:secret@git.example.com/repo',
  'ssh://:secret@git.example.com/repo',
  'ssh://git@git.example.com/',
  'ssh://git@git.example.com',
  'ssh:///repo',
  'ssh://git@git.example.com:99999/repo',
  'ssh://git@git.example.com/repo?x',
  'ssh://git@git.example.com/repo#x',
  'ssh://git@git.example.com/%0a',
  'ssh://git@git.example.com/%e0',
  'ssh://git@git.example.com/%00repo',
  'ssh://-oProxyCommand=x@git.example.com/repo',
  'ssh://git@-oProxyCommand=x/repo',
  'git@-oProxyCommand=x:repo',
  'git@git.example.com:-x',
  'git@git.example.com:a\u001bb',
])
  test(`an address of SSH that is refused: ${JSON.stringify(address)}`, (t) => {
    t.true(isSshAddress(address));
    const error = t.throws(() => parseSshAddress(address));
    t.true(isFault(error) && error.code === 'usage');
    t.notRegex(`${error?.message}`, /secret|\p{Cc}/u);
  });

for (const address of [
  'https://git@git.example.com/repo',
  'https://git.example.com/a@b:c',
  'git.example.com:repo',
  'file:///srv/a@b:c',
  'git@git.example.com/repo',
  'git@git.example.com:',
  'git@git.example.com://repo',
])
  test(`no address of SSH: ${address}`, (t) => t.false(isSshAddress(address)));
