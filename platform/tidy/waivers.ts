import { readFile } from 'node:fs/promises';
import type { Violation } from './tree.ts';

/** One violation that is accepted, and why. */
export interface Waiver {
  rule: string;
  path: string;
  reason: string;
}

/** The number of waivers only falls: lower this when one goes. */
export const MAX_WAIVERS = 0;

const MIN_REASON_CHARS = 30;

export async function readWaivers(): Promise<Waiver[]> {
  return JSON.parse(await readFile(new URL('waivers.json', import.meta.url), 'utf8')) as Waiver[];
}

/** What is left of the violations, and what is wrong with the waivers themselves: no reason, or nothing left to waive. */
export function applyWaivers(violations: readonly Violation[], waivers: readonly Waiver[]): Violation[] {
  const left = violations.filter((violation) => !waivers.some((waiver) => covers(waiver, violation)));
  const idle = waivers
    .filter((waiver) => !violations.some((violation) => covers(waiver, violation)))
    .map(({ rule, path }) => ({ rule: 'waivers', path, message: `nothing is left that the waiver of ${rule} covers: remove it` }));
  const unexplained = waivers
    .filter(({ reason }) => reason.trim().length < MIN_REASON_CHARS)
    .map(({ rule, path }) => ({ rule: 'waivers', path, message: `the waiver of ${rule} gives no reason` }));
  return [...left, ...idle, ...unexplained];
}

function covers(waiver: Waiver, violation: Violation): boolean {
  return waiver.rule === violation.rule && waiver.path === violation.path;
}
