import type { CallFigures } from './call-figures.ts';
import type { ApiFigures } from './measure-api.ts';
import type { CaseFigures } from './measure.ts';

export function asText(cases: readonly CaseFigures[]): string {
  return cases.map(caseText).join('\n');
}

export function apiAsText({ asked_before, never_asked, same_answers }: ApiFigures): string {
  return [`the API's own authorisation${same_answers ? '' : '  ANSWERS DIFFER'}`, callText('asked before', asked_before), callText('never asked', never_asked), ''].join('\n');
}

function caseText(figures: CaseFigures): string {
  const { input_bytes, data_bytes, bare, one_at_a_time, in_flight, cpu_ratio, same_answers } = figures;
  return [
    `input ${input_bytes} B, data ${data_bytes} B${same_answers ? '' : '  ANSWERS DIFFER'}`,
    callText('bare opa-wasm', bare),
    callText('whole call, one at a time', one_at_a_time),
    callText(`whole call, ${in_flight.count} in flight`, in_flight),
    `  CPU of the whole call over bare: ${cpu_ratio}`,
    '',
  ].join('\n');
}

function callText(what: string, { per_s, per_core_s, cpu_us, p50_us, p99_us }: CallFigures): string {
  return `  ${what.padEnd(28)} ${String(per_s).padStart(7)}/s  ${String(per_core_s).padStart(7)}/s of one core  ${String(cpu_us).padStart(8)} us CPU  p50 ${String(p50_us).padStart(8)} us  p99 ${String(p99_us).padStart(8)} us`;
}
