/**
 * What a watcher knows, as values for its pages.
 *
 * Invariants: all of it is in memory, so that it is there while git or the cluster is away; reading it changes nothing.
 */
import { assessModel } from '../core/assess/assess-model.ts';
import { findJudgement } from '../core/assess/judgement.ts';
import { type LiveView, toOutlook } from '../core/assess/outlook.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { toAttention } from '../core/observe/attention.ts';
import { toKey } from '../core/observe/live-object.ts';
import type { Reading } from '../core/ports/evidence.ts';
import type { LiveAnalyses } from '../core/ports/live-analyses.ts';
import type { Clock, PushTrouble, Snapshot } from '../core/ports/watch.ts';
import type { RenderedRollout } from '../core/render/decide-model.ts';
import { renderDigests } from '../core/render/digests.ts';
import type { TimelinePoint } from '../core/timeline/points.ts';
import type { Timeline } from '../core/timeline/timeline.ts';
import { computeTimeline } from '../core/timeline/timeline.ts';
import type {
  DescribedModel,
  ListedModel,
  WatchedModels,
  WatcherState,
  WatcherTrouble,
} from '../output/watched-models.ts';
import type { BranchAccess } from './branch-access.ts';
import type { BranchChange, BranchFiles, ModelFile } from './branch-files.ts';
import { CommitMemory } from './commit-memory.ts';
import type { LiveCache } from './live-cache.ts';
import type { ModelTexts } from './model-texts.ts';
import { isSameButStatus, toModelTree } from './model-texts.ts';
import type { Planner } from './planner.ts';
import type { PlannedStatus, TrackedModel } from './status-planner.ts';

interface Parts {
  readonly files: BranchFiles;
  readonly planner: Planner;
  readonly live: LiveCache;
  readonly branch: BranchAccess;
  readonly analyses: LiveAnalyses;
  readonly clock: Clock;
  readonly cluster: string | undefined;
  readonly carries?: { readonly trouble: PushTrouble | undefined } | undefined;
}

interface StreamTrouble {
  readonly since: number;
  readonly message: SafeText;
}

