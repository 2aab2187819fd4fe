import type { PlaceFlags } from '../flags/places.ts';

/** What the command line may say to `init`; the names are those of the flags. */
export interface InitFlags extends PlaceFlags {
  readonly dir?: string;
  readonly namespace?: string;
  readonly version?: string;
  readonly storageUri?: string;
  readonly format?: string;
  readonly secretKey?: string;
  readonly percentage?: string;
  readonly from?: string;
  readonly fromCluster?: string;
  readonly fromIter8?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly dryRun?: boolean;
}
