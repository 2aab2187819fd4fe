/** What requests of a model do, in no router's words. What is undefined may be left out. */

/** A rewritten path: what the expression (RE2) matches, and what takes its place. */
export interface PathRewrite {
  readonly match: string;
  readonly to: string;
}

/** Which requests something is for: all conditions hold. */
export interface RequestMatch {
  /** RE2, for the whole path without its query. */
  readonly path?: string | undefined;
  /** How the header content-type begins. */
  readonly contentType?: string | undefined;
}

/** Where requests of a version go, and how they name it there. */
export interface Backend {
  /** The version's name: its requests are counted under it. */
  readonly version: string;
  readonly host: string;
  readonly port: number;
  /** Request headers that are set, whatever a client has sent. */
  readonly setHeaders: Readonly<Record<string, string>>;
  /** Request headers that are removed. */
  readonly removeHeaders: readonly string[];
  readonly rewrite?: PathRewrite | undefined;
  /** Absent: for all requests. */
  readonly only?: RequestMatch | undefined;
}

/** Copies of a share of the requests, to the mirror gateway's Service. */
export interface Mirrored {
  readonly host: string;
  readonly port: number;
  /** More than 0, at most 100, with at most four decimals. */
  readonly percentage: number;
}

/** Copies of a part of the mirrored requests, to the comparer's Service. */
export interface Sampled {
  readonly host: string;
  readonly port: number;
  /** More than 0, at most the mirror's percentage. */
  readonly percentage: number;
  /** What the comparer must know of the model, in its own words: one line of text that routers pass on as it is. */
  readonly task: string;
  /** What people call the candidate, for those who look at its counts; absent: it has no version. */
  readonly version?: string | undefined;
}

/** The first hop: requests of clients go to the primary, and copies of a share of them to the mirror gateway. */
export interface Requests {
  /** The Gateway by which requests enter the cluster. */
  readonly gateway: string;
  /**
   * The first that is for a request gets it. If each is for some requests only, the last also gets all others as they
   * are: neither rewritten nor mirrored.
   */
  readonly primary: readonly Backend[];
  /** Go duration; absent: no limit. */
  readonly timeout?: string | undefined;
  /** Absent: the mirror is closed. */
  readonly mirror?: Mirrored | undefined;
  /** Absent: nothing is compared. Never without a mirror. */
  readonly sample?: Sampled | undefined;
}

/** The second hop: what arrives at the mirror gateway goes to the candidate. */
export interface Copies {
  readonly gateway: string;
  /**
   * The first that is for a copy gets it. All have one host, that only copies are sent to: limits on it must touch no
   * other request.
   */
  readonly candidate: readonly Backend[];
  /** Ports that speak HTTP/2, although nothing else tells proxies so. */
  readonly http2Ports: readonly number[];
  /** How many copies may be in flight from each Pod of the mirror gateway; more are dropped. */
  readonly maxInFlight: number;
  /** Go duration. Nothing else bounds a copy: its response is discarded. */
  readonly timeout: string;
}

/** Hosts that clients' proxies know from the router alone: no Service is called so. */
export interface Entry {
  readonly hosts: readonly string[];
  readonly ports: readonly number[];
  /** Labels of the pods that serve the versions. */
  readonly podLabels: Readonly<Record<string, string>>;
}

export interface Traffic {
  readonly model: string;
  readonly namespace: string;
  /** The model's folder from the repository's root. */
  readonly folder: string;
  /** The outermost folder whose policies count. */
  readonly policyRoot: string;
  /** The hosts that clients call. */
  readonly hosts: readonly string[];
  /** Absent: every host is that of a Service. */
  readonly entry?: Entry | undefined;
  readonly requests: Requests;
  /** Absent: there is no candidate. */
  readonly copies?: Copies | undefined;
}

/** The traffic of some objects of a model: each field is absent that none of them shows. */
export type ReadTraffic = { readonly [Field in keyof Traffic]?: Traffic[Field] | undefined } & {
  /** Further copies of requests, which nothing of ours asks for; absent: there are none. */
  readonly strays?: readonly Mirrored[] | undefined;
};
