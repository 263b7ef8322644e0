import type { Schemas } from '../api/client.ts';

const HOUR_S = 3_600;

/** How long sessions last, in hours, as it is typed. */
export interface SessionForm {
  idle: string;
  absolute: string;
}

export function formOf({ idle_s, absolute_s }: Pick<Schemas['SessionLimits'], 'idle_s' | 'absolute_s'>): SessionForm {
  return { idle: inHours(idle_s), absolute: inHours(absolute_s) };
}

export function wishOf({ idle, absolute }: SessionForm): Schemas['NewSessionLimits'] {
  return { idle_s: Math.round(Number(idle) * HOUR_S), absolute_s: Math.round(Number(absolute) * HOUR_S) };
}

/** The first thing that the server would refuse, in words. */
export function wrongWith(form: SessionForm): string | null {
  const { idle_s, absolute_s } = wishOf(form);
  if (form.idle.trim() === '' || !(idle_s >= 300 && idle_s <= 86_400)) return 'Unused: write hours, from 5 minutes (0.0833) to 24.';
  if (form.absolute.trim() === '' || !(absolute_s >= 900 && absolute_s <= 2_592_000)) return 'In all: write hours, from 0.25 to 720.';
  return idle_s > absolute_s ? 'A session that is used ends no sooner than one that is not.' : null;
}

/** Of so many places that the seconds come back: 8, 0.5, 0.0833. */
function inHours(duration_s: number): string {
  return String(Math.round((duration_s / HOUR_S) * 10_000) / 10_000);
}
