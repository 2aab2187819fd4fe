/** A pull request that adds a file to main. */
import type { Gitea } from './server.ts';

/** @returns its number. */
export async function openPullRequest(gitea: Gitea, repository: string): Promise<number> {
  await gitea.api('POST', `/repos/${repository}/contents/note.md`, {
    branch: 'main',
    new_branch: 'proposal',
    message: 'a note',
    content: Buffer.from('a note\n').toString('base64'),
  });
  const pull = { head: 'proposal', base: 'main', title: 'a note' };
  const { number } = await gitea.api<{ number: number }>('POST', `/repos/${repository}/pulls`, pull);
  return number;
}
