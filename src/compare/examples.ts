/** The last disagreements of each model, for people who look for the cause: where, and by how much, never what. */
import type { Agreement } from './answers/agreement.ts';
import type { Target } from './target.ts';

const kept = 20;

export type Disagreement = Agreement & { readonly agrees: false };

export interface Example extends Omit<Disagreement, 'agrees'> {
  readonly namespace: string;
  readonly model: string;
  readonly primary: string;
  readonly candidate: string;
  /** When it was counted, in seconds since 1970. */
  readonly at: number;
}

export class Examples {
  /** By namespace and model. */
  readonly #byModel = new Map<string, Example[]>();

  add({ namespace, model, task: { subject } }: Target, { agrees: _, ...disagreement }: Disagreement, at: number): void {
    const key = `${namespace}/${model}`;
    const known = this.#byModel.get(key) ?? [];
    if (known.length === 0) this.#byModel.set(key, known);
    known.push({
      namespace,
      model,
      primary: subject.primary.name,
      candidate: subject.candidate.name,
      at,
      ...disagreement,
    });
    if (known.length > kept) known.shift();
  }

  forget(key: string): void {
    this.#byModel.delete(key);
  }

  get all(): readonly Example[] {
    return [...this.#byModel.values()].flat();
  }
}
