/** A namespaced resource. */
export interface ResourceType {
  /** Empty: the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  /** Whether it has the subresource `status`. */
  readonly hasStatus: boolean;
  /** Whether the generation counts changes of annotations too, as a Deployment's does. */
  readonly countsAnnotations?: boolean;
}

/** As in manifests and URLs: `apps/v1`, and `v1` in the core group. */
export function toApiVersion({ group, version }: ResourceType): string {
  return group === '' ? version : `${group}/${version}`;
}

/** As errors name a resource or a kind: `deployments.apps`, and `pods` in the core group. */
export function qualify(name: string, { group }: ResourceType): string {
  return group === '' ? name : `${name}.${group}`;
}
