/**
 * The watcher's mind: what git declares and tells, what the cluster shows, and so what is to be told.
 *
 *   snapshot, live objects → placed models → statuses → the plan of a commit
 *
 * Invariants: nothing is told of a model before both kinds of objects were listed; what git tells is
 * what the next status is measured against, whoever wrote it; a model whose text would not change a
 * byte is in no plan.
 */
import type { Problem } from '../input/problem.ts';
import { compareText } from '../input/problem.ts';
import type { SafeText } from '../input/safe-text.ts';
import { mask, quote, safe } from '../input/safe-text.ts';
import type { ModelStatus } from '../input/schema.ts';
import { toMirrorName } from '../manifests/routing.ts';
import type { FollowedService } from '../observe/freshness.ts';
import { follow } from '../observe/freshness.ts';
import type { Live, LiveRoute, LiveService } from '../observe/live-object.ts';
import type { ModelMemory } from '../observe/observed-model.ts';
import { observeModel } from '../observe/observed-model.ts';
import type { PageModel } from '../output/status-page.ts';
import { toStatusPage } from '../output/status-page.ts';
import { toStatusText } from '../output/status-text.ts';
import type { StatusChange } from './commit-message.ts';
import type { Snapshot, StatusBranch } from './ports.ts';
import type { RepositoryModel, StatusFile } from './repository-models.ts';
import { isBelow, RepositoryModels, toFolder, toPageName, toPath } from './repository-models.ts';

export interface BookOptions {
  /** The watcher's folder from the repository's root; `.` for the root itself. */
  readonly path: string;
  readonly cluster: string | undefined;
  /** Undefined: all. */
  readonly namespaces: readonly string[] | undefined;
  readonly settleMs: number;
  readonly page: boolean;
}

/** A model that git declares and that was found to be this cluster's. */
interface Entry {
  readonly model: RepositoryModel;
  readonly namespace: string;
  memory: ModelMemory;
  /** When to look again although nothing happens. */
  due: number | undefined;
  isSettling: boolean;
  /** What is to be told; undefined when git tells it already. */
  next: { readonly status: ModelStatus['status']; readonly text: string; readonly since: number } | undefined;
}

/** What one commit would say. */
export interface Plan {
  readonly files: ReadonlyMap<string, string | undefined>;
  readonly changes: readonly PlannedChange[];
  /** When the first of the changes could be told, by the clock; undefined when there are none. */
  readonly since: number | undefined;
  /** When something that waits is due; undefined: nothing waits. */
  readonly due: number | undefined;
  /** Whether a change is held back that time alone will bring. */
  readonly isSettling: boolean;
}

interface PlannedChange extends StatusChange {
  readonly since: number;
  /** What Argo CD wrote on the VirtualService. */
  readonly tracking: string | undefined;
  /** Whether the VirtualService is in the cluster at all. */
  readonly isApplied: boolean;
}

export class StatusBook {
  readonly #options: BookOptions;
  readonly #repository: RepositoryModels;
  readonly #services = new Map<string, FollowedService>();
  readonly #routes = new Map<string, LiveRoute>();
  #entries = new Map<string, Entry>();
  /** InferenceServices that models declare → the key of the model's entry. */
  readonly #owners = new Map<string, string>();
  /** Objects that are not in the last snapshot → what they said when git was looked at for it. */
  readonly #asked = new Map<string, Set<string>>();
  /** Entries to look at → since when. */
  readonly #dirty = new Map<string, number>();
  #placementIsOld = true;
  /** Status files of models that are gone → since when. */
  #orphans = new Map<string, number>();
  #page: string | undefined;
  #nextPage: string | undefined;
  #pageIsOld = true;
  /** Of models that name no namespace: the status file → the namespace that it named when it could last be read. */
  readonly #homes = new Map<string, string>();
  /** What was said once already. */
  readonly #reported = new Set<string>();
  /** The same of VirtualServices. */
  readonly #reportedClaims = new Set<string>();
  #isListed = false;

