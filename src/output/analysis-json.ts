/** How a candidate is judged, for programs: the fields are documented in docs/operations.md. */
import { toCheckId } from '../core/analysis/check-id.ts';
import type { Judgement } from '../core/assess/judgement.ts';
import type { LiveView, Outlook } from '../core/assess/outlook.ts';
import { mask } from '../core/diagnostics/safe-text.ts';
import { toRampJson } from './assessment-json.ts';
import { toJsonText } from './masked-texts.ts';
import { toGateText } from './words/gate.ts';
import type { FailureText } from './words/live-failure.ts';
import { toProspectText, toUnjudgedText } from './words/outlook.ts';

/** @param failure why the watcher does not answer; undefined: it does, or was not asked. */
export function toAnalysisJson(judgement: Judgement, view: LiveView, failure: FailureText | undefined): string {
  const { model, candidate, subject, analysis, mirror, ramp, verdict, awaited } = judgement;
  const { share, noise, confidence, minSamples, onFailing, checks } = analysis;
  const all = {
    model,
    candidate,
    subject,
    mirror: mirror.percentage === 0 ? null : { percentage: mirror.percentage },
    gate: { code: mirror.reason.code, open: mirror.percentage > 0, text: toGateText(mirror) },
    ramp: toRampJson(ramp),
    analysis: {
      share,
      noise,
      confidence,
      minSamples,
      onFailing,
      checks: checks.map((check) => ({ check: toCheckId(check), limit: check.limit })),
    },
    verdict: verdict ?? null,
    awaited: awaited.map(({ check, limit, calls }) => ({ check, limit, calls: calls ?? null })),
    live: view.code === 'found' ? toLiveJson(view.outlook) : null,
    unjudged: view.code === 'unjudged' ? { code: mask(view.why), text: toUnjudgedText(view.why) } : null,
    failure: view.code === 'failed' ? { code: view.failure.code, ...failure } : null,
  };
  return toJsonText(all);
}

/** As the watcher's page has it, with what follows. */
function toLiveJson({ live, about, checks, prospect }: Outlook): object {
  const { apiVersion: _, kind: __, ...rest } = live;
  return { about, ...rest, checks, prospect: { ...prospect, text: toProspectText(prospect) ?? null } };
}
