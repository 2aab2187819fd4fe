import type { Command } from 'commander';
import { Option } from 'commander';
import type { Host } from '../host.ts';
import type { WatchFlags } from './flags.ts';
import { notifyFormats } from './flags.ts';

export function addWatch(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('watch')
    .summary('commit what the cluster shows')
    .description('observe the cluster, and commit its state to the status files')
    .option(
      '--repo <url>',
      'the repository: https://…, ssh://… or git@host:path; file://… to try things out (MODEL_MIRROR_REPO)',
    )
    .option('--branch <name>', 'the branch that Argo CD deploys; default: main (MODEL_MIRROR_BRANCH)')
    .option(
      '--source-branch <name>',
      'the branch that people push to, which is then carried to --branch, that Argo CD deploys (MODEL_MIRROR_SOURCE_BRANCH)',
    )
    .option('--path <folder>', 'only models below this folder of the repository (MODEL_MIRROR_PATH)')
    .option('--cluster <name>', 'write status.<name>.yaml instead of status.yaml (MODEL_MIRROR_CLUSTER)')
    .option('--namespace <name...>', 'only these namespaces; default: all (MODEL_MIRROR_NAMESPACES)')
    .option(
      '--git-credentials <place>',
      'a file with a token, or a folder with token; username and password; bearer-token; or app-id, installation-id and ' +
        'private-key of a GitHub App; for SSH, a private key, or a folder with ssh-privatekey; read again each time. ' +
        'Default: MODEL_MIRROR_GIT_TOKEN, MODEL_MIRROR_GIT_USERNAME and MODEL_MIRROR_GIT_PASSWORD, or MODEL_MIRROR_GIT_BEARER_TOKEN',
    )
    .option(
      '--signing-key <place>',
      'sign commits with this SSH key: a file, or a folder with ssh-privatekey; read again each time (MODEL_MIRROR_SIGNING_KEY)',
    )
    .option(
      '--known-hosts <file>',
      'for SSH, the keys of the git server, as ssh-keyscan writes them. Default: known_hosts in the folder of ' +
        '--git-credentials (MODEL_MIRROR_KNOWN_HOSTS)',
    )
    .option('--kubeconfig <file>', "default: KUBECONFIG, ~/.kube/config, or the Pod's service account")
    .option('--context <name>', 'the context of the kubeconfig')
    .option('--settle <duration>', 'how long a change for the worse must last before it is committed', '5s')
    .option('--batch-window <duration>', 'how long to collect changes into one commit', '500ms')
    .option(
      '--git-interval <duration>',
      'how often to look at the branches when nothing happens; default: 30s, and 5s with --source-branch',
    )
    .option(
      '--max-fetch <size>',
      'the most that one fetch of the branch may keep in memory, for example 100Mi; default: what fits',
    )
    .option(
      '--watch-timeout <duration>',
      'how long one watch of the API lasts; one that is silent for half as long again is restarted',
      '30s',
    )
    .option('--page', 'also write STATUS.md at the path, for people')
    .option('--author <person>', 'the author of the commits', 'model-mirror watcher <watcher@model-mirror.dev>')
    .option('--committer <person>', 'default: the author')
    .option('--message-suffix <text>', 'append to the subject, for example "[skip ci]"')
    .option('--sign-off', "add the author's Signed-off-by")
    .option('--argocd-refresh', 'request a refresh from Argo CD after each push, also those of others')
    .option('--argocd-namespace <name>', 'the namespace of its Applications', 'argocd')
    .option(
      '--argocd-instance-label <key>',
      'application.instanceLabelKey of argocd-cm, if Argo CD tracks by label',
      'app.kubernetes.io/instance',
    )
    .option(
      '--comparer <host:port...>',
      'the headless Services of the comparer; default: model-mirror-comparer-blocks.model-mirror.svc:8081, which is asked only while a candidate is judged (MODEL_MIRROR_COMPARER)',
    )
    .option(
      '--listen <address>',
      'serve pages of all models for people, /healthz, /readyz, /metrics and /analysis there, for example 0.0.0.0:8080',
    )
    .option(
      '--notify-url <url>',
      'post each change there as JSON, once it is in git; better as MODEL_MIRROR_NOTIFY_URL, as such addresses often hold a secret',
    )
    .addOption(
      new Option(
        '--notify-format <form>',
        'what is posted: all fields, or what Slack takes (MODEL_MIRROR_NOTIFY_FORMAT)',
      )
        .choices(notifyFormats)
        .default(undefined, 'json'),
    )
    .option(
      '--pages-url <url>',
      'where people find the pages of --listen, for links in what is posted (MODEL_MIRROR_PAGES_URL)',
    )
    .option('--once', 'observe, judge by what replicas of the comparer have counted so far, commit if needed, and exit')
    .addOption(new Option('--log <form>', 'default: text on a terminal').choices(['json', 'text']))
    .addHelpText(
      'after',
      `
Two watchers on one branch do no harm: they write the same bytes, and a push never overwrites.

Example: commit the current state of the cluster to a repository on this machine
  $ model-mirror watch --once --repo file://$PWD/deployments.git`,
    )
    .action(async (flags: WatchFlags) => finish(await (await import('./run.ts')).runWatch(flags, host)));
}