export class ModelsView implements WatchedModels {
  readonly #parts: Parts;
  readonly #commits = new CommitMemory();
  readonly #startedAt: number;
  readonly #streamTroubles = new Map<string, StreamTrouble>();
  #push: WatcherState['push'];
  #comparer: WatcherState['comparer'];

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.date();
  }

  /** Takes note of what others have pushed. */
  noteCommit({ touched, added, before }: BranchChange, { commit, head }: Snapshot): void {
    const { files, clock } = this.#parts;
    this.#commits.begin(commit, clock.date());
    for (const file of [...added, ...[...touched].map((model) => model.file)]) {
      const model = files.models.get(file);
      const after = model && files.findTexts(model);
      if (after === undefined) continue;
      const isStatusOnly = isSameButStatus(before.get(file), after, model?.statusFile);
      this.#commits.note(file, before.get(file), after, { id: commit, head, isStatusOnly });
    }
  }

  /** Takes note of this watcher's own push. @param accept takes over what is in git now. */
  notePush(statuses: readonly PlannedStatus[], { commit, head }: Snapshot, accept: () => void): void {
    const { files, planner, clock } = this.#parts;
    const before = statuses.flatMap((planned): [ModelFile, ModelTexts][] => {
      const model = planner.models.get(toKey(planned))?.model;
      const texts = model?.statusFile === planned.file ? files.findTexts(model) : undefined;
      return model === undefined || texts === undefined ? [] : [[model, texts]];
    });
    accept();
    this.#push = { commit, at: clock.date() };
    for (const [model, texts] of before) {
      const after = files.findTexts(model);
      if (after !== undefined) this.#commits.note(model.file, texts, after, { id: commit, head, isStatusOnly: true });
    }
  }

  noteReading({ replicas }: Pick<Reading, 'replicas'>): void {
    this.#comparer = { replicas, askedAt: this.#parts.clock.date() };
  }

  /** Why a stream of events is out of date; undefined: it is up to date again. */
  noteTrouble(stream: string, message: SafeText | undefined): void {
    if (message === undefined) this.#streamTroubles.delete(stream);
    else {
      const since = this.#streamTroubles.get(stream)?.since ?? this.#parts.clock.date();
      this.#streamTroubles.set(stream, { since, message });
    }
  }

  /** The first stream of events that is out of date; undefined: none is. */
  get streamTrouble(): StreamTrouble | undefined {
    const [first] = this.#streamTroubles.values();
    return first;
  }

  readonly state = (): WatcherState => {
    const { snapshot, readAt } = this.#parts.branch;
    return {
      startedAt: this.#startedAt,
      commit:
        snapshot === undefined || readAt === undefined
          ? undefined
          : { id: snapshot.commit, subject: snapshot.head.subject, readAt },
      push: this.#push,
      comparer: this.#comparer,
      troubles: [...this.#listTroubles()],
    };
  };

  readonly list = (): readonly ListedModel[] => {
    const { files, planner } = this.#parts;
    const placed = new Set<ModelFile>();
    const models = [...planner.models.values()].map((tracked) => {
      placed.add(tracked.model);
      return toListed(tracked);
    });
    for (const model of files.models.values()) if (!placed.has(model)) models.push(toUnplaced(model));
    return models;
  };

  readonly find = (namespace: string, name: string): ListedModel | undefined => {
    const { files, planner } = this.#parts;
    const tracked = planner.models.get(toKey({ namespace, name }));
    if (tracked !== undefined) return toListed(tracked);
    for (const model of files.models.values())
      if (model.name === name && model.namespace === namespace) return toUnplaced(model);
    return undefined;
  };

  readonly describe = (listed: ListedModel): DescribedModel => {
    const { files } = this.#parts;
    const texts = files.models.get(listed.file);
    const rendered = this.#render(texts && files.findTexts(texts), listed.namespace);
    if (!isRendered(rendered))
      return { assessment: undefined, problems: rendered, judgement: undefined, live: { code: 'not-asked' } };
    const assessment = assessModel(rendered, {
      live: listed.status,
      namespace: listed.namespace,
      // What is in the branch is pushed.
      pending: { uncommitted: [], unpushed: [], step: { code: 'run', commands: [] }, canPush: true },
    });
    const [candidate] = rendered.candidates;
    const judgement = candidate && findJudgement(rendered, candidate);
    const live: LiveView = judgement === undefined ? { code: 'not-asked' } : this.#toLive(listed, judgement.subject);
    return { assessment, problems: [], judgement, live };
  };

  readonly timeline = (listed: ListedModel): Iterable<undefined, Timeline> => this.#toTimeline(listed);

  *#toTimeline({ file, name, namespace }: ListedModel): Generator<undefined, Timeline> {
    const { files, clock } = this.#parts;
    const model = files.models.get(file);
    const texts = model && files.findTexts(model);
    const points: TimelinePoint[] = [];
    for (const { commit, texts: then } of texts === undefined ? [] : this.#commits.find(file, texts)) {
      points.push({ commit, model: this.#render(then, namespace) });
      yield undefined;
    }
    return computeTimeline({ name, namespace: namespace ?? '' }, points, clock.date());
  }

  #toLive({ namespace = '', name }: ListedModel, subject: Parameters<typeof toOutlook>[1]): LiveView {
    const found = this.#parts.analyses.find(namespace, name);
    if (typeof found === 'object') return { code: 'found', outlook: toOutlook(found, subject) };
    return { code: 'unjudged', why: found };
  }

  /** @returns the errors for which it cannot be rendered. */
  #render(texts: ModelTexts | undefined, namespace: string | undefined): RenderedRollout | readonly Problem[] {
    const { cluster } = this.#parts;
    if (texts === undefined) return [];
    const { rollouts, problems } = renderDigests(toModelTree(texts), { cluster, namespace });
    const errors = problems.filter(({ severity }) => severity === 'error');
    const own = rollouts.find(({ rollout }) => texts.files.has(rollout.file.source.path));
    return own === undefined || errors.length > 0 ? errors : own;
  }

  *#listTroubles(): Iterable<WatcherTrouble> {
    const { branch, carries, live, files, planner } = this.#parts;
    const { fetchTrouble, fetchFailsSince, snapshot, pushTrouble } = branch;
    if (fetchTrouble !== undefined && fetchFailsSince !== undefined)
      yield { code: 'git', since: fetchFailsSince, message: fetchTrouble };
    else if (snapshot === undefined) yield { code: 'branch-not-read' };
    for (const trouble of this.#streamTroubles.values()) yield { code: 'cluster', ...trouble };
    if (!live.isComplete && this.#streamTroubles.size === 0) yield { code: 'cluster-not-listed' };
    if (pushTrouble !== undefined) yield { code: 'push', ...pushTrouble };
    if (carries?.trouble !== undefined) yield { code: 'carry', ...carries.trouble };
    for (const problem of [...files.broken.values(), ...files.problems]) yield { code: 'file', problem };
    for (const message of planner.ignored) yield { code: 'claim', message };
  }
}

function isRendered(rendered: RenderedRollout | readonly Problem[]): rendered is RenderedRollout {
  return 'rollout' in rendered;
}

function toListed({ namespace, model: { name, file }, status }: TrackedModel): ListedModel {
  return { name, namespace, file, status, attention: toAttention(status) };
}

function toUnplaced({ name, namespace, file }: ModelFile): ListedModel {
  return { name, namespace, file, status: undefined, attention: toAttention(undefined) };
}
