/** Repositories with many models, made by git fast-import. */
import { spawnSync } from 'node:child_process';

/** Makes a bare repository, or adds to it. @throws Error with what git says. */
export function importInto(folder: string, stream: readonly Uint8Array[]): void {
  for (const [words, input] of [
    [['init', '--quiet', '--bare', '--initial-branch', 'main', folder]],
    [['-C', folder, 'fast-import', '--quiet'], Buffer.concat(stream)],
  ] as const) {
    const { status, stderr } = spawnSync('git', words, { input: input ?? '', encoding: 'utf8' });
    if (status !== 0) throw new Error(`git ${words.join(' ')}: ${stderr}`);
  }
}

/** The input of git fast-import for one commit. @param from what it follows; absent: the one before it in the stream. */
export function toCommit(files: Iterable<readonly [string, Uint8Array]>, number = 1, from?: string): Uint8Array[] {
  const follows = from === undefined ? '' : `from ${from}\n`;
  const head = `commit refs/heads/main\ncommitter Ada <ada@example.com> ${1_600_000_000 + number} +0000\ndata 4\nedit\n${follows}`;
  const parts: Uint8Array[] = [Buffer.from(head)];
  for (const [path, content] of files)
    parts.push(Buffer.from(`M 100644 inline ${path}\ndata ${content.length}\n`), content, Buffer.from('\n'));
  return parts;
}

/** Each with a status file and a policy. */
export function* listModels(count: number): Iterable<readonly [string, Buffer]> {
  const head = 'apiVersion: model-mirror.dev/v1alpha1\n';
  for (let i = 0; i < count; i++) {
    const name = `model-${String(i).padStart(5, '0')}`;
    const model = `${head}kind: Model\nmetadata: {name: ${name}}\nspec:\n  primary: {version: v1, storageUri: s3://models/${name}/v1}\n`;
    const status = `# Written by model-mirror watch. Do not edit.\n${head}kind: ModelStatus\nstatus:\n  primary: {version: v1, state: Ready, since: ${i}}\n`;
    yield [`models/${name}/model.yaml`, Buffer.from(model)];
    yield [`models/${name}/status.yaml`, Buffer.from(status)];
    yield toPolicy(i, i % 100);
  }
}

/** Of one of these models. */
export function toPolicy(model: number, percentage: number): readonly [string, Buffer] {
  const name = `model-${String(model).padStart(5, '0')}`;
  const text = `apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: ${name}}\nspec: {mirrorPercentage: ${percentage}, gate: None}\n`;
  return [`models/${name}/policy.yaml`, Buffer.from(text)];
}
