/**
 * Asks for objects by their ids, in as few requests as a host takes. It or its proxy may refuse a long request: with
 * HTTP 413, with another error, or because the answer takes too long.
 */
import type { BranchTroubleCode } from '../../core/ports/watch.ts';
import { BranchTrouble } from '../../core/ports/watch.ts';

/** In one request: half a megabyte, which most proxies let pass. */
const mostWants = 10_000;
/** A host that does not take so many does not give objects by their ids. */
const fewestWants = 100;

const refusals: readonly BranchTroubleCode[] = ['unavailable', 'denied', 'refused', 'unsupported'];

/** Whether the server answers, but not with what was asked for. */
export function isRefusal(error: unknown): boolean {
  return error instanceof BranchTrouble && refusals.includes(error.code);
}

export class WantBatches {
  /** In one request; fewer than at first where more were refused. */
  #most = mostWants;

  /**
   * @param listMissing the ids of what is still to be loaded.
   * @param load one request.
   * @throws what `load` throws; a refusal only once a small request was refused, too.
   */
  async load(listMissing: () => readonly string[], load: (wants: readonly string[]) => Promise<void>): Promise<void> {
    for (let most = this.#most; ; ) {
      const missing = listMissing();
      try {
        for (let at = 0; at < missing.length; at += most) {
          await load(missing.slice(at, at + most));
          // Not before: it may have been refused for another reason.
          this.#most = most;
        }
        return;
      } catch (error) {
        const refused = Math.min(most, missing.length);
        if (!isRefusal(error) || refused <= fewestWants) throw error;
        most = Math.max(fewestWants, Math.floor(refused / 4));
      }
    }
  }
}
