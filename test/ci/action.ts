/** Runs the steps of a composite GitHub action as a runner does: the same scripts, shell and files. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

interface Step {
  readonly id: string;
  readonly if?: string;
  readonly shell: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly run: string;
}

export interface Action {
  readonly inputs: Readonly<
    Record<string, { readonly description: string; readonly required?: boolean; readonly default?: string }>
  >;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

export interface Job {
  readonly checkout: string;
  /** A new folder, for this run. */
  readonly temporary: string;
  readonly inputs: Readonly<Record<string, string>>;
  /** `github.token` */
  readonly token: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface JobOutcome {
  readonly succeeded: boolean;
  /** Of all steps, as the log has it. */
  readonly log: string;
  readonly summary: string;
  readonly outputs: Readonly<Record<string, string>>;
}

export function readAction(file: string): Action {
  return parse(readFileSync(file, 'utf8')) as Action;
}

export async function runAction({ inputs, outputs, runs }: Action, job: Job): Promise<JobOutcome> {
  mkdirSync(job.temporary, { recursive: true });
  const known: Record<string, string> = { 'github.token': job.token };
  for (const [name, { default: value = '' }] of Object.entries(inputs))
    known[`inputs.${name}`] = job.inputs[name] ?? evaluate(value, known);
  const summary = join(job.temporary, 'summary.md');
  writeFileSync(summary, '');
  let succeeded = true;
  let log = '';
  for (const step of runs.steps) {
    const isDue = step.if === undefined ? succeeded : isTrue(step.if, known);
    known[`steps.${step.id}.outcome`] = 'skipped';
    if (!isDue) continue;
    const file = join(job.temporary, `output-${step.id}`);
    writeFileSync(file, '');
    const own = Object.entries(step.env ?? {}).map(([name, value]) => [name, evaluate(value, known)] as const);
    const ended = await runScript(step.run, job.checkout, {
      ...job.environment,
      ...Object.fromEntries(own),
      RUNNER_TEMP: job.temporary,
      GITHUB_OUTPUT: file,
      GITHUB_STEP_SUMMARY: summary,
    });
    log += ended.log;
    succeeded &&= ended.code === 0;
    known[`steps.${step.id}.outcome`] = ended.code === 0 ? 'success' : 'failure';
    for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
      const [name = '', ...value] = line.split('=');
      known[`steps.${step.id}.outputs.${name}`] = value.join('=');
    }
  }
  const given = Object.entries(outputs).map(([name, { value }]) => [name, evaluate(value, known)] as const);
  return { succeeded, log, summary: readFileSync(summary, 'utf8'), outputs: Object.fromEntries(given) };
}

/** Bash with the options that GitHub gives it, and both streams in one log. */
export function runScript(
  script: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<{ code: number | null; log: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', script], { cwd, env });
    let log = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        log += chunk;
      });
    child.stdin.end();
    child.on('error', reject).on('close', (code) => resolve({ code, log }));
  });
}

/** What these files use of GitHub's expressions: a name, `!cancelled()`, `==`, `!=` and `&&`. */
function evaluate(text: string, known: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{\{ ([\w.-]+) \}\}/g, (_, name: string) => known[name] ?? '');
}

function isTrue(condition: string, known: Readonly<Record<string, string>>): boolean {
  const [, expression] = /^\$\{\{ (.*) \}\}$/.exec(condition) ?? [];
  if (expression === undefined) throw new Error(`no expression: ${condition}`);
  return expression.split(' && ').every((term) => {
    if (term === '!cancelled()') return true;
    const [, name = '', operator, value] = /^([\w.-]+) (==|!=) '(.*)'$/.exec(term) ?? [];
    if (operator === undefined) throw new Error(`unknown: ${term}`);
    return ((known[name] ?? '') === value) === (operator === '==');
  });
}
