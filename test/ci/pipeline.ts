/** Runs the jobs of a GitLab CI template as a runner does: the same scripts, in one shell a job. */
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { runScript } from './action.ts';

interface Spec {
  readonly spec: { readonly inputs: Readonly<Record<string, { readonly default?: string }>> };
}

export interface PipelineJob {
  readonly extends?: string;
  readonly image: string;
  readonly rules: readonly { readonly if: string }[];
  readonly variables: Readonly<Record<string, string>>;
  readonly before_script: readonly string[];
  readonly script: readonly string[];
  readonly resource_group?: string;
  readonly artifacts?: { readonly when: string; readonly reports: Readonly<Record<string, string>> };
}

export interface Template {
  /** As the file has it. */
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  /** Those that are run, with what they extend, by name. */
  readonly jobs: Readonly<Record<string, PipelineJob>>;
}

/** @param given the inputs of the include; the others have their defaults. */
export function readTemplate(file: string, given: Readonly<Record<string, string>> = {}): Template {
  const text = readFileSync(file, 'utf8');
  const { inputs } = (parseAllDocuments(text)[0]?.toJS() as Spec).spec;
  const filled = text.replaceAll(/\$\[\[ inputs\.(\w+) \]\]/g, (_, name: string) => {
    const input = inputs[name];
    if (input === undefined) throw new Error(`there is no input ${name}`);
    return given[name] ?? input.default ?? '';
  });
  const all = parseAllDocuments(filled)[1]?.toJS() as Readonly<Record<string, PipelineJob>>;
  const jobs = Object.entries(all)
    .filter(([name]) => !name.startsWith('.'))
    .map(([name, job]) => [name, { ...all[job.extends ?? ''], ...job }] as const);
  return { inputs, jobs: Object.fromEntries(jobs) };
}

/** @param environment of the runner and the project; wins over the job's variables, as a project's do. */
export function runJob(job: PipelineJob, checkout: string, environment: Readonly<Record<string, string>>) {
  const script = [...job.before_script, ...job.script].join('\n');
  return runScript(script, checkout, { ...job.variables, ...environment });
}
