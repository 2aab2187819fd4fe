/** Plays the tutorial: each step a real commit in a temporary repository, rendered as Argo CD would. */
import type { ManifestChange } from '../change/manifest-change.ts';
import { computeManifestChanges } from '../change/manifest-change.ts';
import { describeChanges } from '../change/rollout-change.ts';
import type { Step } from '../demo/scenario.ts';
import { modelFolder, steps, toModelText, toPolicyText } from '../demo/scenario.ts';
import { hasErrors } from '../input/problem.ts';
import { exitCodes } from '../io/fault.ts';
import { openFolderTree } from '../io/folder-tree.ts';
import { commitAll, initRepository } from '../io/git-repository.ts';
import { makeTemporaryFolder, removeFolder, writeFiles } from '../io/work-folder.ts';
import type { Manifest } from '../manifests/manifest.ts';
import { digestAnnotation } from '../manifests/manifest.ts';
import { toYamlText } from '../output/manifest-text.ts';
import { toProblemText } from '../output/problem-text.ts';
import { toStatusText } from '../output/status-text.ts';
import type { Style } from '../output/style.ts';
import type { RenderedApplication } from '../render/application.ts';
import { renderApplication } from '../render/application.ts';
import type { Host } from './host.ts';

type Say = (...lines: string[]) => void;
type Rendered = RenderedApplication<{ readonly text: string; readonly digest: string | undefined }>;

/** @returns the exit code. */
export async function runDemo({ keep = false }: { readonly keep?: boolean }, host: Host): Promise<number> {
  const repository = makeTemporaryFolder('model-mirror-demo-');
  const style = host.style(1);
  const say: Say = (...lines) =>
    host.write(
      1,
      lines.map((line) => `${line}\n`),
    );
  say(
    `A mirrored rollout, commit by commit, in ${repository}.`,
    style(
      'dim',
      'No cluster is needed: the demo itself plays the watcher and writes status.yaml, as it would after a look',
    ),
    style(
      'dim',
      'at the cluster. All else is real: the commits, and what the plugin renders of each for Argo CD to apply.',
    ),
  );
  try {
    await initRepository(repository);
    let before = render(repository, true);
    for (const [i, step] of steps.entries()) {
      writeFiles(repository, toFiles(step, before));
      const id = await commitAll(repository, step.message, toAuthor(step));
      const after = render(repository, step.model === undefined);
      if (hasErrors(after.problems)) {
        say(toProblemText(after.problems));
        return exitCodes.bug;
      }
      say(
        '',
        style('bold', `${i + 1}. ${step.title}`),
        style('dim', `   commit ${id.slice(0, 7)} by ${toAuthor(step).name}: ${step.message}`),
      );
      if (step.model === undefined) {
        const refused = render(repository, false);
        say('   Without a model the plugin renders nothing unless told so, since Argo CD would remove everything:');
        for (const line of toProblemText(refused.problems).trimEnd().split('\n')) say(style('dim', `     ${line}`));
        say('   With the parameter allowEmpty:');
      }
      for (const line of describeChanges(before.rollouts, after.rollouts)) say(`   ${style('cyan', line)}`);
      for (const change of toChanges(before, after)) showChange(change, say, style);
      before = after;
    }
    say(
      '',
      keep
        ? `The repository is still there: git -C ${repository} log -p`
        : 'Done. With --keep the repository stays for a look.',
    );
    return exitCodes.fine;
  } finally {
    if (!keep) removeFolder(repository);
  }
}

function render(repository: string, allowEmpty: boolean): Rendered {
  const tree = openFolderTree({ repository, repositoryPath: '.', folder: repository, root: repository });
  return renderApplication(tree, { allowEmpty }, (manifest: Manifest) => ({
    text: toYamlText(manifest),
    digest: manifest.metadata.annotations?.[digestAnnotation],
  }));
}

/** The files that a step changes; undefined removes one. */
function toFiles(step: Step, before: Rendered): Record<string, string | undefined> {
  const { model, mirrorPercentage, observed } = step;
  const gone = model === undefined;
  return {
    [`${modelFolder}/model.yaml`]: gone ? undefined : toModelText(model),
    ...(gone || mirrorPercentage !== undefined
      ? { [`${modelFolder}/policy.yaml`]: mirrorPercentage === undefined ? undefined : toPolicyText(mirrorPercentage) }
      : {}),
    ...(gone || observed !== undefined
      ? { [`${modelFolder}/status.yaml`]: gone ? undefined : toObservedText(step, before) }
      : {}),
  };
}

/** What the watcher would write when the cluster runs what was rendered last. */
function toObservedText({ observed }: Step, before: Rendered): string {
  const state = before.rollouts[0];
  if (state === undefined) throw new Error('nothing is rendered that could be observed');
  const { name, namespace, primary, candidate } = state.rollout;
  const digestOf = (service: string) =>
    before.objects.find((object) => object.kind === 'InferenceService' && object.name === service)?.output.digest;
  return toStatusText({
    name,
    namespace,
    status: {
      primary: {
        name: primary.name,
        version: primary.declared.version,
        digest: digestOf(primary.name),
        state: 'Ready',
      },
      candidate: candidate && {
        name: candidate.name,
        version: candidate.declared.version,
        digest: digestOf(candidate.name),
        state: observed?.candidate ?? 'Missing',
        reason: observed?.reason,
      },
      mirror:
        candidate === undefined || state.mirror.percentage === 0
          ? undefined
          : { to: candidate.name, percentage: state.mirror.percentage },
    },
  });
}

function toAuthor(step: Step): { name: string; email: string } {
  return step.observed === undefined
    ? { name: 'Ada', email: 'ada@example.com' }
    : { name: 'model-mirror watcher (played by the demo)', email: 'watcher@example.com' };
}

function toChanges(before: Rendered, after: Rendered): ManifestChange[] {
  const printed = ({ objects }: Rendered) => objects.map((object) => ({ ...object, output: object.output.text }));
  return computeManifestChanges(printed(before), printed(after));
}

function showChange({ change, kind, namespace, name, lines }: ManifestChange, say: Say, style: Style): void {
  const title = style('bold', `${kind} ${namespace}/${name}`);
  // Of an object that is gone, every line is: its name says as much.
  if (change === 'removed') say(`   ${title} removed, all ${lines.length} lines`);
  else say(`   ${title} ${change}`, ...lines.map((line) => toDiffLine(line, style)));
}

function toDiffLine({ sign, text }: ManifestChange['lines'][number], style: Style): string {
  return style(sign === '+' ? 'green' : 'red', `     ${sign} ${text}`);
}
