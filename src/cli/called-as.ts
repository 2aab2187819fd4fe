/** The names that people give the program. */

/**
 * kubectl runs `kubectl-a_b` on the PATH for `kubectl a_b` and `kubectl a-b` (Kubernetes, "Extend kubectl with plugins").
 *
 * @param file what was started, with or without its folder.
 * @returns undefined: `model-mirror`.
 */
export function toCalledAs(file: string): string | undefined {
  return /(?:^|[/\\])kubectl-model_mirror(?:\.exe)?$/.test(file) ? 'kubectl model_mirror' : undefined;
}

/** @param help with examples, whose lines begin with `$`. */
export function withName(help: string, name: string): string {
  return help.replaceAll(/^ *\$ .*$/gm, (line) => line.replaceAll('model-mirror ', `${name} `));
}
