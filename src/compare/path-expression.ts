/**
 * Expressions that routes have for paths. They are written for RE2, which runs in linear time; here they run in V8, and a
 * live route may have been edited by anybody. So only those are run that cannot take long, as all rendered ones are.
 */
import type { PathRewrite, RequestMatch } from '../core/routing/traffic.ts';

/** Literals, classes, groups that are not nested and at most optional, and at most two repetitions. */
const simple =
  /^\^?(?:[-\w/:]|\\[-\w./]|\[[^[\]\\]{1,40}\][+*]?|\((?:[-\w/:]|\\[-\w./]|\.[+*]?|\[[^[\]\\]{1,40}\][+*]?){0,40}\)\??){0,300}\$?$/;

/** @returns undefined: it is none that is run. */
function toExpression(text: string): RegExp | undefined {
  if (text.length > 512 || !simple.test(text) || (text.match(/[+*]/g) ?? []).length > 2) return undefined;
  try {
    return new RegExp(text);
  } catch {
    return undefined;
  }
}

/** @returns whether a path is one that a backend is for; undefined: its expression is not run. */
export function toPathTest(only: RequestMatch | undefined): ((path: string) => boolean) | undefined {
  if (only?.path === undefined) return () => true;
  const whole = toExpression(only.path);
  // An expression for paths is for the whole path.
  return whole && ((path) => whole.exec(path)?.[0] === path);
}

/** @returns undefined: its expression is not run. */
export function toPathRewriter(rewrite: PathRewrite | undefined): ((path: string) => string) | undefined {
  if (rewrite === undefined) return (path) => path;
  const match = toExpression(rewrite.match);
  const to = rewrite.to.replaceAll('$', '$$$$').replaceAll(/\\(\d)/g, '$$$1');
  return match && ((path) => path.replace(match, to));
}
