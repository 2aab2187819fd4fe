/** A watcher in the middle of its work, whose pages people look at: a ramp, a failure, a broken file, and models that are well. */
import { join } from 'node:path';
import { systemClock } from '../../src/io/process/clock.ts';
import type { WatcherIdentity } from '../../src/output/watcher-facts.ts';
import { toHtmlPages } from '../../src/watch/html-pages.ts';
import { failed, loading } from '../core/observe/live-objects.ts';
import { toModelText } from '../core/render/memory-tree.ts';
import { RampScene, toPolicyText } from './ramp-scene.ts';

/** Where the golden pages are. */
export const goldenPages = join(import.meta.dirname, '../../fixtures/watcher-pages');

export const identity: WatcherIdentity = {
  version: '1.2.3',
  repository: 'https://git.example.com/ml/deployments',
  branch: 'main',
  path: '.',
  cluster: undefined,
};

export class PagesScene extends RampScene {
  /** The watcher has read nothing yet. */
  constructor() {
    super(toPolicyText('[1, 5, 20]'));
    this.watch();
  }

  /** Its pages, for a server that does not wait for the scene's clock. */
  get pages(): ReturnType<typeof toHtmlPages> {
    const { now, sleep } = systemClock;
    return toHtmlPages(this.first.watcher.models, identity, { date: this.clock.date, now, sleep });
  }

  static async start(): Promise<PagesScene> {
    const scene = new PagesScene();
    await scene.pass(1);
    return scene;
  }

  /** A model's commit. @param candidate its status; undefined: it has none. */
  add(name: string, candidate: object | undefined): void {
    const text = toModelText(name, 'models');
    this.edit({ [`${name}/model.yaml`]: candidate === undefined ? text.replace(/ {2}candidate:.*\n/, '') : text });
    if (candidate !== undefined) this.statuses.set(`${name}-1`, candidate);
  }

  /** What is in the pictures and the golden pages. */
  async play(): Promise<void> {
    await this.pass(3);
    this.add('spelling', undefined);
    await this.pass(1);
    this.add('intent', loading);
    this.add('fraud', failed);
    await this.reach('5 % at 1');
    await this.pass(4);
    this.edit({
      'ranking/model.yaml': 'apiVersion: model-mirror.dev/v1alpha1\nkind: Model\nmetadata: {name: ranking}\n',
    });
    await this.clock.advance(45_000);
  }

  /** The page at a path; empty: there is none. */
  async read(path: string): Promise<string> {
    const [page = '', query = ''] = path.split('?');
    return (await this.pages.answer(page, new URLSearchParams(query)))?.text ?? '';
  }
}

/** The pages that people are shown, by the names of their files. */
export async function toGoldenPages(): Promise<ReadonlyMap<string, string>> {
  const scene = await PagesScene.start();
  await scene.play();
  const pages = new Map<string, string>();
  for (const [name, path] of Object.entries({ models: '/', model: '/models/wisdom', failed: '/models/fraud' }))
    pages.set(`${name}.html`, await scene.read(path));
  await scene.end();
  return pages;
}
