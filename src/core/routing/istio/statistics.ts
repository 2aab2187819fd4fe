/**
 * Envoy's statistics in Prometheus' text format, as Istio's bootstrap names them
 * (tools/packaging/common/envoy_bootstrap.json): clusters, listeners and ports are labels.
 */

/** The port on which every proxy of Istio serves them. */
export const statisticsPort = 15_090;
export const statisticsPath = '/stats/prometheus';

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Counters {
  /** The sum of a metric's samples that have the labels; undefined: there are none. */
  readonly sum: (name: string, labels?: Readonly<Record<string, string>>) => number | undefined;
}

export function readCounters(text: string): Counters {
  const samples = text.split('\n').flatMap((line) => toSample(line) ?? []);
  return {
    sum: (name, labels = {}) => {
      const found = samples.filter(
        (sample) =>
          sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
      );
      return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
    },
  };
}

function toSample(line: string): Sample | undefined {
  const start = line.indexOf('{');
  const end = line.lastIndexOf('}');
  if (line.startsWith('#') || start < 0 || end < start) return undefined;
  const value = Number(line.slice(end + 1).trim());
  if (!Number.isFinite(value)) return undefined;
  const labels = Object.fromEntries(
    line
      .slice(start + 1, end - 1)
      .split('",')
      .map((label) => {
        const [name = '', text = ''] = label.split('="');
        return [name, text];
      }),
  );
  return { name: line.slice(0, start), labels, value };
}
