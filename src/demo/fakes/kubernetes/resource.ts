/** A namespaced custom resource. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  /** Whether it has the subresource `status`. */
  readonly hasStatus: boolean;
}
