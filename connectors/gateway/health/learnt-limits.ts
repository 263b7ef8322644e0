import type { LearntLimit } from './health-store.ts';

/**
 * What a peer's answer says about its rate limits, in the spellings that are in use:
 * `RateLimit: "default";r=50;t=30` with `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers), `X-RateLimit-*` with a reset as
 * epoch seconds (GitHub, ServiceNow, which says no remaining) or as a duration (OpenAI, `x-ratelimit-reset-requests: 6m0s`), and
 * Anthropic's `anthropic-ratelimit-requests-*` with a reset as a date. Null when it says nothing that can be used.
 *
 * @param headers with lower-case names
 * @param now_ms the time by which resets that are dates are turned into durations
 */
export function learntLimitOf(headers: Readonly<Record<string, string>>, now_ms: number): LearntLimit | null {
  return standardLimit(headers) ?? namedLimit(headers, now_ms);
}

/** How long a refusal for too many requests asks us to wait; `otherwise` where it does not say. Never longer than an hour. */
export function retryAfterMsOf(headers: Readonly<Record<string, string>>, now_ms: number, otherwise: number): number {
  const exact = Number(headers['retry-after-ms']);
  if (Number.isFinite(exact) && exact > 0) return Math.min(exact, LONGEST_WAIT_MS);
  const text = headers['retry-after']?.trim() ?? '';
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now_ms;
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, LONGEST_WAIT_MS) : otherwise;
}

const LONGEST_WAIT_MS = 3_600_000;

function standardLimit(headers: Readonly<Record<string, string>>): LearntLimit | null {
  const remaining = parameter(headers['ratelimit'], 'r');
  const resets = parameter(headers['ratelimit'], 't');
  if (remaining === null || resets === null) return null;
  const quota = parameter(headers['ratelimit-policy'], 'q') ?? remaining;
  return usable({ limit: Math.max(quota, remaining), remaining, resetsInMs: resets * 1_000 });
}

/** Only the first policy of a list: the strictest is sent first. */
function parameter(header: string | undefined, name: string): number | null {
  const found = header === undefined ? null : new RegExp(`;\\s*${name}=(\\d{1,9})(?![\\d.])`).exec(header.split(',')[0] ?? '');
  return found === null ? null : Number(found[1]);
}

const FAMILIES = [
  { limit: 'x-ratelimit-limit', remaining: 'x-ratelimit-remaining', reset: 'x-ratelimit-reset' },
  { limit: 'x-ratelimit-limit-requests', remaining: 'x-ratelimit-remaining-requests', reset: 'x-ratelimit-reset-requests' },
  { limit: 'anthropic-ratelimit-requests-limit', remaining: 'anthropic-ratelimit-requests-remaining', reset: 'anthropic-ratelimit-requests-reset' },
] as const;

function namedLimit(headers: Readonly<Record<string, string>>, now_ms: number): LearntLimit | null {
  for (const names of FAMILIES) {
    const limit = count(headers[names.limit]);
    const resetsInMs = untilReset(headers[names.reset], now_ms);
    if (limit === null || resetsInMs === null) continue;
    const found = usable({ limit, remaining: count(headers[names.remaining]), resetsInMs });
    if (found !== null) return found;
  }
  return null;
}

function count(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,9}$/.test(text.trim()) ? Number(text) : null;
}

/** A number is seconds since 1970 when it is large, else seconds from now; `1m30s` and `250ms` are durations; the rest may be a date. */
function untilReset(text: string | undefined, now_ms: number): number | null {
  if (text === undefined) return null;
  const trimmed = text.trim();
  if (/^\d{1,12}(\.\d+)?$/.test(trimmed)) {
    const seconds = Number(trimmed);
    return seconds > 1_000_000_000 ? seconds * 1_000 - now_ms : seconds * 1_000;
  }
  const duration = /^(?:(\d{1,4})h)?(?:(\d{1,4})m(?!s))?(?:(\d{1,5}(?:\.\d+)?)s)?(?:(\d{1,7})ms)?$/.exec(trimmed);
  if (duration !== null && trimmed !== '') {
    const [, hours = '0', minutes = '0', seconds = '0', ms = '0'] = duration;
    return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000 + Number(ms);
  }
  const date = Date.parse(trimmed);
  return Number.isNaN(date) ? null : date - now_ms;
}

/** A limit that has reset already or that allows nothing at all teaches nothing. */
function usable(limit: LearntLimit): LearntLimit | null {
  return limit.limit > 0 && limit.resetsInMs > 0 ? { ...limit, resetsInMs: Math.min(Math.ceil(limit.resetsInMs), LONGEST_WINDOW_MS) } : null;
}

const LONGEST_WINDOW_MS = 24 * 3_600_000;