  constructor(options: BookOptions) {
    this.#options = options;
    this.#repository = new RepositoryModels(options.cluster);
  }

  /** Which files of the branch the book is made of, by their names. */
  static toFilter({ path, cluster, page }: BookOptions): (folder: string, name: string) => boolean {
    const isWanted = RepositoryModels.toFilter(cluster);
    return (folder, name) => isWanted(name) || (page && folder === path && name === toPageName(cluster));
  }

  /**
   * Takes in another state of the branch.
   *
   * @returns what is to be said about its files, and what Argo CD wrote on the VirtualServices of models
   *   that are rendered from other files now.
   */
  async readSnapshot(
    snapshot: Snapshot,
    branch: Pick<StatusBranch, 'read'>,
    now: number,
  ): Promise<{ readonly warnings: readonly SafeText[]; readonly trackings: readonly string[] }> {
    const pagePath = this.#pagePath;
    const files = pagePath === undefined ? snapshot.files : without(snapshot.files, pagePath);
    const pageId = pagePath === undefined ? undefined : snapshot.files.get(pagePath);
    const page = pageId === undefined ? undefined : (await branch.read(new Set([pageId]), maxPageBytes)).get(pageId);
    const { models, statusFiles, touched, warnings } = await this.#repository.update(files, (ids) => branch.read(ids));
    this.#asked.clear();
    this.#page = typeof page === 'string' ? page : undefined;
    this.#pageIsOld = true;
    if (models || statusFiles.length > 0) this.#placementIsOld = true;
    const byStatusFile = new Map([...this.#entries].map(([key, entry]) => [entry.model.statusFile, key]));
    for (const path of statusFiles) {
      const key = byStatusFile.get(path);
      if (key !== undefined) this.#mark(key, now);
    }
    const trackings = [...this.#entries].flatMap(([key, { model }]) =>
      touched.includes(model) ? [this.#routes.get(key)?.tracking ?? []].flat() : [],
    );
    const all = [...snapshot.problems.map(toLine), ...warnings];
    return { warnings: all.filter((warning) => this.#isNews(warning)), trackings };
  }

  /** Takes in one live object. Returns whether git may know more of it than the last snapshot. */
  put(live: Live, now: number): boolean {
    const key = toKey(live);
    if (live.kind === 'VirtualService') {
      const before = this.#routes.get(key);
      this.#routes.set(key, live);
      if (before?.path !== live.path) this.#placementIsOld = true;
      this.#markRoute(key, now);
      return !this.#isDeclaredRoute(live) && this.#isUnasked(`${live.kind} ${key}`, live.path ?? '');
    }
    const before = this.#services.get(key);
    this.#services.set(key, follow(before, live));
    if (before?.model !== live.model) {
      // A model without a VirtualService is known by its InferenceServices.
      this.#placementIsOld = true;
      if (before !== undefined) this.#markOwner(before, now);
    }
    this.#markOwner(live, now);
    return !this.#isDeclaredService(live) && this.#isUnasked(`${live.kind} ${key}`, live.model ?? '');
  }

  /** Takes in that a live object is gone. Returns whether git may know why. */
  drop(kind: Live['kind'], namespace: string, name: string, now: number): boolean {
    const key = `${namespace}/${name}`;
    if (kind === 'VirtualService') {
      if (this.#routes.get(key)?.path !== undefined) this.#placementIsOld = true;
      this.#routes.delete(key);
      this.#markRoute(key, now);
      return this.#entries.has(key);
    }
    const before = this.#services.get(key);
    this.#services.delete(key);
    if (before === undefined) return false;
    this.#markOwner(before, now);
    return this.#owners.has(key);
  }

  /** Takes in a whole list of a namespace, or of all: what is not in it is gone. Returns as `put` does. */
  replace(kind: Live['kind'], scope: string | undefined, objects: readonly Live[], now: number): boolean {
    let isNews = false;
    const found = new Set(objects.map(toKey));
    for (const live of objects) if (this.put(live, now)) isNews = true;
    const known: ReadonlyMap<string, Live> = kind === 'VirtualService' ? this.#routes : this.#services;
    for (const [key, { namespace, name }] of known)
      if (!found.has(key) && (scope ?? namespace) === namespace && this.drop(kind, namespace, name, now)) isNews = true;
    return isNews;
  }

  /** Both kinds were listed: from now on, what is not there is missing. */
  listed(): void {
    this.#isListed = true;
  }

  /**
   * What is to be told now.
   *
   * @returns the plan, and the routes whose model was not found in git, each once.
   */
  plan(now: number): { readonly plan: Plan; readonly warnings: readonly SafeText[] } {
    if (!this.#isListed) return { plan: nothing, warnings: [] };
    const warnings = this.#placementIsOld ? this.#place(now) : [];
    for (const [key, entry] of this.#entries)
      if (entry.due !== undefined && entry.due <= now && !this.#dirty.has(key)) this.#dirty.set(key, entry.due);
    if (this.#dirty.size > 0) this.#pageIsOld = true;
    for (const [key, since] of this.#dirty) {
      const entry = this.#entries.get(key);
      if (entry !== undefined) this.#look(entry, since, now);
    }
    this.#dirty.clear();
    return { plan: this.#toPlan(), warnings };
  }

  /** The plan is in git. */
  accept(plan: Plan, snapshot: Snapshot): void {
    const told = new Map<string, StatusFile | undefined>();
    for (const entry of this.#entries.values())
      if (entry.next !== undefined && plan.files.get(entry.model.statusFile) === entry.next.text) {
        told.set(entry.model.statusFile, toOwnFile(entry, entry.next));
        entry.next = undefined;
      }
    for (const [path, text] of plan.files) {
      if (path === this.#pagePath) {
        this.#page = text;
        this.#nextPage = undefined;
      }
      if (text === undefined) {
        told.set(path, undefined);
        this.#orphans.delete(path);
      }
    }
    const pagePath = this.#pagePath;
    this.#repository.accept(pagePath === undefined ? snapshot.files : without(snapshot.files, pagePath), told);
  }

  /** How many models the branch declares, this cluster's or not. */
  get modelCount(): number {
    return this.#repository.models.size;
  }

  /** How many models' candidates, or primaries without one, are in which state. */
  countStates(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const entry of this.#entries.values()) {
      const status = this.#statusOf(entry);
      for (const role of ['primary', 'candidate'] as const) {
        const state = status?.[role]?.state;
        if (state !== undefined) counts.set(`${role} ${state}`, (counts.get(`${role} ${state}`) ?? 0) + 1);
      }
    }
    return counts;
  }

  get #pagePath(): string | undefined {
    const { page, path, cluster } = this.#options;
    return page ? toPath(path, toPageName(cluster)) : undefined;
  }

  #mark(key: string, now: number): void {
    if (!this.#dirty.has(key)) this.#dirty.set(key, now);
  }

  /** Hop 2's VirtualService, `<model>-mirror`, is its model's as hop 1's is. */
  #markRoute(key: string, now: number): void {
    this.#mark(key, now);
    if (key.endsWith(mirrorEnd)) this.#mark(key.slice(0, -mirrorEnd.length), now);
  }

  /** Marks the models of an InferenceService: the one that its label names, and the one that has its name. */
  #markOwner({ namespace, name, model }: LiveService, now: number): void {
    if (model !== undefined) this.#mark(`${namespace}/${model}`, now);
    const owner = this.#owners.get(`${namespace}/${name}`);
    if (owner !== undefined) this.#mark(owner, now);
  }

  /** Whether the last snapshot has the model that an InferenceService says it is of, or it says nothing. */
  #isDeclaredService({ namespace, name, model }: LiveService): boolean {
    return model === undefined || this.#owners.get(`${namespace}/${name}`) === `${namespace}/${model}`;
  }

  /** Whether the last snapshot has the model that a VirtualService claims, or it claims none of this watcher. */
  #isDeclaredRoute({ name, path }: LiveRoute): boolean {
    if (path === undefined || !isBelow(path, this.#options.path)) return true;
    return this.#repository.byFolder.get(path)?.some((model) => model.name === name) === true;
  }

  /**
   * Whether git has not been looked at yet for what an object says, since the branch moved last: objects of
   * another repository's models change all the time.
   */
  #isUnasked(object: string, said: string): boolean {
    const asked = this.#asked.get(object) ?? new Set();
    if (asked.has(said) || asked.size >= askedPerObject) return false;
    this.#asked.set(object, asked.add(said));
    return true;
  }

  #isNews(warning: string): boolean {
    if (this.#reported.has(warning)) return false;
    this.#reported.add(warning);
    return true;
  }

  #isWatched(namespace: string): boolean {
    return this.#options.namespaces === undefined || this.#options.namespaces.includes(namespace);
  }

  /**
   * Finds the namespace of each model. A VirtualService claims a model by naming its folder, but anyone may
   * write such an annotation in a namespace of their own: where the model file or the status file names the
   * namespace, a claim from another one is reported and ignored.
   */
  #place(now: number): SafeText[] {
    this.#placementIsOld = false;
    this.#pageIsOld = true;
    const warnings: SafeText[] = [];
    const report = (warning: string) => {
      if (this.#reportedClaims.has(warning) || this.#reportedClaims.size >= maxReportedClaims) return;
      this.#reportedClaims.add(warning);
      warnings.push(mask(warning));
    };
    const claims = this.#findClaims(report);
    const placed = new Map<string, RepositoryModel>();
    const unclaimed: (readonly [string, RepositoryModel])[] = [];
    for (const model of this.#repository.models.values()) {
      const claimants = claims.get(model) ?? [];
      const home = this.#toHome(model);
      const namespace = home ?? (claimants.length === 1 ? claimants[0] : undefined);
      reportOthers(model, home, claimants, report);
      if (namespace === undefined || !this.#isWatched(namespace)) continue;
      const key = `${namespace}/${model.name}`;
      if (claimants.includes(namespace)) placed.set(key, model);
      else if (this.#isKnownWithoutRoute(model, namespace)) unclaimed.push([key, model]);
    }
    for (const [key, model] of unclaimed)
      if (!placed.has(key) && this.#routes.get(key)?.path === undefined) placed.set(key, model);
    const entries = new Map<string, Entry>();
    for (const [key, model] of placed) {
      const before = this.#entries.get(key);
      if (before?.model === model) entries.set(key, before);
      else {
        const namespace = key.slice(0, key.indexOf('/'));
        const memory = before?.memory ?? {};
        entries.set(key, { model, namespace, memory, due: undefined, isSettling: false, next: undefined });
        this.#mark(key, now);
      }
    }
    this.#entries = entries;
    this.#owners.clear();
    for (const [key, { namespace, model }] of entries)
      for (const version of [model.primary, model.candidate])
        if (version !== undefined) this.#owners.set(`${namespace}/${version}`, key);
    this.#findOrphans(now);
    return warnings;
  }

  /** @returns the namespaces of the VirtualServices that name a model's folder, in a fixed order. */
  #findClaims(report: (warning: string) => void): ReadonlyMap<RepositoryModel, readonly string[]> {
    const claims = new Map<RepositoryModel, string[]>();
    for (const [key, { name, namespace, path }] of this.#routes) {
      if (path === undefined || !isBelow(path, this.#options.path)) continue;
      const named = (this.#repository.byFolder.get(path) ?? []).filter((model) => model.name === name);
      const model = named.find((one) => one.namespace === namespace) ?? named.find((one) => !one.namespace) ?? named[0];
      if (model === undefined)
        report(
          `VirtualService ${mask(key)} names the folder ${quote(path)}, but the branch has no model of its name there: it is ignored`,
        );
      else claims.set(model, [...(claims.get(model) ?? []), namespace].sort(compareText));
    }
    return claims;
  }

  /** The namespace that git names for a model, whatever the cluster shows. */
  #toHome({ name, namespace, statusFile }: RepositoryModel): string | undefined {
    if (namespace !== undefined) return namespace;
    const told = this.#repository.statusFiles.get(statusFile);
    const metadata = told?.value?.metadata;
    if (metadata?.name === name) this.#homes.set(statusFile, metadata.namespace);
    // A file that is gone is how a person lets a model move; one that is broken is not.
    else if (told === undefined) this.#homes.delete(statusFile);
    return this.#homes.get(statusFile);
  }

  /** Whether a model that no VirtualService claims is this cluster's: its status or its InferenceServices show it. */
  #isKnownWithoutRoute({ name, namespace, statusFile, primary, candidate }: RepositoryModel, home: string): boolean {
    // Then it is the status file that names its home.
    if (namespace === undefined) return true;
    const told = this.#repository.statusFiles.get(statusFile)?.value?.metadata;
    if (told?.name === name && told.namespace === home) return true;
    return [primary, candidate].some(
      (version) => version !== undefined && this.#services.get(`${home}/${version}`)?.model === name,
    );
  }

  #findOrphans(now: number): void {
    const orphans = new Map<string, number>();
    for (const [path, { isOurs, value }] of this.#repository.statusFiles) {
      if (!isOurs || this.#repository.hasModelFileFor(path)) continue;
      if (value === undefined ? this.#options.namespaces === undefined : this.#isWatched(value.metadata.namespace))
        orphans.set(path, this.#orphans.get(path) ?? now);
    }
    this.#orphans = orphans;
  }

  #look(entry: Entry, since: number, now: number): void {
    const { model, namespace } = entry;
    const told = this.#repository.statusFiles.get(model.statusFile);
    const { metadata, status: toldStatus } = told?.value ?? {};
    const isOfThis = metadata?.name === model.name && metadata.namespace === namespace;
    const { status, memory, due, isSettling } = observeModel(
      { name: model.name, namespace, primary: model.primary, candidate: model.candidate },
      {
        service: (name) => this.#services.get(`${namespace}/${name}`),
        route: (name) => this.#routes.get(`${namespace}/${name}`),
      },
      isOfThis ? toldStatus : undefined,
      entry.memory,
      { now, settleMs: this.#options.settleMs },
    );
    entry.memory = memory;
    entry.due = due;
    entry.isSettling = isSettling;
    // Of a model of which nothing is known yet, nothing is told.
    if (told === undefined && Object.keys(status).length === 0) entry.next = undefined;
    else {
      const text = toStatusText({ name: model.name, namespace, status });
      entry.next = text === told?.text ? undefined : { status, text, since: entry.next?.since ?? since };
    }
  }

  #statusOf({ model, next }: Entry): ModelStatus['status'] | undefined {
    return next?.status ?? this.#repository.statusFiles.get(model.statusFile)?.value?.status;
  }

  #toPlan(): Plan {
    const files = new Map<string, string | undefined>();
    const changes: PlannedChange[] = [];
    const dues: number[] = [];
    let isSettling = false;
    for (const [key, entry] of this.#entries) {
      if (entry.due !== undefined) dues.push(entry.due);
      if (entry.isSettling) isSettling = true;
      if (entry.next === undefined) continue;
      const { model, namespace, next } = entry;
      files.set(model.statusFile, next.text);
      changes.push({
        name: model.name,
        namespace,
        before: this.#repository.statusFiles.get(model.statusFile)?.value?.status,
        after: next.status,
        since: next.since,
        tracking: this.#routes.get(key)?.tracking,
        isApplied: this.#routes.has(key),
      });
    }
    for (const [path, since] of this.#orphans) {
      const status = this.#repository.statusFiles.get(path)?.value;
      files.set(path, undefined);
      changes.push({
        name: status?.metadata.name ?? toFolder(path),
        namespace: status?.metadata.namespace ?? '',
        before: status?.status,
        after: undefined,
        since,
        tracking: undefined,
        isApplied: false,
      });
    }
    const pageChanged = this.#addPage(files);
    return {
      files,
      changes,
      since: changes.length > 0 ? Math.min(...changes.map((change) => change.since)) : pageChanged ? 0 : undefined,
      due: dues.length === 0 ? undefined : dues.reduce((a, b) => Math.min(a, b)),
      isSettling,
    };
  }

  #addPage(files: Map<string, string | undefined>): boolean {
    const path = this.#pagePath;
    if (path === undefined) return false;
    if (!this.#pageIsOld) {
      if (this.#nextPage !== undefined) files.set(path, this.#nextPage);
      return this.#nextPage !== undefined;
    }
    const models: PageModel[] = [];
    for (const entry of this.#entries.values()) {
      const status = this.#statusOf(entry);
      const { name, folder } = entry.model;
      if (status !== undefined)
        models.push({ name, namespace: entry.namespace, folder, link: toLink(folder, this.#options.path), status });
    }
    models.sort((a, b) => compareText(a.namespace, b.namespace) || compareText(a.name, b.name));
    const text = toStatusPage({ models, cluster: this.#options.cluster });
    this.#pageIsOld = false;
    this.#nextPage = text === this.#page ? undefined : text;
    if (this.#nextPage !== undefined) files.set(path, text);
    return this.#nextPage !== undefined;
  }
}

const mirrorEnd = toMirrorName('');

/** Anyone with a namespace can make a new warning each second: these are enough to see it. */
const maxReportedClaims = 1000;

/** An object that says another thing all the time is not worth a look each time. */
const askedPerObject = 5;

/** The claims to a model that are ignored. */
function reportOthers(
  { file, folder, name, namespace, statusFile }: RepositoryModel,
  home: string | undefined,
  claimants: readonly string[],
  report: (warning: string) => void,
): void {
  const toName = (claimant: string) => mask(`${claimant}/${name}`);
  if (home === undefined) {
    if (claimants.length > 1)
      report(
        `${claimants.length} VirtualServices claim the model of ${quote(folder)}: ${claimants.map(toName).join(', ')}. Its status is not written until ${quote(file)} names its namespace (metadata.namespace), or one of them alone is left`,
      );
    return;
  }
  const [by, advice] =
    namespace === undefined
      ? [statusFile, `set metadata.namespace in ${quote(file)} if the model moved`]
      : [file, 'change that field if the model moved'];
  for (const claimant of claimants)
    if (claimant !== home)
      report(
        `VirtualService ${toName(claimant)} claims the model of ${quote(folder)}, but ${quote(by)} names the namespace ${mask(home)}: the claim is ignored; ${advice}`,
      );
}

const nothing: Plan = { files: new Map(), changes: [], since: undefined, due: undefined, isSettling: false };

function toOwnFile({ model, namespace }: Entry, { status, text }: NonNullable<Entry['next']>): StatusFile {
  const metadata = { name: model.name, namespace };
  const value: ModelStatus = { apiVersion: 'model-mirror.dev/v1alpha1', kind: 'ModelStatus', metadata, status };
  return { text, value, isOurs: true };
}

function toKey({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

function toLink(folder: string, from: string): string {
  if (folder === from) return '.';
  return from === '.' ? folder : folder.slice(from.length + 1);
}

function toLine({ file, line, column, message, hint }: Problem): SafeText {
  return safe`${file}:${line}:${column}: ${message}: ${hint}`;
}

/** A line for each model: it may be larger than any file that people write. */
const maxPageBytes = 16 * 1024 * 1024;

function without(files: ReadonlyMap<string, string>, path: string): ReadonlyMap<string, string> {
  return new Map([...files].filter(([file]) => file !== path));
}
