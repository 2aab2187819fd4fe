/** Completion in real shells: bash, zsh and fish, each with the script that is printed for it. One line per check. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { checkThat, endChecks } from '../checks.ts';

const root = join(import.meta.dirname, '../..');

/** For each shell, the command that completes the words, the last of which is unfinished. */
const shells: Readonly<Record<string, (words: readonly string[]) => string>> = {
  bash: (words) => `source <(model-mirror completion bash)
    COMP_WORDS=(${words.map(toWord).join(' ')}); COMP_CWORD=${words.length - 1}
    _model_mirror; printf '%s\\n' "\${COMPREPLY[@]}"`,
  // Its own functions for completion work in an interactive shell only: these print what they are given.
  zsh: (words) => `compdef() { }; _files() { }
    _describe() { local one; for one in "\${(@P)2}"; do print -r -- "\${one%%:*}"; done }
    source <(model-mirror completion zsh)
    words=(${words.map(toWord).join(' ')}); CURRENT=${words.length}; PREFIX=${toWord(words.at(-1) ?? '')}
    _model_mirror | while read -r one; do [[ $one == $PREFIX* ]] && print -r -- $one; done`,
  fish: (words) => `model-mirror completion fish | source
    complete -C ${toWord(words.join(' '))} | string replace -r '\\t.*' ''`,
};

interface Expectation {
  readonly words: readonly string[];
  /** All of them must be offered. */
  readonly offered: readonly string[];
  /** And none of these. */
  readonly not: readonly string[];
}

const expectations: readonly Expectation[] = [
  {
    words: ['model-mirror', ''],
    offered: ['render', 'mirror', 'brake', 'rollback', 'candidate', 'watch'],
    not: ['set', 'wisdom'],
  },
  { words: ['model-mirror', 'pro'], offered: ['promote'], not: ['render'] },
  { words: ['model-mirror', 'candidate', ''], offered: ['set'], not: ['render', 'mirror'] },
  { words: ['model-mirror', 'mirror', ''], offered: ['folly', 'wisdom'], not: ['render'] },
  { words: ['model-mirror', 'candidate', 'set', 'wis'], offered: ['wisdom'], not: ['folly'] },
  { words: ['model-mirror', 'promote', '--for'], offered: ['--force'], not: ['--here'] },
  { words: ['model-mirror', 'validate', '--output', ''], offered: ['json', 'github'], not: ['yaml', 'wisdom'] },
  { words: ['model-mirror', 'schema', ''], offered: ['Model', 'MirrorPolicy'], not: ['wisdom'] },
];

const folder = mkdtempSync(join(tmpdir(), 'model-mirror-completion-'));
try {
  const program = join(folder, 'model-mirror');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${root}/dist/model-mirror.cjs' "$@"\n`);
  chmodSync(program, 0o755);
  const model = join(root, 'fixtures/edit/discard/input/models/wisdom/model.yaml');
  cpSync(model, join(folder, 'wisdom/model.yaml'));
  writeFileSync(join(folder, 'folly.model.yaml'), toFolly());
  for (const [shell, toScript] of Object.entries(shells))
    for (const { words, offered, not } of expectations)
      await checkThat(`${shell}: ${words.join(' ')}`, () => {
        const { stdout, stderr, error } = spawnSync(shell, ['-c', toScript(words)], {
          cwd: folder,
          encoding: 'utf8',
          env: { PATH: [folder, process.env['PATH']].join(delimiter), HOME: folder },
        });
        const found = (stdout ?? '').split('\n').map((line) => line.trim());
        const troubles = [
          ...(error === undefined ? [] : [error.message]),
          ...offered.filter((word) => !found.includes(word)).map((word) => `${word} is not offered`),
          ...not.filter((word) => found.includes(word)).map((word) => `${word} is offered`),
        ];
        return troubles.length === 0 ? [] : [...troubles, stderr ?? ''];
      });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
endChecks();

function toFolly(): string {
  return `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata: {name: folly, namespace: models}
spec:
  template:
    metadata: {annotations: {serving.kserve.io/deploymentMode: ModelMesh}}
    spec: {predictor: {model: {modelFormat: {name: sklearn}}}}
  primary: {version: v1, storageUri: "s3://models/folly"}
`;
}

function toWord(text: string): string {
  return `'${text}'`;
}
