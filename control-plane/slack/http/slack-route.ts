import type { RequestHandler } from 'express';
import { readRawBody } from '@countersign/platform/http/raw-body.ts';
import { MAX_SLACK_BYTES } from '../requests.ts';
import type { SlackRequests } from '../requests.ts';

/** The way in for Slack: the raw body, as it was signed, and Slack's own kinds of answer. */
export function slackRoute(requests: SlackRequests): RequestHandler<{ tenant: string }> {
  return async (request, response) => {
    const header = (name: string): string | undefined => {
      const value = request.headers[name];
      return typeof value === 'string' ? value : undefined;
    };
    const answer = await requests.receive({
      tenantId: request.params.tenant, body: await readRawBody(request, MAX_SLACK_BYTES), contentType: header('content-type'),
      signature: header('x-slack-signature'), timestamp: header('x-slack-request-timestamp'),
      retryNum: header('x-slack-retry-num'), retryReason: header('x-slack-retry-reason'),
    });
    response.status(200).setHeader('cache-control', 'no-store');
    if (typeof answer === 'object') response.json(answer);
    else response.type('text/plain').send(answer ?? '');
  };
}
