/** The environment of a CI job → where the comment belongs; then the report goes there. */

import { exitCodes, Fault } from '../../core/diagnostics/fault.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { maskLine, safe } from '../../core/diagnostics/safe-text.ts';
import type { Environment } from '../../io/process/argocd-environment.ts';
import { readInput } from '../../io/process/standard-streams.ts';
import { GithubComments } from '../../io/review/github-comments.ts';
import { GitlabNotes } from '../../io/review/gitlab-notes.ts';
import type { ReviewComments } from '../../io/review/review-comments.ts';
import { NotAllowed } from '../../io/review/review-comments.ts';
import { isWithoutChanges, marker } from '../../output/pull-request-markdown.ts';
import type { Host } from '../host.ts';

/** @returns the exit code. */
export async function runComment(host: Host): Promise<number> {
  const comments = toComments(host.environment);
  const text = await readInput();
  if (!text.startsWith(`${marker}\n`))
    throw new Fault(
      'usage',
      safe`the text to post is not a report of model-mirror`,
      safe`pipe it: model-mirror diff main...HEAD --output markdown | model-mirror comment`,
    );
  try {
    const own = (await comments.list()).find(({ isOwn, body }) => isOwn && body.startsWith(marker));
    if (own === undefined && isWithoutChanges(text)) {
      host.write(2, ['Nothing changes, so no comment is begun.\n']);
      return exitCodes.fine;
    }
    const address = own === undefined ? await comments.create(text) : await comments.update(own.id, text);
    host.write(1, [`${maskLine(address)}\n`]);
  } catch (error) {
    if (!(error instanceof NotAllowed)) throw error;
    host.write(2, [`Not commented: ${error.message}. Pull requests from forks get such tokens.\n`]);
  }
  return exitCodes.fine;
}

/** The host by what its runners set; the variables are documented by GitHub and GitLab. */
function toComments(environment: Environment): ReviewComments {
  const isGithub = environment['GITHUB_ACTIONS'] === 'true';
  if (!isGithub && environment['GITLAB_CI'] !== 'true')
    throw new Fault(
      'usage',
      safe`this is not a GitHub or GitLab job`,
      safe`run it there; here, read model-mirror diff`,
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
      safe`run it on: pull_request, as GITHUB_REF then says`,
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
  MODEL_MIRROR_TOKEN: safe`on GitHub, set it to github.token; on GitLab, to a project access token: the job's own token cannot write notes`,
};
