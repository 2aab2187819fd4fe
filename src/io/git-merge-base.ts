/**
 * Where two lines of history parted (git-merge-base(1)), without walking the whole of it as
 * isomorphic-git does: a pull request left a branch a few commits ago, however old the repository is.
 *
 * Invariant: what is found is right whatever the clocks of committers said; only how far is walked
 * depends on them.
 */

export interface HistoryCommit {
  readonly parents: readonly string[];
  /** Seconds since 1970. */
  readonly date: number;
}

type ReadCommit = (id: string) => Promise<HistoryCommit>;

interface Visit {
  readonly id: string;
  readonly commit: HistoryCommit;
  /** From which of the two it is reached. */
  isOfOne: boolean;
  isOfOther: boolean;
  /** Whether it is known to lie behind a common commit: it cannot be a better one. */
  isBehind: boolean;
  isWaiting: boolean;
}

/**
 * The common commits behind which all other common ones lie, the newest first; more than one when
 * branches were merged into each other. The walk is that of git's commit-reach.c, `paint_down_to_common`.
 *
 * @param read of an id, its commit; where the clone ends, without parents.
 */
export async function findMergeBases(one: string, other: string, read: ReadCommit): Promise<string[]> {
  const visits = new Map<string, Visit>();
  // The oldest first: the newest is taken from the end.
  const waiting: Visit[] = [];
  const common = new Set<Visit>();
  const paint = async (id: string, isOfOne: boolean, isOfOther: boolean, isBehind: boolean) => {
    const visit = visits.get(id) ?? toVisit(id, await read(id));
    visits.set(id, visit);
    const isKnown = (visit.isOfOne || !isOfOne) && (visit.isOfOther || !isOfOther) && (visit.isBehind || !isBehind);
    if (isKnown) return;
    visit.isOfOne ||= isOfOne;
    visit.isOfOther ||= isOfOther;
    visit.isBehind ||= isBehind;
    if (visit.isWaiting) return;
    visit.isWaiting = true;
    const at = waiting.findLastIndex(({ commit }) => commit.date <= visit.commit.date);
    waiting.splice(at + 1, 0, visit);
  };
  await paint(one, true, false, false);
  await paint(other, false, true, false);
  while (waiting.some(({ isBehind }) => !isBehind)) {
    const visit = waiting.pop();
    if (visit === undefined) break;
    visit.isWaiting = false;
    const isCommon = visit.isOfOne && visit.isOfOther;
    if (isCommon && !visit.isBehind) common.add(visit);
    for (const parent of visit.commit.parents) await paint(parent, visit.isOfOne, visit.isOfOther, isCommon);
  }
  const found = [...common].filter(({ isBehind }) => !isBehind);
  found.sort((a, b) => b.commit.date - a.commit.date || (a.id < b.id ? -1 : 1));
  return removeOlder(
    found.map(({ id }) => id),
    read,
  );
}

function toVisit(id: string, commit: HistoryCommit): Visit {
  return { id, commit, isOfOne: false, isOfOther: false, isBehind: false, isWaiting: false };
}

/** Clocks that went wrong can have one found before it was seen to lie behind another. */
async function removeOlder(found: readonly string[], read: ReadCommit): Promise<string[]> {
  if (found.length < 2) return [...found];
  const older = new Set<string>();
  for (const start of found) {
    const seen = new Set([start]);
    for (const id of seen) {
      if (id !== start && found.includes(id)) older.add(id);
      for (const parent of (await read(id)).parents) seen.add(parent);
    }
  }
  return found.filter((id) => !older.has(id));
}
