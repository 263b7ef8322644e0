import type { webApi } from '@slack/bolt';
import { boundFetch as outboundFetch } from '../../outbound/bound-fetch.ts';
import { SlackAppError } from './errors.ts';
import { isSocketUrlOf, isStandIn } from './slack-urls.ts';

type FetchFunction = NonNullable<webApi.WebClientOptions['fetch']>;

/** Answers of the Web API are small; a page of history is the largest that we ask for. */
const LIMITS = { response_bytes: 4 * 1024 * 1024 };

export interface BoundFetch {
  readonly fetch: FetchFunction;
  close(): Promise<void>;
}

/**
 * `fetch` for Slack's SDK that reaches the configured API URL and nothing else (`outbound/bound-fetch.ts`). The WebSocket address that Slack
 * names for Socket Mode is checked here as well, because the SDK opens that connection by itself.
 */
export function boundFetch(apiUrl: string): BoundFetch {
  const outbound = outboundFetch({ origin: new URL(apiUrl).origin, allowLoopback: isStandIn(apiUrl), limits: LIMITS });
  return {
    fetch: async (input, init = {}) => {
      const target = new URL(input instanceof Request ? input.url : input);
      if (!target.href.startsWith(apiUrl)) throw new TypeError('The request is not to the configured Slack API.');
      // Its parameters are in the body.
      const response = await outbound.fetch(`${target.origin}${target.pathname}`, { ...init, method: 'POST' });
      const body = Buffer.from(await response.arrayBuffer());
      if (target.pathname.endsWith('/apps.connections.open')) refuseForeignSocket(apiUrl, body);
      return new Response(body, { status: response.status, headers: response.headers });
    },
    close: () => outbound.close(),
  };
}

function refuseForeignSocket(apiUrl: string, body: Uint8Array): void {
  const answer = JSON.parse(Buffer.from(body).toString('utf8')) as { ok?: boolean; url?: unknown };
  if (answer.ok === true && !isSocketUrlOf(apiUrl, answer.url)) throw new SlackAppError('socket_url_not_allowed', 'apps.connections.open named an address that is not Slack\'s.');
}
