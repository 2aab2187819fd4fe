/** SSH keys in Gitea: for deploying, and for signing. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Gitea } from './server.ts';

/** Makes a key without a passphrase, as its file and `.pub` beside it. @returns its public part. */
export function makeKey(file: string, type = 'ed25519'): string {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', 'watcher', '-f', file]);
  return readFileSync(`${file}.pub`, 'utf8').trim();
}

export async function addDeployKey(gitea: Gitea, repository: string, key: string, mayPush: boolean): Promise<void> {
  const body = { title: mayPush ? 'writer' : 'reader', key, read_only: !mayPush };
  await gitea.api('POST', `/repos/${repository}/keys`, body);
}

/**
 * Adds a key to an account, and proves that the account has it, as its settings page asks for: before that, Gitea
 * takes no signature by it. The API has no way to do so.
 */
export async function addSigningKey(gitea: Gitea, user: string, file: string): Promise<void> {
  const content = readFileSync(`${file}.pub`, 'utf8').trim();
  const { fingerprint } = await gitea.api<{ fingerprint: string }>(
    'POST',
    '/user/keys',
    { title: 'signing', key: content },
    user,
  );
  const token = await gitea.api<string>('GET', '/user/gpg_key_token', undefined, user);
  const proof = `${file}.token`;
  writeFileSync(proof, token);
  execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', 'gitea', '-f', file, proof], { stdio: 'ignore' });
  const signature = readFileSync(`${proof}.sig`, 'utf8');
  await gitea.submit(user, '/user/settings/keys', {
    type: 'verify_ssh',
    title: 'signing',
    content,
    fingerprint,
    signature,
  });
}
