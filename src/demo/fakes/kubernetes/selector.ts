import { toBadRequest } from './refusal.ts';

export type Labels = Readonly<Record<string, string>>;
export type LabelTest = (labels: Labels | undefined) => boolean;

const requirement = /^(!?)\s*([A-Za-z0-9][\w./-]*)\s*(?:(!=|==?)\s*([\w.-]*))?$/;

/**
 * Parses a label selector: `a=b`, `a==b`, `a!=b`, `a` and `!a`, joined by commas. As in Kubernetes, objects without the
 * label match `a!=b`.
 *
 * @throws Refusal for other texts; sets (`a in (b, c)`) are not supported.
 */
export function parseSelector(text: string): LabelTest {
  if (text.trim() === '') return () => true;
  const tests = text.split(',').map((part): LabelTest => {
    const [all, not, key = '', operator, value = ''] = requirement.exec(part.trim()) ?? [];
    if (all === undefined || (not === '!' && operator !== undefined))
      throw toBadRequest(`unable to parse requirement: ${part}`);
    if (operator === undefined) return (labels = {}) => Object.hasOwn(labels, key) === (not === '');
    return (labels = {}) => (labels[key] === value) === (operator !== '!=');
  });
  return (labels) => tests.every((test) => test(labels));
}
