import type { webApi } from '@slack/bolt';
import { createEgress } from '@countersign/platform/egress/egress.ts';
import { SlackAppError } from './errors.ts';
import { isSocketUrlOf, isStandIn } from './slack-urls.ts';

type FetchFunction = NonNullable<webApi.WebClientOptions['fetch']>;

/** Answers of the Web API are small; a page of history is the largest that we ask for. */
const LIMITS = { connect_timeout_ms: 3_000, header_timeout_ms: 8_000, total_timeout_ms: 10_000, response_bytes: 4 * 1024 * 1024 };

export interface BoundFetch {
  readonly fetch: FetchFunction;
  close(): Promise<void>;
}

/**
 * `fetch` for Slack's SDK that reaches the configured API URL and nothing else, through the same guarded egress as every connector:
 * addresses checked, no redirects, no proxy variables, bounded in bytes and time. The WebSocket address that Slack names for Socket Mode
 * is checked here as well, because the SDK opens that connection by itself.
 */
export function boundFetch(apiUrl: string): BoundFetch {
  const url = new URL(apiUrl);
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const egress = createEgress({ baseUrl: url.origin, allowedHosts: isStandIn(apiUrl) ? [`${url.protocol}//${url.hostname}:${port}`] : [], limits: LIMITS });
  return {
    fetch: async (input, init = {}) => {
      const target = new URL(input instanceof Request ? input.url : input);
      if (!target.href.startsWith(apiUrl)) throw new TypeError('The request is not to the configured Slack API.');
      const response = await egress.request({
        method: 'POST', path: target.pathname,
        headers: Object.fromEntries(new Headers(init.headers).entries()),
        body: new Uint8Array(await new Response(init.body).arrayBuffer()),
        ...(init.signal ? { signal: init.signal } : {}),
      });
      if (target.pathname.endsWith('/apps.connections.open')) refuseForeignSocket(apiUrl, response.body);
      return new Response(Buffer.from(response.body), { status: response.status, headers: withoutFraming(response.headers) });
    },
    close: () => egress.close(),
  };
}

function refuseForeignSocket(apiUrl: string, body: Uint8Array): void {
  const answer = JSON.parse(Buffer.from(body).toString('utf8')) as { ok?: boolean; url?: unknown };
  if (answer.ok === true && !isSocketUrlOf(apiUrl, answer.url)) throw new SlackAppError('socket_url_not_allowed', 'apps.connections.open named an address that is not Slack\'s.');
}

/** The body is decompressed and whole already. */
function withoutFraming(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !['content-encoding', 'content-length', 'transfer-encoding', 'connection'].includes(name)));
}
