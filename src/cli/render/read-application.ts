import { isFault } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { hasErrors, sortProblems, toWholeProblem } from '../../core/diagnostics/problem.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { Manifest } from '../../core/manifests/manifest.ts';
import type { RenderedApplication, RenderOptions } from '../../core/render/application.ts';
import { renderApplication } from '../../core/render/application.ts';
import { openFolderTree } from '../../io/files/folder-tree.ts';
import { readArgocdEnvironment } from '../../io/process/argocd-environment.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import { toNamespace } from '../flags/namespace-name.ts';
import { toPlaces } from '../flags/places.ts';
import { toWatcherUrl } from '../flags/watcher-url.ts';
import type { Host } from '../host.ts';
import type { InputFlags } from './flags.ts';

/** Reads what the flags and Argo CD's environment name, and renders it. The flags win. */
export function readApplication<T>(
  directory: string,
  flags: InputFlags,
  host: Host,
  options: RenderOptions,
  print: (manifest: Manifest) => T,
): { application: RenderedApplication<T>; toPath: (file: string) => string } {
  const argocd = readArgocdEnvironment(host.environment);
  const cluster = toClusterName(flags.cluster ?? argocd.cluster);
  const namespace = toNamespace(flags.namespace || argocd.namespace);
  const places = toPlaces(host, argocd, directory, flags);
  const link =
    options.watcherUrl === undefined
      ? readLink(argocd.watcherUrl)
      : { url: toWatcherUrl(options.watcherUrl), problems: [] };
  const application = renderApplication(
    openFolderTree(places),
    {
      ...options,
      namespace,
      cluster,
      watcherUrl: link.url,
      assumeReady: options.assumeReady === true || argocd.assumeReady,
      allowEmpty: flags.allowEmpty === true || argocd.allowEmpty,
    },
    print,
  );
  const outer: readonly Problem[] = [...places.problems, ...argocd.problems, ...link.problems];
  const problems = sortProblems([...outer, ...application.problems]);
  return {
    application: { ...application, problems, objects: hasErrors(problems) ? [] : application.objects },
    toPath: argocd.sourcePath === undefined ? places.toShownPath : mask,
  };
}

/** The link is for people alone: one that is malformed is left out, as the commit that says 0 % must be rendered with it. */
function readLink(written: string | undefined): { readonly url?: string | undefined; readonly problems: Problem[] } {
  try {
    return { url: toWatcherUrl(written), problems: [] };
  } catch (error) {
    if (!isFault(error)) throw error;
    const { message, hint } = error;
    const finding = { code: 'parameter-refused', message: safe`${message}, so no route links to them`, hint } as const;
    return { problems: [toWholeProblem('ARGOCD_APP_PARAMETERS', finding, 'warning')] };
  }
}
