/** What a case works with: the stack, and its report. */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parseDocument } from 'yaml';
import type { ApplicationOptions } from './argocd.ts';
import type { ClusterObject, Write } from './cluster.ts';
import { inferenceServices, virtualServices } from './cluster.ts';
import type { Envoy } from './envoy.ts';
import type { LoadSummary } from './load.ts';
import type { ModelFile, PolicyFile } from './model-files.ts';
import { folderOf, toFiles } from './model-files.ts';
import type { CallCount } from './modelmesh.ts';
import { modelNamespace } from './pods.ts';
import { hangMs, until } from './program.ts';
import type { Cell, Report } from './report.ts';
import type { Commit } from './repository.ts';
import type { Route } from './routes.ts';
import { findRoute } from './routes.ts';
import type { Stack } from './stack.ts';
import type { Origin, TrafficOptions } from './traffic.ts';
import { hostOf, origins, Traffic } from './traffic.ts';

interface VerdictCounts {
  readonly bad: number;
  readonly all: number;
}

interface VersionStatus {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly digest: string;
  /** Of a candidate that is judged. */
  readonly verdict?: {
    readonly verdict: string;
    /** Of Unknown. */
    readonly reason?: string;
    readonly by?: string;
    readonly checks?: readonly (VerdictCounts & {
      readonly check: string;
      readonly limit: number;
      readonly noise?: VerdictCounts;
    })[];
  };
}

/** What a status.yaml says. */
export interface GitStatus {
  readonly primary?: VersionStatus;
  readonly candidate?: VersionStatus;
  readonly mirror?: { readonly percentage: number };
}

interface StatusFile {
  readonly status: {
    readonly primary?: VersionStatus;
    readonly candidates?: readonly (VersionStatus & Pick<GitStatus, 'mirror'>)[];
  };
}

export interface Sent {
  readonly summary: LoadSummary;
  readonly counts: readonly CallCount[];
  readonly dropped: number;
}

/** As the image has it. */
export const program = '/opt/model-mirror/dist/model-mirror.cjs';

export class Scene {
  readonly stack: Stack;
  readonly report: Report;
  /** Where its models are. */
  readonly namespace: string;
  /** That Argo CD deploys, and that has the status files. */
  readonly branch: string;

  constructor(stack: Stack, report: Report, namespace = modelNamespace, branch = 'main') {
    this.stack = stack;
    this.report = report;
    this.namespace = namespace;
    this.branch = branch;
  }

  row(columns: readonly string[], cells: readonly Cell[]): void {
    this.report.row(columns, cells);
  }

  /** @param troubles what is not as it should be. */
  check(name: string, troubles: readonly string[] | boolean): void {
    this.report.check(name, typeof troubles === 'boolean' ? (troubles ? [] : ['it is not so']) : troubles);
  }

  equal(name: string, actual: unknown, expected: unknown): void {
    const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
    this.check(name, is === should ? [] : [`it is ${is}, and should be ${should}`]);
  }

  /** Commits a model's files and notifies Argo CD. @returns when. */
  async commit(message: string, model: ModelFile, policy?: PolicyFile): Promise<number> {
    await this.stack.repository.commit(toFiles(model, policy), message);
    return this.stack.refresh(model.name ?? 'wisdom');
  }

  /** Commits one of our own commands on the person's clone and notifies Argo CD. @returns when. */
  async edit(model: string, ...words: readonly string[]): Promise<number> {
    const { repository } = this.stack;
    await repository.change(`${model}: ${words.join(' ')}`, async () => {
      await promisify(execFile)(process.execPath, [program, ...words], { cwd: repository.folder });
    });
    return this.stack.refresh(model);
  }

  /** What one of our own commands prints about the newest commit, whatever it ends with. */
  async ask(...words: readonly string[]): Promise<string> {
    const { repository } = this.stack;
    await repository.update();
    const options = { cwd: repository.folder };
    const ended = promisify(execFile)(process.execPath, [program, ...words], options);
    return (await ended.catch((error: { readonly stdout: string }) => error)).stdout;
  }

