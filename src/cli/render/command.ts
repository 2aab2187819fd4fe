import { resolve } from 'node:path';
import type { Command } from 'commander';
import { Option } from 'commander';
import { exitCodes } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { hasErrors, sortProblems } from '../../core/diagnostics/problem.ts';
import { mask } from '../../core/diagnostics/safe-text.ts';
import type { Manifest } from '../../core/manifests/manifest.ts';
import { toJsonText, toYamlText } from '../../core/manifests/manifest-text.ts';
import type { RenderedApplication, RenderOptions } from '../../core/render/application.ts';
import { renderApplication } from '../../core/render/application.ts';
import { openFolderTree } from '../../io/files/folder-tree.ts';
import { toOutputName, writeOutputFolder } from '../../io/files/output-folder.ts';
import { readArgocdEnvironment } from '../../io/process/argocd-environment.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import { toNamespace } from '../flags/namespace-name.ts';
import type { PlaceFlags } from '../flags/places.ts';
import { toPlaces } from '../flags/places.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';

export interface InputFlags extends PlaceFlags {
  readonly namespace?: string;
  readonly cluster?: string;
  readonly allowEmpty?: boolean;
}

interface RenderFlags extends InputFlags {
  readonly output: 'yaml' | 'json';
  readonly outputDir?: string;
  readonly assumeReady?: boolean;
  readonly select?: string;
}

/** The flags of every command that reads models. */
export function addInputFlags(command: Command): Command {
  return command
    .option('--namespace <name>', "for models that name none; in Argo CD the Application's destination")
    .option('--cluster <name>', 'read status.<name>.yaml in place of status.yaml')
    .option('--root <folder>', "the outermost folder whose policies count; default: the repository's root")
    .option('--repo-root <folder>', "the repository's root; default: the nearest folder with a .git")
    .option('--allow-empty', 'no model at all is no problem: the clean-up');
}

export function addRender(program: Command, host: Host, finish: (code: number) => void): void {
  addInputFlags(program.command('render [dir]').description('print the objects of all models below a folder'))
    .addOption(
      new Option('-o, --output <format>', 'one YAML stream, or one object a line')
        .choices(['yaml', 'json'])
        .default('yaml'),
    )
    .option('--output-dir <folder>', 'write one file per object there; files of objects that are gone are removed')
    .option('--assume-ready', 'preview: render as if every candidate were ready')
    .option('--select <model>', 'only the objects of this model, and its Gateways')
    .addHelpText(
      'after',
      `
Example: what would be applied once the candidate is ready
  $ model-mirror render models/wisdom --assume-ready`,
    )
    .action((directory: string | undefined, flags: RenderFlags) => finish(runRender(directory ?? '.', flags, host)));
}

function runRender(directory: string, flags: RenderFlags, host: Host): number {
  const print = flags.output === 'json' ? toJsonText : toYamlText;
  const { application, toPath } = readApplication(directory, flags, host, flags, print);
  showProblems(application.problems, host, 2, toPath);
  if (hasErrors(application.problems)) return exitCodes.problems;
  const lines = application.objects.map(({ output }) => output);
  if (flags.outputDir !== undefined) {
    const files = application.objects.map(({ kind, namespace, name, output }) => ({
      name: toOutputName(kind, namespace, name, flags.output),
      text: flags.output === 'json' ? `${output}\n` : output,
    }));
    const { written, removed } = writeOutputFolder(
      resolve(host.workingDirectory, flags.outputDir),
      files,
      flags.select === undefined,
    );
    const unchanged = files.length - written.length;
    host.write(2, [
      `${mask(flags.outputDir)}: ${written.length} written, ${unchanged} unchanged, ${removed.length} removed\n`,
    ]);
    return exitCodes.fine;
  }
  host.write(1, flags.output === 'json' ? withEnds(lines, '\n') : withSeparators(lines, '---\n'));
  return exitCodes.fine;
}

/** Reads what the flags and Argo CD's environment name, and renders it. The flags win. */
export function readApplication<T>(
  directory: string,
  flags: InputFlags,
  host: Host,
  options: RenderOptions,
  print: (manifest: Manifest) => T,
): { application: RenderedApplication<T>; toPath: (file: string) => string } {
  const argocd = readArgocdEnvironment(host.environment);
  const cluster = toClusterName(flags.cluster ?? argocd.cluster);
  const namespace = toNamespace(flags.namespace || argocd.namespace);
  const places = toPlaces(host, argocd, directory, flags);
  const application = renderApplication(
    openFolderTree(places),
    {
      ...options,
      namespace,
      cluster,
      assumeReady: options.assumeReady === true || argocd.assumeReady,
      allowEmpty: flags.allowEmpty === true || argocd.allowEmpty,
    },
    print,
  );
  const outer: readonly Problem[] = [...places.problems, ...argocd.problems];
  const problems = sortProblems([...outer, ...application.problems]);
  return {
    application: { ...application, problems, objects: hasErrors(problems) ? [] : application.objects },
    toPath: argocd.sourcePath === undefined ? places.toShownPath : mask,
  };
}

function* withEnds(texts: readonly string[], end: string): Iterable<string> {
  for (const text of texts) yield text + end;
}

function* withSeparators(texts: readonly string[], separator: string): Iterable<string> {
  for (const [i, text] of texts.entries()) yield i === 0 ? text : separator + text;
}
