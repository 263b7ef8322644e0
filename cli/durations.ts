import { CliError } from './errors.ts';

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `30m`, `2h`, `7d` in milliseconds. */
export function durationMs(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  if (match === null) throw new CliError('input_invalid', `${JSON.stringify(text)} is no duration: write a number and a unit, such as 90s, 30m, 2h or 7d.`);
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

/** An RFC 3339 time as it is, or a duration counted back from now: `2h` is two hours ago. */
export function momentOf(text: string, now_ms: number = Date.now()): string {
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(Date.parse(text))) return new Date(text).toISOString();
  return new Date(now_ms - durationMs(text)).toISOString();
}

/** `840 ms`, `4.2 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function durationInWords(ms: number): string {
  if (ms < UNIT_MS.s) return `${Math.round(ms)} ms`;
  if (ms < UNIT_MS.m) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < UNIT_MS.h) return `${Math.floor(ms / UNIT_MS.m)} min ${Math.floor((ms % UNIT_MS.m) / UNIT_MS.s)} s`;
  if (ms < UNIT_MS.d) return `${Math.floor(ms / UNIT_MS.h)} h ${Math.floor((ms % UNIT_MS.h) / UNIT_MS.m)} min`;
  return `${Math.floor(ms / UNIT_MS.d)} d ${Math.floor((ms % UNIT_MS.d) / UNIT_MS.h)} h`;
}
