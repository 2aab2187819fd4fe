/** Findings on the mirror path, for people and for programs. */

import type { Problem } from '../core/diagnostics/problem.ts';
import { mask } from '../core/diagnostics/safe-text.ts';
import type {
  DiagnosedModel,
  Diagnosis,
  DiagnosisSeverity,
  StatisticsRequest,
  Subject,
} from '../core/routing/examination.ts';
import { toJsonText } from './masked-texts.ts';
import type { Style } from './style.ts';

export interface DoctorResult {
  readonly diagnoses: readonly Diagnosis[];
  readonly models: readonly DiagnosedModel[];
  /** Undefined: the cluster was not examined. */
  readonly counted: readonly Pick<StatisticsRequest, 'namespace' | 'pod'>[] | undefined;
  readonly problems: readonly Problem[];
}

const colours = { error: 'red', warning: 'yellow', note: 'cyan' } as const;
/** More are counted. */
const maxModels = 5;

export function toDoctorText(
  { diagnoses, models, counted }: DoctorResult,
  { toPath, style }: { readonly toPath: (file: string) => string; readonly style: Style },
): string {
  if (models.length === 0) return '';
  const findings = diagnoses.map((one) => {
    const { severity, subject, code, reason, cure } = one;
    const place = subject.code === 'field' ? `${toPath(subject.place.file)}:${subject.place.line}: ` : '';
    const lines = [
      `${place}${style(colours[severity], `${severity}:`)} ${reason} ${style('dim', `[${code}]`)}`,
      `    ${cure}`,
      ...(one.models.length < models.length ? [`    concerns ${toModelsText(one.models)}`] : []),
    ];
    return `${lines.join('\n')}\n`;
  });
  return [
    ...findings,
    `${toCountText(diagnoses, models.length)}\n`,
    ...toUnexamined(counted).map((text) => `${style('dim', text)}\n`),
  ].join('');
}

function toModelsText(models: readonly DiagnosedModel[]): string {
  const shown = models.slice(0, maxModels).map(({ namespace, name }) => mask(`${name} in ${namespace}`));
  const more = models.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function toCountText(diagnoses: readonly Diagnosis[], models: number): string {
  const of = `${models} ${models === 1 ? 'model' : 'models'}`;
  if (diagnoses.length === 0) return `No findings for ${of}.`;
  const count = (severity: DiagnosisSeverity) => {
    const n = diagnoses.filter((one) => one.severity === severity).length;
    return n === 0 ? [] : [`${n} ${severity}${n === 1 ? '' : 's'}`];
  };
  return `${[...count('error'), ...count('warning'), ...count('note')].join(', ')} for ${of}`;
}

function toUnexamined(counted: DoctorResult['counted']): string[] {
  if (counted === undefined) return ['Only files were checked; add --live to check the mirror gateway in the cluster.'];
  return ['Statistics of sidecars were not read: copies that they lose show in Prometheus only.'];
}

export function toDoctorJson({ diagnoses, models, counted, problems }: DoctorResult): string {
  const all = {
    findings: diagnoses.map(({ subject, ...diagnosis }) => ({ ...diagnosis, subject: toSubjectJson(subject) })),
    models,
    cluster: counted === undefined ? null : { statistics: counted },
    problems,
  };
  return toJsonText(all);
}

function toSubjectJson(subject: Subject): object {
  if (subject.code === 'field') return { field: subject.field, ...subject.place };
  return { kind: subject.kind, namespace: subject.namespace ?? null, name: subject.name ?? null };
}