  /** Undoes the newest commit of this subject, as a person would, and notifies Argo CD. @returns when. */
  async revert(subject: string, model = 'wisdom'): Promise<number> {
    await this.stack.repository.revert(subject);
    return this.stack.refresh(model);
  }

  /** The model as its files say, with an Application of its own. */
  async deploy(model: ModelFile, policy?: PolicyFile, options: Partial<ApplicationOptions> = {}): Promise<void> {
    const { name = 'wisdom' } = model;
    await this.stack.repository.commit(toFiles(model, policy), `${name}: deploy`);
    await this.stack.addApplication({ name, path: folderOf(name), namespace: this.namespace, ...options });
    const to = model.primary.name ?? `${name}-0`;
    await this.untilRoutes(`${name}: calls go to ${to}`, name, (route) => route.to === to);
    await until(`${to} is loaded`, async () => (await this.status(name))?.primary?.state === 'Ready');
  }

  /** Nothing is left of it: neither in git nor in the cluster. */
  async remove(...names: readonly string[]): Promise<void> {
    await this.stack.removeApplications(...names);
    const files = names.map((name) => [folderOf(name), undefined] as const);
    await this.stack.repository.commit(Object.fromEntries(files), `${names.join(', ')}: clean up`);
    await until('no model is left', async () => {
      const left = [
        ...(await this.stack.cluster.list(inferenceServices, this.namespace)),
        ...(await this.stack.cluster.list(virtualServices, this.namespace)),
      ];
      return left.length === 0;
    });
  }

  async status(model = 'wisdom', commit = this.branch): Promise<GitStatus | undefined> {
    const text = await this.stack.repository.read(`${folderOf(model)}/status.yaml`, commit);
    if (text === undefined) return undefined;
    const { primary, candidates: [candidate] = [] } = (parseDocument(text).toJS() as StatusFile).status;
    return {
      ...(primary && { primary }),
      ...(candidate && { candidate }),
      ...(candidate?.mirror && { mirror: candidate.mirror }),
    };
  }

  /** What the status file was at each commit of the branch, the newest first. */
  async statusHistory(): Promise<(Commit & { readonly status: GitStatus | undefined })[]> {
    const log = await this.stack.repository.log();
    return Promise.all(log.map(async (commit) => ({ ...commit, status: await this.status('wisdom', commit.id) })));
  }

  async untilStatus(what: string, look: (status: GitStatus) => boolean, model = 'wisdom', limitMs = hangMs) {
    await until(
      `${model}'s status in git: ${what}`,
      async () => {
        const status = await this.status(model);
        return status !== undefined && look(status);
      },
      limitMs,
    );
  }

  route(origin: Origin, model = 'wisdom'): Promise<Route | undefined> {
    return findRoute(this.envoyOf(origin), hostOf(model, this.namespace));
  }

  /** @returns when the last of both Envoys took it, in milliseconds since 1970. */
  async untilRoutes(what: string, model: string, look: (route: Route) => boolean, limitMs = hangMs): Promise<number> {
    let since = 0;
    for (const origin of origins)
      await until(
        `${origin}, ${what}`,
        async () => {
          const route = await this.route(origin, model);
          if (route === undefined || !look(route)) return false;
          since = Math.max(since, route.since);
          return true;
        },
        limitMs,
      );
    return since;
  }

  /** So much is mirrored, or nothing. @returns when the last of both Envoys took it. */
  untilMirrored(percentage: number | undefined, model = 'wisdom', limitMs = hangMs): Promise<number> {
    const what = percentage === undefined ? 'nothing is mirrored' : `${percentage} % are mirrored`;
    return this.untilRoutes(
      `${model}: ${what}`,
      model,
      ({ mirrored }) =>
        mirrored === percentage ||
        (mirrored !== undefined && percentage !== undefined && Math.abs(mirrored - percentage) < 0.00005),
      limitMs,
    );
  }

