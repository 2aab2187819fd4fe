/** What the examination of a cluster reads of it; `io/` implements it. Nothing is written. */
import type { ObjectList, ResourceQuery, StatisticsFailure, StatisticsRequest } from '../routing/examination.ts';

export interface ClusterReader {
  /**
   * Lists objects. A list that is refused, or whose kind does not exist, is evidence, not a fault.
   *
   * @throws Fault when the cluster does not answer.
   */
  readonly list: (query: ResourceQuery, signal: AbortSignal) => Promise<ObjectList>;
  /** Reads the statistics of a Pod through the API server. */
  readonly readStatistics: (request: StatisticsRequest, signal: AbortSignal) => Promise<string | StatisticsFailure>;
}
