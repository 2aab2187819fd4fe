import type { Command } from 'commander';
import type { Host } from '../host.ts';

export function addComment(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('comment')
    .summary('keep a report as a comment of the pull request')
    .description('in a GitHub, Gitea or GitLab job, keep a report as one comment of the pull or merge request')
    .addHelpText(
      'after',
      `
Reads the output of diff --output markdown, replaces its own earlier comment or adds one, and prints its address. A report
without changes replaces an earlier comment, but adds none.

The token in MODEL_MIRROR_TOKEN needs pull-requests: write on GitHub, the scope api on GitLab, and write:issue and
read:user on Gitea and Forgejo. A token without the right to comment, as in pull requests from forks, is not an error.

Example: in a job for a pull request
  $ model-mirror diff origin/main...HEAD --output markdown | model-mirror comment`,
    )
    .action(async () => finish(await (await import('./run.ts')).runComment(host)));
}