  /** Ready in git, and mirrored by so much. */
  async untilMirrorIsOpen(percentage: number, model = 'wisdom'): Promise<number> {
    await this.untilStatus('the candidate is ready', ({ candidate }) => candidate?.state === 'Ready', model);
    return this.untilMirrored(percentage, model);
  }

  /** Resets the counts of what ModelMesh gets. */
  resetCounts(): Promise<void> {
    return this.stack.modelmesh.reset();
  }

  /** Of all that ModelMesh got, once mirrored calls have had the time to come. */
  async counts(): Promise<readonly CallCount[]> {
    let before = -1;
    for (;;) {
      const { counts } = await this.stack.modelmesh.report();
      const calls = counts.reduce((sum, one) => sum + one.calls, 0);
      if (calls === before) return counts;
      before = calls;
      await sleep(400);
    }
  }

  /** So many calls, what ModelMesh got of them, and the copies that were dropped. */
  async send(options: TrafficOptions): Promise<Sent> {
    await this.resetCounts();
    const before = await this.dropped(options.origin);
    const summary = await new Traffic(options).ended;
    const counts = await this.counts();
    return { summary, counts, dropped: (await this.dropped(options.origin)) - before };
  }

  /** Copies beyond a limit of those in flight: of the client's Envoy, and of the mirror gateway for each candidate. */
  async dropped(...from: readonly Origin[]): Promise<number> {
    const counts = await Promise.all([
      ...from.map((origin) =>
        this.envoyOf(origin).count(
          '^cluster\\.outbound\\|[0-9]+\\|.*\\|model-mirror-gateway\\..*upstream_rq_(active|pending)_overflow$',
        ),
      ),
      this.stack.mirror.count('^cluster\\.outbound\\|.*upstream_rq_(active|pending)_overflow$'),
    ]);
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** That a client's calls pass first. */
  envoyOf(origin: Origin): Envoy {
    return origin === 'outside' ? this.stack.ingress : this.stack.client;
  }

  /** What an Envoy has in its configuration, its workers may not follow yet. */
  async untilCopiesArrive(): Promise<void> {
    await until('copies reach the candidate from both sides', async () => {
      for (const origin of origins) {
        const before = (await this.stack.modelmesh.report()).lastCalls['wisdom-1'] ?? 0;
        await new Traffic({ origin, model: 'wisdom', calls: 5, parallel: 1 }).ended;
        await sleep(300);
        if (((await this.stack.modelmesh.report()).lastCalls['wisdom-1'] ?? 0) <= before) return false;
      }
      return true;
    });
  }

  application(name = 'wisdom'): Promise<ClusterObject | undefined> {
    return this.stack.findApplication(name);
  }

  /** Writes to a model's VirtualService since a moment. */
  writesOf(model: string, since: number): Write[] {
    return this.stack.cluster
      .writes(since)
      .filter(
        ({ resource, name, namespace, code }) =>
          resource === 'virtualservices' && name === model && namespace === this.namespace && code < 300,
      );
  }
}

/** Calls that ModelMesh got for a model. */
export function callsOf(counts: readonly CallCount[], model: string): number {
  return counts.filter((one) => one.model === model).reduce((sum, { calls }) => sum + calls, 0);
}

/** What of the calls was not answered by a model: by its concrete one, whichever that was. */
export function unanswered({ sent, answered, errors, byModel }: LoadSummary, model: string): string[] {
  const by = answersOf(byModel, model);
  return sent === answered && by === sent
    ? []
    : [`${sent} sent, ${answered} answered, ${by} of them by ${model}; errors: ${JSON.stringify(errors)}`];
}

/** Answers that are not of this model; calls that were not answered are none. */
export function answeredByOthers({ answered, byModel }: LoadSummary, model: string): string[] {
  return answersOf(byModel, model) === answered ? [] : [`${answered} answered: ${JSON.stringify(byModel)}`];
}

function answersOf(byModel: LoadSummary['byModel'], model: string): number {
  return Object.entries(byModel)
    .filter(([concrete]) => concrete.startsWith(`${model}__isvc-`))
    .reduce((sum, [, answers]) => sum + answers, 0);
}
