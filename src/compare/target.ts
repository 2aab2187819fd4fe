/** A model whose versions are compared: whom to ask for a request, and how. */
import type { AnalysisTask } from '../core/analysis/task.ts';
import { readTask, toTaskText } from '../core/analysis/task.ts';
import type { Backend } from '../core/routing/traffic.ts';
import { readVersion } from '../core/serving/modes.ts';
import { isCallableHost, toPlainHost } from './host-name.ts';
import { toPathRewriter, toPathTest } from './path-expression.ts';
import type { Routed } from './routed.ts';

/** A backend whose expressions can be run. */
export interface CallableBackend extends Omit<Backend, 'rewrite' | 'only'> {
  readonly contentType: string | undefined;
  readonly isFor: (path: string) => boolean;
  readonly toPath: (path: string) => string;
}

export interface Target {
  readonly namespace: string;
  readonly model: string;
  /** What people call the candidate, or else its name. */
  readonly version: string;
  readonly task: AnalysisTask;
  /** Another text is another task. */
  readonly taskText: string;
  /** Of what its counts are about. */
  readonly key: string;
  readonly primary: readonly CallableBackend[];
  readonly candidate: readonly CallableBackend[];
}

/**
 * Why nobody is asked:
 * - no-task: the routes hold none that is known here;
 * - other-version: the routes lead to other versions than those that the task is about;
 * - no-address: an address is none that may be called, or a model's own host: through the mesh a call of it would be
 *   mirrored again, and compare the primary with itself (executed: all "agreed");
 * - unsupported-path: an expression for paths is none that is run.
 */
export type NoTarget = 'no-task' | 'other-version' | 'no-address' | 'unsupported-path';

/** Longer ones are of somebody who wrote the routes by hand. */
const longestVersion = 253;

/**
 * @param first the route of a model's requests.
 * @param second the route of its copies.
 * @param isModelHost whether a host is one that clients call a model by.
 */
export function toTarget(
  first: Routed,
  second: Routed | undefined,
  isModelHost: (host: string) => boolean,
): Target | NoTarget {
  const task = readTask(first.requests?.sample?.task);
  if (task === undefined || first.requests === undefined || second?.copies === undefined) return 'no-task';
  const { primary } = first.requests;
  const candidate = second.copies.candidate.map((backend) => toDirect(backend, primary, isModelHost));
  const { subject } = task;
  if (!leadTo(primary, subject.primary.name) || !leadTo(candidate, subject.candidate.name)) return 'other-version';
  const all = [...primary, ...candidate];
  if (!all.every(({ host, port }) => isCallableHost(host) && port > 0 && port < 65_536 && !isModelHost(host)))
    return 'no-address';
  const callable = [toCallable(primary), toCallable(candidate)] as const;
  if (callable[0] === undefined || callable[1] === undefined) return 'unsupported-path';
  const { namespace, model = '' } = first;
  const version = first.requests.sample?.version?.slice(0, longestVersion) || subject.candidate.name;
  const key = JSON.stringify([namespace, model, subject]);
  const [toPrimary, toCandidate] = callable;
  return {
    namespace,
    model,
    version,
    task,
    taskText: toTaskText(task),
    key,
    primary: toPrimary,
    candidate: toCandidate,
  };
}

/**
 * Copies may go to a model's own host, where that leads to the pods that serve all its versions. The comparer finds the
 * same pods at the primary's address. That the candidate is still named there is checked afterwards.
 */
function toDirect(backend: Backend, primary: readonly Backend[], isModelHost: (host: string) => boolean): Backend {
  if (!isModelHost(toPlainHost(backend.host))) return backend;
  const same = primary.find(({ port }) => port === backend.port);
  return same === undefined ? backend : { ...backend, host: same.host };
}

/** Both by the name that requests are counted under and by what names the version to whoever serves it. */
function leadTo(backends: readonly Backend[], version: string): boolean {
  return (
    backends.length > 0 && backends.every((backend) => backend.version === version && readVersion(backend) === version)
  );
}

function toCallable(backends: readonly Backend[]): readonly CallableBackend[] | undefined {
  const callable = backends.flatMap(({ rewrite, only, ...backend }) => {
    const isFor = toPathTest(only);
    const toPath = toPathRewriter(rewrite);
    return isFor && toPath
      ? [{ ...backend, host: toPlainHost(backend.host), contentType: only?.contentType, isFor, toPath }]
      : [];
  });
  return callable.length === backends.length ? callable : undefined;
}
