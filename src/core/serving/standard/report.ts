/**
 * What the status of an InferenceService in Standard mode and its workloads report.
 *
 * The status alone proves nothing. After a new spec whose pod is pending or crash-loops it is Ready True, UpToDate and
 * Loaded, with a higher generation and observedGeneration (executed on KServe 0.20.0): these are the old pods. What is
 * rolled out is in the Deployment, and KServe copies the digest of the InferenceService into its pod template:
 * a Deployment of this InferenceService's uid whose template has its digest, that its controller has observed, and whose
 * pods are all of that template, one of them available, runs this spec. No clock and no order of events is needed.
 *
 * The digest proves it unless somebody edits by hand, which leaves the annotation. So of the Deployment counts who wrote
 * its template (`template-writes.ts`), and that KServe has seen its present generation; of the InferenceService, that the
 * template was written since what is loaded changed (`freshness.ts`).
 *
 * Failures are read from Deployment and Pods as well: KServe looks at one pod, does not tell unschedulable from loading,
 * writes no status while a failed download runs again, and never clears lastFailureInfo. Of its status counts InvalidSpec
 * alone, for which it creates nothing.
 */
import type { PlainMap } from '../../input/plain-value.ts';
import { digestAnnotation } from '../../manifests/manifest.ts';
import { readReportedStatus } from '../reported-status.ts';
import type { ServiceReport, WorkloadReader } from '../serving-mode.ts';
import type { LiveWorkload, Rollout, Trouble, WorkloadOwner } from '../workload.ts';
import { findLastReported, listDeployments } from './names.ts';
import { deadlineExceeded, deployments, pods, readWorkload, toSelector } from './workload.ts';

/** The status alone: never Ready. */
export function readReport(value: PlainMap): ServiceReport {
  const { status, message, ready, stamp } = readReportedStatus(value);
  const isInvalid = status.transition === 'InvalidSpec' && status.target === 'FailedToLoad';
  const seen = value['observedGeneration'];
  const why = isInvalid ? { reason: status.reason, message } : ready;
  return {
    ...toState(isInvalid ? 'Failed' : 'Pending', why),
    isStopped: status.isStopped,
    claimsReady: status.ready === 'True',
    ...(typeof seen === 'number' && { seenGeneration: seen }),
    // Each change of what the pods are made of is another generation, so KServe writes another status.
    stamp: `${stamp} ${seen}`,
  };
}

/**
 * @param said by the status alone; undefined: KServe has written none.
 * @param workloads all that have the InferenceService's label, also of a former one of its name.
 */
function reportWorkloads(
  { uid, digest, parts, since }: WorkloadOwner,
  said: ServiceReport | undefined,
  workloads: readonly LiveWorkload[],
): ServiceReport {
  const all = parts.map((part) => workloads.find((one) => isOwned(one, uid) && one.name === part));
  const own = all.filter((one) => one !== undefined);
  // KServe, and the Deployment's controller, have got to this spec.
  const current = own.filter(
    (one) => digest !== undefined && one.digest === digest && one.rollout?.isObserved === true && !one.template?.editor,
  );
  const isAbout = current.length === parts.length;
  const base = said ?? readReport({});
  const report = (report: Partial<ServiceReport>): ServiceReport => ({ ...base, ...report });

  if (base.isStopped) return base;
  const isRolledOut = isAbout && current.every(({ rollout }) => rollout !== undefined && isComplete(rollout));
  if (isRolledOut && isOlder(current, since))
    return report({ ...toState('Pending', edited), isUnhealthy: true, isAbout: false });
  const last = current.find(({ name }) => name === findLastReported(parts));
  if (isRolledOut && base.seenGeneration !== undefined && base.seenGeneration !== last?.rollout?.generation)
    return report({ ...toState('Pending', { reason: '', message: '' }), isAbout: false });
  if (isRolledOut && base.claimsReady === true)
    return report({ ...toState('Ready', { reason: '', message: '' }), isAbout });
  // Whether it is about this spec shows in the status's own history.
  if (base.state === 'Failed') return report(toState('Failed', toFailure(base, own)));
  if (isRolledOut) return report({ ...toState('Loading', base), isUnhealthy: true, isAbout });
  if (isAbout && current.some(({ rollout }) => rollout?.wanted === 0))
    return report({ ...toState('Pending', scaledToZero), isUnhealthy: true, isAbout });
  // Pods of a former InferenceService of its name may have its digest as well.
  const trouble = current.length === 0 ? undefined : findTrouble(current, workloads, digest);
  if (trouble !== undefined) return report({ ...toState('Failed', toFailure(trouble, own)), isAbout: true });
  if (isAbout) return report({ ...toState('Loading', { reason: '', message: '' }), isAbout });
  const why = findObstacle(own, base);
  return report({ ...toState('Pending', why ?? { reason: '', message: '' }), isUnhealthy: why !== undefined, isAbout });
}

