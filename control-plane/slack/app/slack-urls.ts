import { ApiError } from '@countersign/platform/http/api-error.ts';

export const SLACK_API_URL = 'https://slack.com/api/';
/** Slack for governments has a domain of its own. */
const SLACK_API_URLS: readonly string[] = [SLACK_API_URL, 'https://slack-gov.com/api/'];
const SLACK_SOCKET_HOSTS = /(^|\.)slack(-gov)?\.com$/;
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * The API URL that an admin named, with its slash at the end.
 * @throws ApiError `slack_api_url_not_allowed` for anything but Slack's own and, where stand-ins are allowed, this machine
 */
export function checkedApiUrl(text: string, standInsAllowed: boolean): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const whole = url === null ? '' : `${url.origin}${url.pathname.replace(/\/*$/, '/')}`;
  if (SLACK_API_URLS.includes(whole)) return whole;
  const standIn = url !== null && url.protocol === 'http:' && LOOPBACK.has(url.hostname) && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (standIn && standInsAllowed) return whole;
  throw new ApiError('slack_api_url_not_allowed', standIn
    ? 'This cell talks to Slack only: it was not started with COUNTERSIGN_SLACK_STAND_INS=loopback.'
    : `Use ${SLACK_API_URLS.join(' or ')}.`);
}

export function isStandIn(apiUrl: string): boolean {
  return !SLACK_API_URLS.includes(apiUrl);
}

/** Where a browser is sent to install the app. */
export function authorizeUrl(apiUrl: string, query: Readonly<Record<string, string>>): string {
  return `${new URL('/oauth/v2/authorize', apiUrl).href}?${new URLSearchParams(query).toString()}`;
}

/** Whether the WebSocket address that `apps.connections.open` gave is Slack's, or on the stand-in's machine. */
export function isSocketUrlOf(apiUrl: string, text: unknown): boolean {
  if (typeof text !== 'string' || !URL.canParse(text)) return false;
  const url = new URL(text);
  if (isStandIn(apiUrl)) return url.protocol === 'ws:' && LOOPBACK.has(url.hostname);
  return url.protocol === 'wss:' && SLACK_SOCKET_HOSTS.test(url.hostname) && url.username === '';
}
