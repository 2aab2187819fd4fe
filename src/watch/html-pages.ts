/**
 * The addresses of the watcher's pages for people, and what is at each.
 *
 * Invariants: made on request from what is in memory, so that they are there while git or the cluster is away; the loop
 * and the probes never wait for long, however many models and readers there are.
 */
import { dnsLabel } from '../core/input/schema-parts.ts';
import type { Clock } from '../core/ports/watch.ts';
import { toHtmlFrame } from '../output/html-frame.ts';
import { toHtmlText } from '../output/html-text.ts';
import { toModelPage } from '../output/model-page.ts';
import type { ShownModel } from '../output/models-page.ts';
import { toModelsPage } from '../output/models-page.ts';
import { parseModelsQuery, pickModels } from '../output/models-query.ts';
import type { WatchedModels } from '../output/watched-models.ts';
import type { WatcherIdentity } from '../output/watcher-facts.ts';
import { watcherCss } from '../output/watcher-facts.ts';

interface HtmlAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  /** The content of its style element. */
  readonly style: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

interface HtmlPages {
  /** Of the pages, for those who look for another. */
  readonly names: readonly string[];
  /** Undefined: there is no such page. */
  readonly answer: (path: string, query: URLSearchParams) => Promise<HtmlAnswer | Answer> | undefined;
}

/** The loop gets its turn when a page has taken so long. A model takes some milliseconds, and with large files a hundred. */
const turnMs = 15;
/** Pages are made one after the other; so many readers may wait. */
const mostWaiting = 20;

/** @param identity of the watcher. */
export function toHtmlPages(
  watched: WatchedModels,
  identity: WatcherIdentity,
  clock: Pick<Clock, 'now' | 'date' | 'sleep'>,
): HtmlPages {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = async (make: () => Promise<HtmlAnswer>): Promise<HtmlAnswer | Answer> => {
    if (waiting >= mostWaiting) return { status: 503, text: 'others read these pages now: try again in a moment\n' };
    waiting++;
    const made = last.then(make);
    last = made.catch(() => undefined);
    try {
      return await made;
    } finally {
      waiting--;
    }
  };
  const toPause = () => {
    let end = clock.now() + turnMs;
    return async () => {
      if (clock.now() < end) return;
      await clock.sleep(0, new AbortController().signal);
      end = clock.now() + turnMs;
    };
  };

  const toAll = async (query: URLSearchParams): Promise<HtmlAnswer> => {
    const { models, ...picked } = pickModels(watched.list(), parseModelsQuery(query));
    const rows: ShownModel[] = [];
    const pause = toPause();
    for (const listed of models) {
      await pause();
      rows.push({ listed, described: watched.describe(listed) });
    }
    return toAnswer(200, toModelsPage({ identity, state: watched.state(), picked, rows, now: clock.date() }));
  };

  const toOne = async (namespace: string, name: string): Promise<HtmlAnswer> => {
    const listed = watched.find(namespace, name);
    if (listed === undefined) return toAnswer(404, toMissing(namespace, name));
    const pause = toPause();
    const described = watched.describe(listed);
    const parts = watched.timeline(listed)[Symbol.iterator]();
    for (;;) {
      await pause();
      const { done, value } = parts.next();
      if (done === true)
        return toAnswer(
          200,
          toModelPage({ identity, state: watched.state(), listed, described, timeline: value, now: clock.date() }),
        );
    }
  };

  return {
    names: ['/', '/NAMESPACE/MODEL'],
    answer: (path, query) => {
      if (path === '/') return inTurn(() => toAll(query));
      const [before, namespace = '', name = '', ...rest] = path.split('/');
      // No name of Kubernetes needs an escape: whatever has one is another path.
      if (before !== '' || rest.length > 0 || ![namespace, name].every((word) => dnsLabel.test(word))) return undefined;
      return inTurn(() => toOne(namespace, name));
    },
  };
}

function toAnswer(status: number, text: string): HtmlAnswer {
  return { status, type: 'text/html; charset=utf-8', text, style: watcherCss };
}

function toMissing(namespace: string, name: string): string {
  return toHtmlFrame(
    'No such model',
    watcherCss,
    `<h1>No such model</h1>
<p>The watcher knows no model ${toHtmlText(name)} in ${toHtmlText(namespace)}: it is in another namespace, repository, branch or folder than
the watcher's. <a href="../">All models</a></p>
`,
  );
}
