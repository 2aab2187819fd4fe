/** What came back of a call. */
export interface Reply {
  /** Of HTTP; a gRPC call that fails has 200 as well. */
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** By name in lower case; of gRPC, unless all there is are headers. */
  readonly trailers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What two versions were asked. */
export interface Call {
  readonly protocol: 'grpc' | 'http';
  /** With or without a query. */
  readonly path: string;
  /**
   * The names of the versions that were asked, which must not answer for each other. Undefined where one version was
   * asked twice, for noise.
   */
  readonly versions: { readonly primary: string; readonly candidate: string } | undefined;
}
