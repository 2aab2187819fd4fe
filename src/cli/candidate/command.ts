import type { Command } from 'commander';
import type { CandidateFlags } from '../edit/flags.ts';
import { addEditFlags } from '../edit/flags.ts';
import type { Host } from '../host.ts';

export function addCandidate(program: Command, host: Host, finish: (code: number) => void): void {
  // Otherwise `--version` would be the program's own.
  program.enablePositionalOptions();
  const candidate = program
    .command('candidate')
    .summary('set the candidate, as in candidate set <model>')
    .description('edit the candidate of a model')
    .addHelpText('after', example);
  addEditFlags(
    candidate
      .command('set <model>')
      .description('add a candidate to the model file, or change the existing one')
      .option('--version <version>', 'the name of the version; required for a new candidate')
      .option('--storage-uri <uri>', 'where the version is stored')
      .option('--storage-path <path>', 'its path in the storage that the model file names')
      .option('--name <name>', "the name of its InferenceService; default: the model's name and -1")
      .option('--no-overrides', 'remove its overrides; default: keep them'),
  )
    .addHelpText('after', example)
    .action(async (model: string, flags: CandidateFlags) =>
      finish(await (await import('./run.ts')).runCandidateSet(model, flags, host)),
    );
}

const example = `
Example: try a new version, on a branch for a pull request
  $ model-mirror candidate set wisdom --version v3 --storage-uri s3://models/wisdom-v3 --branch try-v3`;
