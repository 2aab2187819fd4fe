/** What is in effect for a model: its versions, hosts and policy, and where each is declared. */

import type { Analysis } from '../analysis/analysis.ts';
import type { Place } from '../diagnostics/problem.ts';
import type { Protocol } from '../input/schema.ts';
import { locate } from '../input/yaml-place.ts';
import type { RenderedRollout } from '../render/decide-model.ts';
import type { MirrorTime } from '../rollout/promotion-limit.ts';
import type { RolloutVersion } from '../rollout/rollout.ts';
import type { Assessment } from './assess-model.ts';
import type { PolicyExplanation } from './policy-fields.ts';
import { explainPolicy } from './policy-fields.ts';

export interface Explanation {
  readonly assessment: Assessment;
  readonly policy: PolicyExplanation;
  /** Undefined: nothing is compared. */
  readonly analysis: Analysis | undefined;
  /** How KServe runs it. */
  readonly mode: string;
  /** How clients call it. */
  readonly protocols: readonly Protocol[];
  /** Where the versions are declared, in their order. */
  readonly places: { readonly primary: Place; readonly candidates: readonly Place[] };
  readonly hosts: readonly string[];
  /** What the candidate must have behind it before a promotion; undefined: there is none, or no policy wants it. */
  readonly mirrorTime: MirrorTime | undefined;
}

export function explainRollout(
  { rollout }: RenderedRollout,
  assessment: Assessment,
  mirrorTime: MirrorTime | undefined,
): Explanation {
  const place = ({ path }: RolloutVersion) => locate(rollout.file.source, path);
  return {
    assessment,
    policy: explainPolicy(rollout),
    analysis: rollout.policy.analysis,
    mode: rollout.mode.name,
    protocols: rollout.protocols,
    places: { primary: place(rollout.primary), candidates: rollout.candidates.map(place) },
    // The default hosts have the namespace in their names.
    hosts: assessment.namespace === undefined ? rollout.policy.hosts : rollout.hosts,
    mirrorTime,
  };
}
