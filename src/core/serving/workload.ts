/**
 * What runs a version, in serving modes that give each one pods of its own: what is kept of a Deployment, or of a Pod in
 * trouble. Ten thousand models have twenty thousand Deployments, and more Pods than that.
 */
export interface LiveWorkload {
  readonly is: 'workload';
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The InferenceService that it belongs to, by KServe's label. */
  readonly service: string;
  /** The uid of the object that controls it; of a Deployment, the InferenceService. */
  readonly owner: string | undefined;
  /** The digest that it makes pods with, or is made with. */
  readonly digest: string | undefined;
  /** Of a Deployment alone. */
  readonly rollout: Rollout | undefined;
  /** Undefined: none is known. */
  readonly trouble: Trouble | undefined;
  /** Who wrote what the pods are made of, of a Deployment alone; undefined: there is no record. */
  readonly template: TemplateWrites | undefined;
}

export interface TemplateWrites {
  /** When it was written last: RFC 3339, whole seconds. */
  readonly at: string;
  /** Who else wrote than the controller that made it, and was not restored; undefined: nobody. */
  readonly editor: string | undefined;
}

/** Numbers of pods. */
export interface Rollout {
  /** Counts the changes of the Deployment's spec. */
  readonly generation: number;
  /** Whether the numbers are of the present pod template. */
  readonly isObserved: boolean;
  readonly wanted: number;
  readonly all: number;
  /** Of the present pod template. */
  readonly updated: number;
  readonly available: number;
}

/** Why pods do not get ready. */
export interface Trouble {
  readonly reason: string;
  readonly message: string;
}

/** Of the live InferenceService, what tells which workloads are its own. */
export interface WorkloadOwner {
  readonly uid: string;
  readonly digest: string | undefined;
  /** The names of the Deployments that must run it. */
  readonly parts: readonly string[];
  /**
   * What its Deployments are made of must not be written earlier: in this second, what is loaded was written, or may have
   * been. RFC 3339; undefined: it is as it was created, or there is no record.
   */
  readonly since: string | undefined;
}
