import type { Command } from 'commander';
import type { PlaceFlags } from '../flags/places.ts';

export interface InputFlags extends PlaceFlags {
  readonly namespace?: string;
  readonly cluster?: string;
  readonly allowEmpty?: boolean;
}

export interface RenderFlags extends InputFlags {
  readonly output: 'yaml' | 'json';
  readonly outputDir?: string;
  readonly assumeReady?: boolean;
  readonly select?: string;
  readonly watcherUrl?: string;
}

/** Flags of `render` and `validate`. */
export function addInputFlags(command: Command): Command {
  return command
    .option('--namespace <name>', "for models that name none; in Argo CD the Application's destination")
    .option('--cluster <name>', 'read status.<name>.yaml instead of status.yaml')
    .option('--root <folder>', "the outermost folder whose policies count; default: the repository's root")
    .option('--repo-root <folder>', "the repository's root; default: the nearest folder with a .git")
    .option('--allow-empty', 'accept a folder without any model, as when the last one is removed');
}
