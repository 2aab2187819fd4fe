import { sortProblems } from '../../core/diagnostics/problem.ts';
import type { RenderedApplication } from '../../core/render/application.ts';
import { renderApplication } from '../../core/render/application.ts';
import { GitRevisions } from '../../io/git-cli/revisions.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import { toNamespace } from '../flags/namespace-name.ts';
import { toRepositoryScope } from '../flags/repository-scope.ts';
import type { Host } from '../host.ts';
import type { InputFlags } from '../render/flags.ts';
import { toGit } from '../user-git.ts';

/** The models of a commit, rendered from the repository alone: no work tree and nothing of Argo CD counts. */
export async function readRevision(
  revision: string,
  directory: string,
  flags: InputFlags,
  host: Host,
): Promise<{ application: RenderedApplication<undefined>; toPath: (file: string) => string }> {
  const scope = toRepositoryScope({ ...flags, path: directory }, host);
  using revisions = new GitRevisions(toGit(scope.repository, host));
  const tree = await revisions.readTree(await revisions.names.resolve(revision), scope);
  const options = {
    anyNamespace: true,
    namespace: toNamespace(flags.namespace),
    cluster: toClusterName(flags.cluster),
    allowEmpty: flags.allowEmpty === true,
  };
  const application = renderApplication(tree, options, () => undefined);
  return { application: { ...application, problems: sortProblems(application.problems) }, toPath: scope.toShownPath };
}
