/** Reports what each commit changes, from the repository alone. */
import { findChangedModels } from '../../core/change/changed-models.ts';
import type { ManifestChange } from '../../core/change/manifest-change.ts';
import { computeManifestChanges } from '../../core/change/manifest-change.ts';
import { hasErrors } from '../../core/diagnostics/problem.ts';
import { parseStatus } from '../../core/input/parse-document.ts';
import type { ModelStatus } from '../../core/input/schema.ts';
import { toYamlText } from '../../core/manifests/manifest-text.ts';
import type { RenderedApplication } from '../../core/render/application.ts';
import { renderApplication } from '../../core/render/application.ts';
import { git, readTip } from '../../demo/fakes/git.ts';
import { modelFolder } from '../../demo/scenario.ts';
import { openFolderTree } from '../../io/files/folder-tree.ts';
import { toProblemText } from '../../output/problem-text.ts';
import type { Style } from '../../output/style.ts';
import { toChangeLines } from '../../output/words/change.ts';

export type Say = (...lines: string[]) => void;
type Rendered = RenderedApplication<string>;

export class Report {
  readonly #bare: string;
  readonly #reader: string;
  readonly #showsManifests: boolean;
  readonly #say: Say;
  readonly #style: Style;
  #before: Rendered;
  #tip = 'HEAD';
  #status: ModelStatus['status'] | undefined;

  /**
   * @param reader a clone of the repository `bare`.
   * @param showsManifests what changes in them is shown too.
   */
  constructor(
    { bare, reader }: { readonly bare: string; readonly reader: string },
    showsManifests: boolean,
    say: Say,
    style: Style,
  ) {
    this.#showsManifests = showsManifests;
    this.#bare = bare;
    this.#reader = reader;
    this.#say = say;
    this.#style = style;
    this.#before = this.#render(true);
  }

  /** @returns the current status file. */
  async catchUp(): Promise<ModelStatus['status'] | undefined> {
    // A fetch over HTTP starts eight processes.
    if (readTip(this.#bare, 'main') === this.#tip) return this.#status;
    await git(this.#reader, ['fetch', '--quiet', 'origin']);
    const range = `${this.#tip}..origin/main`;
    const format = '%H%x00%an%x00%s';
    const lines = (await git(this.#reader, ['log', '--reverse', `--format=${format}`, range])).split('\n');
    for (const line of lines.filter((text) => text !== '')) {
      const [id = '', author = '', subject = ''] = line.split('\0');
      await git(this.#reader, ['reset', '--quiet', '--hard', id]);
      this.#tip = id;
      this.#reportCommit(id, author, subject);
    }
    const text = await git(this.#reader, ['cat-file', '--batch'], { input: `HEAD:${modelFolder}/status.yaml\n` });
    const [, ...content] = text.split('\n');
    this.#status = parseStatus({ path: `${modelFolder}/status.yaml`, text: content.join('\n') }).value?.status;
    return this.#status;
  }

  #reportCommit(id: string, author: string, subject: string): void {
    const say = this.#say;
    const style = this.#style;
    const [who = ''] = author.split(' ').slice(-1);
    say(`   ${style('yellow', id.slice(0, 7))} ${who.padEnd(7)} ${subject}`);
    if (this.#showsManifests) this.#reportChange();
  }

  /** Of the commit that the reader is at. */
  #reportChange(): void {
    const say = this.#say;
    const style = this.#style;
    const before = this.#before;
    const strict = this.#render(false);
    const after = this.#render(true);
    if (hasErrors(strict.problems) && after.rollouts.length < before.rollouts.length) {
      say('   Without a model, the plugin refuses to render nothing, since Argo CD would remove everything:');
      for (const line of toProblemText(strict.problems).trimEnd().split('\n')) say(style('dim', `     ${line}`));
      say('   With the parameter allowEmpty:');
    }
    const changed = findChangedModels(before.rollouts, after.rollouts);
    for (const line of toChangeLines(changed)) say(`   ${style('cyan', line)}`);
    for (const change of computeManifestChanges(before.objects, after.objects)) showChange(change, say, style);
    this.#before = after;
  }

  #render(allowEmpty: boolean): Rendered {
    const repository = this.#reader;
    const tree = openFolderTree({ repository, repositoryPath: '.', folder: repository, root: repository });
    return renderApplication(tree, { allowEmpty }, toYamlText);
  }
}

function showChange({ change, kind, namespace: space, name, lines }: ManifestChange, say: Say, style: Style): void {
  const title = style('bold', `${kind} ${space}/${name}`);
  // All lines of a removed object are removed, so its name is enough.
  if (change === 'removed') say(`   ${title} removed, all ${lines.length} lines`);
  else say(`   ${title} ${change}`, ...lines.map((line) => toDiffLine(line, style)));
}

function toDiffLine({ sign, text }: ManifestChange['lines'][number], style: Style): string {
  return style(sign === '+' ? 'green' : 'red', `     ${sign} ${text}`);
}
