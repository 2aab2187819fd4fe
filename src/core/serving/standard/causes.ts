import type { Cause } from '../cause.ts';

/** KServe's names of them (KServe 0.20.0, pkg/constants/constants.go). */
const modelContainer = 'kserve-container';
const storageInitializer = 'storage-initializer';

const image: Cause = { look: { at: 'pods' }, field: 'image' };
/** A Secret or a ConfigMap that is missing, a command that is not in the image. */
const setup: Cause = { look: { at: 'pods' } };

/** By the reasons that `workload.ts` and `report.ts` give. */
export const causes: Readonly<Record<string, Cause>> = {
  ScaledToZero: { hold: 'scaled-to-zero' },
  DigestNotCopied: { hold: 'digest-not-copied' },
  DeploymentNotVisible: { hold: 'workloads-not-visible' },
  EditedByHand: { hold: 'edited-by-hand' },
  DeploymentEdited: { hold: 'edited-by-hand' },
  Unschedulable: { look: { at: 'pods' }, field: 'resources', mayPass: true },
  OOMKilled: { look: { at: 'pods' }, field: 'resources' },
  ImagePullBackOff: image,
  InvalidImageName: image,
  ErrImageNeverPull: image,
  ImageInspectError: image,
  RegistryUnavailable: image,
  CreateContainerConfigError: setup,
  CreateContainerError: setup,
  RunContainerError: setup,
  CrashLoopBackOff: { look: { at: 'log', container: modelContainer } },
  ModelLoadFailed: { look: { at: 'log', container: storageInitializer }, field: 'storage' },
  ProgressDeadlineExceeded: { look: { at: 'pods' } },
  // A quota, or an admission webhook: no Pod is created.
  FailedCreate: { look: { at: 'replicasets' }, field: 'resources' },
};
