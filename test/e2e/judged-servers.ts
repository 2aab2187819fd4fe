/**
 * Candidates on real model servers: MLServer, KServe's own, and a model of one's own on its SDK where a fault must be made.
 * What each becomes, and after about how many samples, follows from the tables of docs/how-it-judges.md.
 */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { putFlowers, train } from './model-servers.ts';
import type { ModelStore } from './model-store.ts';
import { scratch } from './sandbox.ts';
import type { JudgedCandidate } from './standard-judged.ts';
import type { Predictions, StandardOptions } from './standard-models.ts';

const sklearn = { modelFormat: { name: 'sklearn' } };
const onMlServer = { model: { ...sklearn, protocolVersion: 'v2' } };
const onKServe = { model: sklearn };
const onOwn = { model: { ...sklearn, image: 'models/custom-model:1' } };

/** All of it is compared: a Python server takes few calls. */
const compared = { share: 100, minSamples: 200 };
const fewErrors = { errors: { candidateOnly: '2%' } };
const mostAgree = { agreement: { atLeast: '98%' } };
const outputs = [{ name: 'predictions', abs: 1e-5, rel: 1e-5 }];

interface Behaviour {
  readonly sleep?: number;
  readonly raises?: number;
  readonly wobble?: number;
  readonly jumps?: number;
}

/** To be put into the store before they are deployed. */
export class JudgedServers {
  readonly predictions: Predictions;
  readonly #store: ModelStore;

  constructor(store: ModelStore) {
    this.#store = store;
    this.predictions = putFlowers(store);
    this.#putOwn('plain', {});
  }

  /** The same model on MLServer, called by V2. */
  onMlServer(): JudgedCandidate {
    return {
      ...{ name: 'mlserver', what: 'is the same on MLServer', verdict: 'Passing', ...onMlServer, ...toSame() },
      analysis: { ...compared, checks: [fewErrors, mostAgree] },
      calls: { call: 'V2', rate: 5 },
      right: [`mlserver ${this.#right()}`],
    };
  }

  /** The same model on KServe's server, called by V1. */
  onKServe(): JudgedCandidate {
    return {
      ...{ name: 'kserve', what: 'is the same on KServe’s server', verdict: 'Passing', ...onKServe, ...toSame() },
      analysis: { ...compared, checks: [fewErrors, mostAgree] },
      calls: { rate: 5 },
      right: [this.#right()],
    };
  }

  /** Three times its limit, in as many turns as a hundred flowers take. */
  retrained(): JudgedCandidate {
    const folder = join(scratch, 'retrained');
    const { flowers, kinds } = train('retrain.py', folder) as {
      readonly flowers: readonly (readonly number[])[];
      readonly kinds: readonly number[];
    };
    for (const version of ['first', 'again']) this.#store.put(`flowers/${version}`, join(folder, version));
    return {
      ...{ name: 'retrained', what: 'predicts 3 % otherwise', ...onMlServer },
      ...{ primary: toVersion('first'), candidate: toVersion('again') },
      analysis: { ...compared, checks: [fewErrors, { agreement: { atLeast: '99%' } }] },
      calls: { call: 'V2', rate: 15, inputs: flowers },
      right: kinds.map((kind, i) => `#${i} retrained ${JSON.stringify([kind])}`),
      ...{ verdict: 'Failing', by: { check: 'agreement', bad: 0.03 } },
    };
  }

  raises(): JudgedCandidate {
    return this.#own(
      'raises',
      { raises: 0.05 },
      {
        what: 'raises an exception in 5 %',
        analysis: { ...compared, checks: [{ errors: { candidateOnly: '1%' } }, mostAgree] },
        calls: { rate: 15 },
        ...{ verdict: 'Failing', by: { check: 'errors.candidateOnly', bad: 0.05 } },
      },
    );
  }

  sleeps(): JudgedCandidate {
    const checks = [fewErrors, { latency: { over: '100ms', atMost: '5%' } }, { slower: { than: 2, atMost: '20%' } }];
    return this.#own(
      'sleeps',
      { sleep: 0.3 },
      {
        what: 'sleeps for 0.3 s',
        analysis: { ...compared, checks: [...checks, mostAgree] },
        calls: { rate: 5 },
        ...{ verdict: 'Failing', by: { check: 'latency', bad: 1 } },
      },
    );
  }

  /** No two answers are equal, of either version. */
  wobbles(): JudgedCandidate {
    return this.#own(
      'wobbles',
      { wobble: 1e-6 },
      {
        what: 'is as good, and no two answers are equal: within a tolerance',
        primary: toVersion('wobbles'),
        analysis: { ...compared, checks: [fewErrors, { agreement: { atLeast: '98%', outputs } }] },
        calls: { rate: 5 },
        verdict: 'Passing',
      },
    );
  }

  /** The control: without the tolerance the same candidate fails. */
  wobblesInVain(): JudgedCandidate {
    return {
      ...this.wobbles(),
      what: 'the same one, without the tolerance',
      analysis: { ...compared, checks: [fewErrors, mostAgree] },
      ...{ verdict: 'Failing', by: { check: 'agreement', bad: 1 }, earlier: ['Passing'] },
    };
  }

  /** About one pair in twenty differs, of the primary with itself as well. */
  jumps(): JudgedCandidate {
    const jumped = JSON.stringify([(this.predictions['v1'] ?? 0) + 0.5]);
    return this.#own(
      'jumps',
      { jumps: 0.025 },
      {
        what: 'is as good, and 2.5 % of the answers jump: within the primary’s noise',
        primary: toVersion('jumps'),
        analysis: { ...compared, noise: true, checks: [fewErrors, { agreement: { withinNoise: '10%' } }] },
        calls: { rate: 5 },
        right: [this.#right(), jumped],
        verdict: 'Passing',
      },
    );
  }

  /** @param behaviour the candidate's. */
  #own(
    name: string,
    behaviour: Behaviour,
    more: Pick<JudgedCandidate, 'what' | 'analysis' | 'calls' | 'verdict'> & Partial<JudgedCandidate>,
  ): JudgedCandidate {
    this.#putOwn(name, behaviour);
    const candidate = { version: `${name}-again`, uri: toVersion(name).uri };
    return { name, primary: toVersion('plain'), candidate, ...onOwn, right: [this.#right()], ...more };
  }

  #putOwn(name: string, behaviour: Behaviour): void {
    const folder = join(scratch, 'own', name);
    mkdirSync(folder, { recursive: true });
    cpSync(this.#store.findFolder(uriOf('v1')) ?? '', folder, { recursive: true });
    writeFileSync(join(folder, 'behaviour.json'), JSON.stringify(behaviour));
    this.#store.put(`flowers/${name}`, folder);
  }

  #right(): string {
    return JSON.stringify([this.predictions['v1']]);
  }
}

function uriOf(version: string): string {
  return `s3://models/flowers/${version}`;
}

function toVersion(version: string) {
  return { version, uri: uriOf(version) };
}

function toSame(): Pick<StandardOptions, 'primary' | 'candidate'> {
  return { primary: toVersion('v1'), candidate: { version: 'again', uri: uriOf('v1') } };
}
