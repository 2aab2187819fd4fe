/**
 * A JSON merge patch (RFC 7386): maps are merged, null removes, anything else replaces. Neither argument is modified; the
 * result shares what did not change.
 *
 * The package json-merge-patch modifies its target, so every version would need a deep copy of its template; it has no
 * types, and ignores the rest of a patch after a key such as constructor. fast-json-patch only has RFC 6902.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isMap = typeof target === 'object' && target !== null && !Array.isArray(target);
  const merged: Record<string, unknown> = isMap ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}
