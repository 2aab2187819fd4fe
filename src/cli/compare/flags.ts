/** What the command line may say to `model-mirror compare`; the names are those of the flags. */
export interface CompareFlags {
  readonly intake: string;
  readonly listen: string;
  readonly namespace?: readonly string[];
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly watchTimeout: string;
  readonly deadline: string;
  readonly maxCalls: string;
  readonly maxBytes: string;
  readonly maxSize: string;
  readonly log?: 'json' | 'text';
}