function isOwned({ kind, owner }: LiveWorkload, uid: string): boolean {
  return kind === deployments.kind && owner === uid;
}

export const workloads: WorkloadReader = {
  watched: [deployments, pods],
  read: readWorkload,
  findParts: listDeployments,
  toSelector,
  report: reportWorkloads,
};

/** Whether none of them was written since: what is loaded then reaches one of them at least, if not each. */
function isOlder(current: readonly LiveWorkload[], since: string | undefined): boolean {
  return since !== undefined && current.every(({ template }) => template !== undefined && template.at < since);
}

const edited: Trouble = {
  reason: 'EditedByHand',
  message: 'somebody edited it after KServe last wrote its Deployment, so its pods may run something else',
};

/** No pod of an older template is left, and one answers. An HPA may still want more of them. */
function isComplete({ wanted, all, updated, available }: Rollout): boolean {
  return wanted >= 1 && updated === all && available >= 1;
}

function toState(state: ServiceReport['state'], { reason, message }: Trouble) {
  return { state, stateIfLoaded: state, isStandby: false, isUnhealthy: false, reason, message };
}

const scaledToZero: Trouble = {
  reason: 'ScaledToZero',
  message: 'its Deployment is scaled to 0 replicas, so there is no pod that answers',
};

/** Pods first: that a Deployment made no progress in time tells less than why. */
function findTrouble(
  current: readonly LiveWorkload[],
  workloads: readonly LiveWorkload[],
  digest: string | undefined,
): Trouble | undefined {
  const ofDeployments = current.flatMap(({ trouble }) => trouble ?? []);
  const ofPods = workloads.flatMap((one) =>
    one.kind === pods.kind && one.digest === digest ? (one.trouble ?? []) : [],
  );
  return (
    ofDeployments.find(({ reason }) => reason !== deadlineExceeded) ??
    // Whatever the order in which they come, the same one is reported.
    ofPods.toSorted((a, b) => (toText(a) < toText(b) ? -1 : 1))[0] ??
    ofDeployments[0]
  );
}

function toText({ reason, message }: Trouble): string {
  return `${reason} ${message}`;
}

/** A rollout that fails leaves the pods before it in place. */
function toFailure({ reason, message }: Trouble, [predictor]: readonly LiveWorkload[]): Trouble {
  const serves = (predictor?.rollout?.available ?? 0) > 0;
  return {
    reason,
    message: serves
      ? [message.replace(/\.$/, ''), 'the pods that were ready before still serve'].filter(Boolean).join('; ')
      : message,
  };
}

/** Why it can never become Ready as it is; undefined: KServe may just not have got to it. */
function findObstacle(own: readonly LiveWorkload[], { claimsReady }: ServiceReport): Trouble | undefined {
  const changed = own.find(({ template }) => template?.editor !== undefined);
  if (changed !== undefined)
    return {
      reason: 'DeploymentEdited',
      message: `${changed.template?.editor} changed what the pods of the Deployment ${changed.name} are made of, and KServe has not restored it`,
    };
  if (own.some((one) => one.digest === undefined))
    return {
      reason: 'DigestNotCopied',
      message: `KServe does not copy the annotation ${digestAnnotation} to its pods, so it cannot be known when they run this version; remove it from serviceAnnotationDisallowedList in the ConfigMap inferenceservice-config`,
    };
  if (own.length === 0 && claimsReady === true)
    return {
      reason: 'DeploymentNotVisible',
      message:
        'KServe reports it Ready, but no Deployment of it is visible; check that the watcher may list Deployments and Pods, and that KServe copies labels to them (serviceLabelDisallowedList in the ConfigMap inferenceservice-config)',
    };
  return undefined;
}
