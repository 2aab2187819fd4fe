/**
 * The chart as Helm renders it, kept in files: what tests read that have no Helm, and what shows in a diff how a template changes.
 * As a program it writes them: `node test/install/rendered.ts`, after `npm run stack:build -- helm`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Values } from './helm.ts';
import { renderChartText } from './helm.ts';
import type { Built } from './kustomize.ts';

const folder = join(import.meta.dirname, 'rendered');
const repo = 'https://git.example.com/ml/deployments';
// Not the version of today, which would change them with each release.
const image = { repository: 'images.example.com/ml/model-mirror', tag: '1.2.3' };
const both = { comparer: { enabled: true, authorization: { enabled: true } } };

/** Without what is monitored, whose files change for reasons of their own. */
const renderings = {
  cluster: {
    image,
    watcher: { repo },
    mirrorGateway: { authorization: { enabled: true } },
    egressGatewayLimits: { enabled: true },
    ...both,
  },
  namespaced: {
    image,
    watcher: { repo, watchNamespaces: ['models'], argocdRefresh: { enabled: true } },
    mirrorGateway: { clearText: true },
    comparer: { enabled: true, watchNamespaces: ['models'], clearText: true },
  },
} as const satisfies Readonly<Record<string, Values>>;

type Rendering = keyof typeof renderings;

/** The objects of one of them, as kubectl reads YAML. @param part of these alone, by the name of the part. */
export function readRendered(name: Rendering, part?: string): Built[] {
  return (
    parseAllDocuments(readFileSync(toFile(name), 'utf8'), { version: '1.1' })
      .map((document) => document.toJS() as Built | null)
      // A document of comments alone is none.
      .filter((object) => object !== null)
      .filter(({ metadata }) => part === undefined || metadata.labels?.['app.kubernetes.io/name'] === part)
  );
}

/** Which of the files are not what the chart renders. */
export function findStaleRenderings(): string[] {
  return names()
    .filter((name) => render(name) !== readFileSync(toFile(name), 'utf8'))
    .map((name) => `${toFile(name)} is another: run node test/install/rendered.ts, and read the diff`);
}

function render(name: Rendering): string {
  return renderChartText(renderings[name]).replaceAll(/(helm\.sh\/chart: model-mirror)-\S+/g, `$1-${image.tag}`);
}

function names(): Rendering[] {
  return Object.keys(renderings) as Rendering[];
}

function toFile(name: Rendering): string {
  return join(folder, `${name}.yaml`);
}

if (import.meta.main) for (const name of names()) writeFileSync(toFile(name), render(name));
