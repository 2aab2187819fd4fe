/** Reads a page in Prometheus' text format (version 0.0.4), strictly: what does not fit it is an error. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const line = /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)$/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"/g;

export function readPage(text: string): readonly Sample[] {
  return text
    .split('\n')
    .filter((one) => one !== '' && !one.startsWith('#'))
    .map((one) => {
      const [, name, labels = '', value = ''] = line.exec(one) ?? [];
      if (name === undefined) throw new Error(`no sample: ${JSON.stringify(one)}`);
      const read = [...labels.matchAll(label)].map(([, key = '', escaped = '']) => [key, toPlain(escaped)]);
      return { name, labels: Object.fromEntries(read), value: Number(value) };
    });
}

function toPlain(text: string): string {
  return text.replace(/\\(["\\n])/g, (_, one) => (one === 'n' ? '\n' : one));
}

/** The samples of one metric: labels as `key=value` in alphabetical order, and the value. */
export function samplesOf(page: readonly Sample[], name: string): Record<string, number> {
  return Object.fromEntries(
    page
      .filter((sample) => sample.name === name)
      .map(({ labels, value }) => [
        Object.entries(labels)
          .map(([key, text]) => `${key}=${text}`)
          .sort()
          .join(' '),
        value,
      ]),
  );
}
