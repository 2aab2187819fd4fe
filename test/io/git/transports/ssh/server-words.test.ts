/** What servers write to stderr, as far as it was seen or is documented. */
import test from 'ava';
import { toEndingTrouble } from '../../../../../src/io/git/transports/ssh/server-words.ts';

for (const [title, text, status, code, message] of [
  [
    'Gitea, a read-only key',
    'Gitea: Deploy Key: 3:ro is not authorized to write to ml/repo.\n',
    1,
    'denied',
    /give the deploy key write access: Deploy Key: 3:ro is not authorized to write to ml\/repo\.$/,
  ],
  [
    'GitHub, a read-only key',
    'ERROR: The key you are authenticating with has been marked as read only.\n',
    1,
    'denied',
    /give the deploy key write access: The key you are/,
  ],
  [
    'GitHub, another repository',
    'ERROR: Permission to ml/repo.git denied to deploy key\n',
    1,
    'denied',
    /give the deploy key write access: Permission to ml/,
  ],
  [
    'GitLab, a read-only key',
    'remote: \nremote: ========================================================================\nremote: \nremote: ERROR: This deploy key does not have write access to this project.\nremote: \n',
    1,
    'denied',
    /give the deploy key write access: This deploy key does not have write access to this project\.$/,
  ],
  [
    'Bitbucket, a read-only key',
    'repository access denied. access via a deployment key is read-only.\n',
    1,
    'denied',
    /give the deploy key write access: repository access denied/,
  ],
  [
    'GitHub, no repository',
    'ERROR: Repository not found.\n',
    1,
    'denied',
    /no such repository.*: Repository not found\.$/,
  ],
  [
    'GitLab, no repository',
    "remote: ERROR: The project you were looking for could not be found or you don't have permission to view it.\n",
    1,
    'denied',
    /no such repository/,
  ],
  [
    'Bitbucket, no repository',
    'conq: repository does not exist.\n',
    1,
    'denied',
    /no such repository.*: repository does/,
  ],
  [
    'git, no repository',
    "fatal: '/srv/x.git' does not appear to be a git repository\n",
    128,
    'denied',
    /no such repository.*: '\/srv\/x\.git' does not appear/,
  ],
  ['no git', 'sh: 1: git-upload-pack: command not found\n', 127, 'denied', /does not run git for this user/],
  ['no shell', 'This account is currently not available.\n', 1, 'denied', /does not run git for this user/],
  [
    'GitLab, a limit',
    'remote: ERROR: This endpoint has been requested too many times. Try again later.\n',
    1,
    'throttled',
    /asks for fewer requests: This endpoint/,
  ],
  [
    'Gitea, a fault',
    'Gitea: Internal Server Error (no message for end users)\n',
    1,
    'unavailable',
    /cannot do this now/,
  ],
  ['a full disk', 'fatal: write error: No space left on device\n', 128, 'unavailable', /cannot do this now/],
  ['a read-only disk', 'error: unable to create: Read-only file system\n', 1, 'unavailable', /cannot do this now/],
  [
    'another refusal',
    "ERROR: The 'ml' organization has enabled or enforced SAML SSO.\n",
    1,
    'denied',
    /^the git server ended git-upload-pack with status 1: The 'ml' organization/,
  ],
  ['nothing', '', 1, 'unavailable', /^the git server ended git-upload-pack with status 1$/],
  ['a signal', '', null, 'unavailable', /^the git server ended git-upload-pack by a signal$/],
  [
    'control characters',
    'fatal: \u001b[31mred\u0007 https://ada:pa55word@host/x \u202e\n',
    1,
    'denied',
    /: \\u001b\[31mred\\u0007 https:\/\/…@host\/x \\u202e$/,
  ],
] as const)
  test(`what the server says becomes words: ${title}`, (t) => {
    const trouble = toEndingTrouble('git-upload-pack', { text, status }, false);
    t.is(trouble.code, code);
    t.regex(trouble.message, message);
    t.notRegex(trouble.message, /\p{Cc}/u);
  });

test('a service that fails in the middle is no refusal', (t) => {
  const ending = { text: 'fatal: the remote end hung up\n', status: 128 };
  t.is(toEndingTrouble('git-upload-pack', ending, true).code, 'unavailable');
  t.is(toEndingTrouble('git-upload-pack', ending, false).code, 'denied');
  const { message } = toEndingTrouble('git-upload-pack', { text: 'x'.repeat(5000), status: 1 }, false);
  t.regex(message, /: x{200}$/);
});
