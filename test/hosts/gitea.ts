/** The watcher and `comment` against a real Gitea. Each story has a repository, a cluster and a watcher of its own. */
import { comments } from './gitea/comments.ts';
import { deploy } from './gitea/deploy.ts';
import { filter } from './gitea/filter.ts';
import { moves } from './gitea/moves.ts';
import { protection } from './gitea/protection.ts';
import { restart } from './gitea/restart.ts';
import { Gitea } from './gitea/server.ts';
import { signing } from './gitea/signing.ts';
import { ssh } from './gitea/ssh.ts';
import type { Story } from './gitea/story.ts';
import { tell } from './gitea/story.ts';
import { tokens } from './gitea/tokens.ts';

/** Those of one act run side by side. */
const acts: readonly (readonly Story[])[] = [
  [...tokens, ...protection, ...moves, ...signing, ...ssh, ...comments, ...deploy, ...filter],
  [restart],
];

/** @param folder for all that it makes. */
export async function checkGitea(folder: string): Promise<void> {
  const gitea = await Gitea.start(folder);
  try {
    for (const stories of acts) await Promise.all(stories.map((story) => tell(story, gitea, folder)));
  } finally {
    await gitea.stop();
  }
}
