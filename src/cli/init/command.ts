import type { Command } from 'commander';
import { autoMode } from '../../commands/init/answers.ts';
import { defaultMode, modeNames } from '../../core/serving/modes.ts';
import type { Host } from '../host.ts';
import type { InitFlags } from './flags.ts';

export function addInit(program: Command, host: Host, finish: (code: number) => void): void {
  // Otherwise `--version` would be the program's own.
  program.enablePositionalOptions();
  program
    .command('init [name]')
    .summary('write the files of a model')
    .description('write the files of a new model, or of one that is already in the cluster; asks for missing values')
    .option('--namespace <name>', "the namespace of its objects; default: the Application's destination namespace")
    .option(
      '--mode <mode>',
      `how KServe runs it: ${modeNames.join(' or ')}, or ${autoMode} for what its namespace in the cluster shows; default: ${defaultMode.name}, or the mode of what is taken over`,
    )
    .option('--version <version>', 'the name of the first version (default: "v1")')
    .option('--storage-uri <uri>', 'where the first version is stored, as in s3://models/wisdom-v1')
    .option('--storage-key <name>', 'or: the entry of the Secret storage-config that names the storage')
    .option('--storage-path <path>', 'with --storage-key: the path in that storage')
    .option('--format <name>', 'its modelFormat, such as sklearn or onnx')
    .option('--service-account <name>', 'in Standard mode: the ServiceAccount with whose Secrets it is read')
    .option('--secret-key <name>', 'in ModelMesh: the entry of the Secret storage-config with which it is read')
    .option(
      '--protocol <list>',
      'how clients call it, as in rest or grpc,rest; default: grpc for ModelMesh, rest for Standard',
    )
    .option('--resources <list>', 'in Standard mode: what a Pod needs, as in cpu=1,memory=2Gi,gpu=1')
    .option('--percentage <percent>', 'the share of requests that is mirrored to a candidate (default: 100)')
    .option('--from <file>', 'take over the InferenceService in this file; "-": standard input')
    .option(
      '--from-cluster <namespace/name>',
      'take over this InferenceService of the cluster; the cluster is only read',
    )
    .option('--from-iter8 <values>', "take name, namespace and percentage from the values of Iter8's chart")
    .option('--kubeconfig <file>', 'for the cluster: the kubeconfig; default: KUBECONFIG, ~/.kube/config')
    .option('--context <name>', 'for the cluster: the context of the kubeconfig')
    .option(
      '--dir <folder>',
      'write the files there; default: models/<name> if there is a folder models, otherwise <name>',
    )
    .option('-y, --yes', 'ask nothing: what was not passed has its default')
    .option('--dry-run', 'show what would be written, and write nothing')
    .option('--root <folder>', "the outermost folder whose policies count; default: the repository's root")
    .option('--repo-root <folder>', "the repository's root; default: the nearest folder with a .git")
    .addHelpText(
      'after',
      `
Example: a new model, and one that is already running
  $ model-mirror init wisdom --format sklearn --storage-uri s3://models/wisdom-v1
  $ model-mirror init --from-cluster models/wisdom`,
    )
    .action(async (name: string | undefined, flags: InitFlags) =>
      finish(await (await import('./run.ts')).runInit(name, flags, host)),
    );
}
