/** What keeps a version from being Ready, as far as a reason tells: values of which `output/words` makes advice. */
export type Cause =
  /** It is not Ready, and waiting alone may not help. */
  | { readonly hold: Hold }
  /** Its own workloads show more. */
  | {
      readonly look: Look;
      /** What of the files it is about; undefined: nothing that is known. */
      readonly field?: 'image' | 'resources' | 'storage';
      /** Whether the cluster may end it without anybody, as by another node. */
      readonly mayPass?: true;
    };

/**
 * - `runtime`: no Pod of the runtime that versions share is ready;
 * - `scaled-to-zero`: it has no Pod on purpose;
 * - `digest-not-copied`: the cluster keeps our annotation off its Pods;
 * - `workloads-not-visible`: the watcher sees none, though KServe reports that they are ready;
 * - `edited-by-hand`: its Pods may run something else, with its digest on them.
 */
export type Hold = 'runtime' | 'scaled-to-zero' | 'digest-not-copied' | 'workloads-not-visible' | 'edited-by-hand';

/** Where Kubernetes shows why: the Events of its Pods or of what creates them, or a container's log. */
export type Look = { readonly at: 'pods' | 'replicasets' } | { readonly at: 'log'; readonly container: string };
