/** What `status --wait` can wait for. `idle`: no candidate and no mirror are left, and the primary is Ready. */
export const goals = ['ready', 'mirrored', 'idle'] as const;

export type Goal = (typeof goals)[number];
