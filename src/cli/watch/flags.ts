export const notifyFormats = ['json', 'slack'] as const;
export type NotifyFormat = (typeof notifyFormats)[number];

/** What the command line may say to `model-mirror watch`; the names are those of the flags. */
export interface WatchFlags {
  readonly repo?: string;
  readonly branch?: string;
  readonly sourceBranch?: string;
  readonly path?: string;
  readonly cluster?: string;
  readonly namespace?: readonly string[];
  readonly gitCredentials?: string;
  readonly signingKey?: string;
  readonly knownHosts?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly settle: string;
  readonly batchWindow: string;
  readonly gitInterval?: string;
  readonly maxFetch?: string;
  readonly watchTimeout: string;
  readonly page?: boolean;
  readonly author: string;
  readonly committer?: string;
  readonly messageSuffix?: string;
  readonly signOff?: boolean;
  readonly argocdRefresh?: boolean;
  readonly argocdNamespace: string;
  readonly argocdInstanceLabel: string;
  readonly comparer?: readonly string[];
  readonly listen?: string;
  readonly notifyUrl?: string;
  readonly notifyFormat?: NotifyFormat;
  readonly pagesUrl?: string;
  readonly once?: boolean;
  readonly log?: 'json' | 'text';
}
