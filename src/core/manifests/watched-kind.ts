/** A kind of object that the watcher and `status --live` list and watch, by its address in the Kubernetes API. */
export interface WatchedKind {
  readonly kind: string;
  /** `group/version`. */
  readonly groupVersion: string;
  readonly plural: string;
  /** Labels that its objects must have, beside that of all objects that are watched. */
  readonly labels?: readonly string[];
}
