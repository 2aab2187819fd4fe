import type { PlaceFlags } from '../flags/places.ts';

/** The flags of `init`, by their names. */
export interface InitFlags extends PlaceFlags {
  readonly dir?: string;
  readonly namespace?: string;
  readonly mode?: string;
  readonly version?: string;
  readonly storageUri?: string;
  readonly storageKey?: string;
  readonly storagePath?: string;
  readonly format?: string;
  readonly secretKey?: string;
  readonly serviceAccount?: string;
  readonly protocol?: string;
  readonly resources?: string;
  readonly percentage?: string;
  readonly from?: string;
  readonly fromCluster?: string;
  readonly fromIter8?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}
