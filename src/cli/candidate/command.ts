import type { Command } from 'commander';
import type { CandidateFlags } from '../edit/flags.ts';
import { addEditFlags } from '../edit/flags.ts';
import type { Host } from '../host.ts';

export function addCandidate(program: Command, host: Host, finish: (code: number) => void): void {
  // Or `--version` would be the program's own.
  program.enablePositionalOptions();
  const candidate = program
    .command('candidate')
    .description('edit the candidate of a model')
    .addHelpText('after', example);
  addEditFlags(
    candidate
      .command('set <model>')
      .description('write a candidate into the model file, or change the one that is there')
      .option('--version <version>', 'what it is called; a new candidate needs one')
      .option('--storage-uri <uri>', 'where it is stored')
      .option('--storage-path <path>', 'where it is in the storage that the model file names')
      .option('--name <name>', "its InferenceService's name; default: the model's name and -1")
      .option('--no-overrides', 'remove its overrides; without this they stay'),
  )
    .addHelpText('after', example)
    .action(async (model: string, flags: CandidateFlags) =>
      finish(await (await import('./run.ts')).runCandidateSet(model, flags, host)),
    );
}

const example = `
Example: try a new version, on a branch for a pull request
  $ model-mirror candidate set wisdom --version v3 --storage-uri s3://models/wisdom-v3 --branch try-v3`;
