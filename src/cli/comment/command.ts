import type { Command } from 'commander';
import type { Host } from '../host.ts';

export function addComment(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('comment')
    .description('in a job of GitHub or GitLab: keep a report as one comment of the pull or merge request')
    .addHelpText(
      'after',
      `
It reads what diff --output markdown prints, finds its own earlier comment and replaces it, and prints its
address. A report in which nothing changes begins no comment, but brings an earlier one up to date.

The token is MODEL_MIRROR_TOKEN; on GitHub it needs pull-requests: write, on GitLab the scope api.
A token that may not comment, as with pull requests from forks, is no error.

Example: in a job for a pull request
  $ model-mirror diff origin/main...HEAD --output markdown | model-mirror comment`,
    )
    .action(async () => finish(await (await import('./run.ts')).runComment(host)));
}
