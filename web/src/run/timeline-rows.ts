import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Tone } from '../parts/state-look.ts';

type Schemas = components['schemas'];
type Timeline = Pick<Schemas['RunTimeline'], 'at' | 'state' | 'steps' | 'entries'>;

/** Something of a step that takes time, as a bar. `to_ms` is the moment of the reading while it is not over. */
export interface Span {
  kind: 'attempt' | 'call' | 'approval' | 'child' | 'wait';
  from_ms: number;
  to_ms: number;
  open: boolean;
  tone: Tone;
  text: string;
}

export interface TimelineRow {
  step: Schemas['TimelineStep'];
  spans: Span[];
}

export interface TimelineRows {
  from_ms: number;
  to_ms: number;
  rows: TimelineRow[];
}

/** Each step with its attempts, calls, approvals, children and what it waits for now, on one scale of time: from the first thing to the last, or to now. */
export function timelineRows({ at, steps, entries }: Timeline): TimelineRows {
  const now_ms = Date.parse(at);
  const byStep = Map.groupBy(entries, ({ step_key }) => step_key);
  const rows = steps.map((step) => {
    const spans = (byStep.get(step.key) ?? []).flatMap((entry) => spanOf(entry, now_ms));
    return { step, spans: [...spans, ...waitOf(step, spans, now_ms)] };
  });
  const all = rows.flatMap(({ spans }) => spans);
  const times = entries.map((entry) => Date.parse(entry.at));
  const from_ms = Math.min(...times, ...all.map((span) => span.from_ms), now_ms);
  const to_ms = Math.max(from_ms + 1, ...times, ...all.map((span) => span.to_ms));
  return { from_ms, to_ms, rows };
}

/** Where a bar lies: percent of the whole, from the left and wide. */
export function placeOf({ from_ms, to_ms }: Pick<Span, 'from_ms' | 'to_ms'>, scale: Pick<TimelineRows, 'from_ms' | 'to_ms'>): { left: number; width: number } {
  const whole = scale.to_ms - scale.from_ms;
  const percent = (ms: number): number => Math.round((ms * 10_000) / whole) / 100;
  return { left: percent(from_ms - scale.from_ms), width: percent(Math.max(0, to_ms - from_ms)) };
}

const SPAN_KINDS = ['attempt', 'call', 'approval', 'child'] as const;

function spanOf(entry: Schemas['TimelineEntry'], now_ms: number): Span[] {
  const kind = SPAN_KINDS.find((one) => one === entry.kind);
  if (kind === undefined) return [];
  const what = kind === 'attempt' ? `attempt ${entry.attempt ?? ''}`.trim() : `${kind} ${entry.action ?? ''}`.trim();
  const open = entry.ended_at === null;
  return [{ kind, from_ms: Date.parse(entry.at), to_ms: open ? now_ms : Date.parse(entry.ended_at ?? entry.at), open, tone: toneOf(entry), text: `${what}: ${entry.result ?? 'under way'}` }];
}

/** From the last thing that happened to a step until now, when it is not at work and has not ended. */
function waitOf({ waiting_for, created_at }: Schemas['TimelineStep'], spans: readonly Span[], now_ms: number): Span[] {
  if (waiting_for === null || spans.some(({ open }) => open)) return [];
  const from_ms = Math.max(Date.parse(created_at), ...spans.map(({ to_ms }) => to_ms));
  return [{ kind: 'wait', from_ms, to_ms: Math.max(from_ms, now_ms), open: true, tone: 'idle', text: waiting_for.message }];
}

function toneOf({ kind, result, ended_at }: Schemas['TimelineEntry']): Tone {
  if (result === null || (ended_at === null && kind !== 'approval')) return 'run';
  if (['succeeded', 'approved', 'consumed', 'answered', 'skipped'].includes(result)) return 'ok';
  if (['retrying', 'uncertain', 'waiting', 'pending', 'ready'].includes(result)) return 'wait';
  return ['dead', 'failed', 'rejected', 'expired', 'lease_expired'].includes(result) ? 'bad' : 'idle';
}
