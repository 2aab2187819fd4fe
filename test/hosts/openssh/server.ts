/** OpenSSH's own server on a port of loopback, with host keys and users' keys of its own, in one folder. */
import { execFile, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findFreePorts } from '../../stack/kube-apiserver.ts';
import { until } from '../../watch/watch-scene.ts';

export const types = ['ed25519', 'ecdsa', 'rsa'] as const;
export type KeyType = (typeof types)[number];

const program = '/usr/sbin/sshd';

export interface Sshd {
  /** As known_hosts names it. */
  readonly name: string;
  /** Public ones, as in known_hosts. */
  readonly hostKeys: Readonly<Record<KeyType, string>>;
  readonly hostKeyFile: (type: KeyType) => string;
  readonly address: (repository: string) => string;
  /**
   * A key that may run git and nothing else.
   *
   * @param form of `ssh-keygen -m`; RFC4716 is OpenSSH's own.
   * @returns a folder with `ssh-privatekey` and `known_hosts`.
   */
  readonly addUserKey: (type: KeyType, form: string) => Promise<string>;
  /** Runs the installed git with such a folder. */
  readonly git: (credentials: string, words: readonly string[]) => Promise<string>;
  readonly stop: () => Promise<void>;
}

export async function startSshd(folder: string): Promise<Sshd> {
  if (!existsSync(program)) throw new Error(`${program} is missing: apt-get install openssh-server`);
  const hostKeyFile = (type: KeyType) => join(folder, `host-${type}`);
  for (const type of types) await run('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', hostKeyFile(type)]);
  const readPublic = (file: string) => readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
  const hostKeys = Object.fromEntries(types.map((type) => [type, readPublic(hostKeyFile(type))])) as Sshd['hostKeys'];
  const [port = 0] = await findFreePorts(1);
  const authorized = join(folder, 'authorized_keys');
  writeFileSync(authorized, '', { mode: 0o600 });
  writeFileSync(
    join(folder, 'sshd_config'),
    [
      `ListenAddress 127.0.0.1:${port}`,
      ...types.map((type) => `HostKey ${hostKeyFile(type)}`),
      `AuthorizedKeysFile ${authorized}`,
      'AuthenticationMethods publickey',
      'PermitRootLogin prohibit-password',
      'PidFile none',
      // The folder is below /tmp, which everybody may write to.
      'StrictModes no',
    ].join('\n'),
  );
  // Where sshd confines the process that talks to strangers.
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const server = spawn(program, ['-D', '-e', '-f', join(folder, 'sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  server.stderr.on('data', (chunk) => {
    log += chunk;
  });
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  await until('sshd listens', () => log.includes('Server listening') || undefined, 60_000);
  let count = 0;
  return {
    name: `[127.0.0.1]:${port}`,
    hostKeys,
    hostKeyFile,
    address: (repository) => `ssh://${userInfo().username}@127.0.0.1:${port}${repository}`,
    addUserKey: async (type, form) => {
      const credentials = join(folder, `credentials-${++count}`);
      const key = join(credentials, 'ssh-privatekey');
      mkdirSync(credentials);
      // ed25519 has no form but OpenSSH's own there.
      await run('ssh-keygen', ['-q', '-t', type, '-N', '', '-m', type === 'ed25519' ? 'RFC4716' : form, '-f', key]);
      appendFileSync(authorized, `restrict,command="git-shell -c \\"$SSH_ORIGINAL_COMMAND\\"" ${readPublic(key)}\n`);
      const known = types.map((one) => `[127.0.0.1]:${port} ${hostKeys[one]}\n`).join('');
      writeFileSync(join(credentials, 'known_hosts'), known);
      return credentials;
    },
    git: (credentials, words) => {
      const options = [
        '-F',
        'none',
        '-i',
        join(credentials, 'ssh-privatekey'),
        '-o',
        'IdentitiesOnly=yes',
        '-o',
        'BatchMode=yes',
      ];
      const known = ['-o', `UserKnownHostsFile=${join(credentials, 'known_hosts')}`, '-o', 'GlobalKnownHostsFile=none'];
      const command = ['ssh', ...options, ...known].join(' ');
      return run('git', words, { ...process.env, GIT_SSH_COMMAND: command });
    },
    stop: async () => {
      server.kill();
      await ended;
    },
  };
}

/** @returns what it wrote to stdout. @throws Error when it fails. */
export async function run(
  command: string,
  words: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  return (await promisify(execFile)(command, words, { env: environment })).stdout;
}
