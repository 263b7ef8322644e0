const DAY_MS = 86_400_000;

/** How long a key may live, as choices of a form. */
export const LIFETIMES = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'a year' },
];

export function expiryOf(days: string, now_ms: number): string {
  return new Date(now_ms + Number(days) * DAY_MS).toISOString();
}

/** How long the value before goes on working beside the new one. */
export const OVERLAPS = [
  { value: '0', label: 'Not at all: it ends now' },
  { value: '3600', label: 'an hour' },
  { value: '86400', label: 'a day' },
  { value: '604800', label: 'a week' },
];

/** How long an access token works, as seconds. */
export const TOKEN_LIFETIMES = [
  { value: '300', label: '5 min' },
  { value: '900', label: '15 min' },
  { value: '3600', label: 'an hour' },
];
