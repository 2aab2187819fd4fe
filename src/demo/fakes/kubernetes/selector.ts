import { toBadRequest } from './refusal.ts';

export type Labels = Readonly<Record<string, string>>;
export type LabelTest = (labels: Labels | undefined) => boolean;

const requirement = /^(!?)\s*([A-Za-z0-9][\w./-]*)\s*(?:(!=|==?)\s*([\w.-]*))?$/;

/**
 * The test that a label selector is: `a=b`, `a==b`, `a!=b`, `a` and `!a`, joined by commas. As in
 * Kubernetes, `a!=b` holds without the label too.
 *
 * @throws Refusal for what is no such selector; sets (`a in (b, c)`) are not known here.
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
