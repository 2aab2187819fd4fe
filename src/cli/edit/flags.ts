import type { Command } from 'commander';
import { addFileFlags } from '../flags/model-flags.ts';
import type { PlaceFlags } from '../flags/places.ts';

/** The flags of every command that edits a model, by their names. */
export interface EditFlags extends PlaceFlags {
  readonly path: string;
  readonly cluster?: string;
  readonly dryRun?: boolean;
  readonly commit?: boolean;
  readonly branch?: string;
  readonly push?: boolean;
}

export interface CandidateFlags extends EditFlags {
  readonly version?: string;
  readonly storageUri?: string;
  readonly storagePath?: string;
  readonly name?: string;
  /** False: they are removed. */
  readonly overrides: boolean;
}

export interface MirrorFlags extends EditFlags {
  readonly here?: boolean;
  readonly at?: string;
}

/** It always commits and pushes. */
export interface BrakeFlags extends Omit<EditFlags, 'commit' | 'push'> {
  readonly at?: string;
}

export interface PromoteFlags extends EditFlags {
  readonly force?: boolean;
}

export function addEditFlags(command: Command): Command {
  command
    .option('--dry-run', 'show what would change, and write nothing')
    .option('--commit', 'commit the edited file, and nothing else')
    .option('--branch <name>', 'commit it on a new branch, which stays checked out')
    .option('--push', 'with --commit or --branch: also push the commit');
  return addPlaceFlags(command);
}

/** Where the model is. */
export function addPlaceFlags(command: Command): Command {
  return addFileFlags(command.option('--path <folder>', 'look for the model in this folder and below', '.'));
}
