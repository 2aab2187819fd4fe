/** The watcher against a real Gitea. Each story has a repository, a cluster and a watcher of its own. */
import { comments } from './gitea/comments.ts';
import { Gitea } from './gitea/server.ts';
import type { Story } from './gitea/story.ts';
import { tell } from './gitea/story.ts';
import { tokens } from './gitea/tokens.ts';

/** They run side by side. */
const stories: readonly Story[] = [...tokens, ...comments];

export async function checkGitea(folder: string): Promise<void> {
  const gitea = await Gitea.start(folder);
  try {
    await Promise.all(stories.map((story) => tell(story, gitea, folder)));
  } finally {
    await gitea.stop();
  }
}
