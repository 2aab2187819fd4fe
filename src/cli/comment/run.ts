/** The environment of a CI job → the pull or merge request that gets the report as a comment. */
import { keepComment } from '../../commands/comment.ts';
import { exitCodes, Fault } from '../../core/diagnostics/fault.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { maskLine, safe } from '../../core/diagnostics/safe-text.ts';
import type { ReviewComments } from '../../core/ports/review-comments.ts';
import type { Environment } from '../../io/process/argocd-environment.ts';
import { readInput } from '../../io/process/standard-streams.ts';
import { GithubComments } from '../../io/review/github-comments.ts';
import { GitlabNotes } from '../../io/review/gitlab-notes.ts';
import { isWithoutChanges, marker } from '../../output/pull-request-markdown.ts';
import type { Host } from '../host.ts';

/** @returns the exit code. */
export async function runComment(host: Host): Promise<number> {
  const comments = toComments(host.environment);
  const text = await readInput();
  if (!text.startsWith(`${marker}\n`))
    throw new Fault(
      'usage',
      safe`the input is not a report of model-mirror`,
      safe`pipe it: model-mirror diff main...HEAD --output markdown | model-mirror comment`,
    );
  const result = await keepComment({ text, marker, isWithoutChanges: isWithoutChanges(text) }, comments);
  switch (result.code) {
    case 'written':
      host.write(1, [`${maskLine(result.address)}\n`]);
      break;
    case 'nothing-to-report':
      host.write(2, ['There are no changes and no earlier comment, so none is written.\n']);
      break;
    case 'not-allowed':
      host.write(2, [
        `Not commented: the token has no right to (403${result.reason && `: ${maskLine(result.reason)}`}). Tokens for pull requests from forks never have it; check the scopes of any other.\n`,
      ]);
  }
  return exitCodes.fine;
}

/** The git host is known by the variables that its runners set: Gitea and Forgejo set those of GitHub. */
function toComments(environment: Environment): ReviewComments {
  const isGithub = environment['GITHUB_ACTIONS'] === 'true';
  if (!isGithub && environment['GITLAB_CI'] !== 'true')
    throw new Fault(
      'usage',
      safe`this is not a GitHub, Gitea or GitLab job`,
      safe`run it in one; elsewhere, use model-mirror diff`,
    );
  const read = (name: RequiredVariable) => {
    const value = environment[name];
    if (value) return value;
    throw new Fault(
      'usage',
      safe`${name} is not set`,
      hints[name] ?? safe`run this in a job of a pull or merge request`,
    );
  };
  const token = read('MODEL_MIRROR_TOKEN');
  if (!isGithub)
    return new GitlabNotes({
      api: read('CI_API_V4_URL'),
      project: read('CI_MERGE_REQUEST_PROJECT_ID'),
      number: read('CI_MERGE_REQUEST_IID'),
      page: `${read('CI_MERGE_REQUEST_PROJECT_URL')}/-/merge_requests/${read('CI_MERGE_REQUEST_IID')}`,
      token,
    });
  const number = /^refs\/pull\/(\d+)\//.exec(environment['GITHUB_REF'] ?? '')?.[1];
  if (number === undefined)
    throw new Fault(
      'usage',
      safe`this is not a job for a pull request`,
      safe`run it on: pull_request, so that GITHUB_REF is refs/pull/NUMBER/merge`,
    );
  return new GithubComments({ api: read('GITHUB_API_URL'), repository: read('GITHUB_REPOSITORY'), number, token });
}

type RequiredVariable =
  | 'MODEL_MIRROR_TOKEN'
  | 'CI_API_V4_URL'
  | 'CI_MERGE_REQUEST_PROJECT_ID'
  | 'CI_MERGE_REQUEST_IID'
  | 'CI_MERGE_REQUEST_PROJECT_URL'
  | 'GITHUB_API_URL'
  | 'GITHUB_REPOSITORY';

const hints: { readonly [name in RequiredVariable]?: SafeText } = {
  MODEL_MIRROR_TOKEN: safe`on GitHub and Gitea, set it to github.token; on GitLab, to a project access token: the job's own token cannot write notes`,
};
