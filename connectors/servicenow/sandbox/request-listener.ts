/** From socket to route and back: reads a request, finds who answers it, applies faults, sends, logs. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Answer } from './answers.ts';
import { jsonAnswer } from './answers.ts';
import type { AttachmentContext } from './attachments.ts';
import { answerAttachmentRequest, attachmentPath } from './attachments.ts';
import { authenticate } from './authentication.ts';
import type { ConsoleDeskContext } from './console-desk.ts';
import { answerConsole } from './console-desk.ts';
import type { ControlContext } from './control-api.ts';
import { answerControlRequest } from './control-api.ts';
import { SandboxError, TableApiError } from './errors.ts';
import type { Fault } from './faults.ts';
import type { OauthTokens } from './oauth.ts';
import { answerPageRequest } from './pages.ts';
import type { Principal } from './principals.ts';
import type { SandboxRequest } from './requests.ts';
import { readRequest } from './requests.ts';
import { answerTableRequest, tablePath } from './table-api.ts';
import type { TinyUrls } from './tiny-urls.ts';

export interface ListenerParts extends ControlContext, ConsoleDeskContext {
  tokens: OauthTokens;
  tinyUrls: TinyUrls;
  writes: AttachmentContext;
  now: () => Date;
  url: string;
}

/** What became of a request; `answer` is undefined where the connection is to be cut. */
interface Outcome {
  answer: Answer | undefined;
  user: string;
  table: string;
  effect: boolean;
  fault: Fault | undefined;
}

export function requestListener(parts: ListenerParts): RequestListener {
  return (message, response) => {
    // Nothing can be sent to a caller that is gone; whatever else fails has been turned into an answer before.
    void serve(parts, message, response).catch(() => response.destroy());
  };
}

async function serve(parts: ListenerParts, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const started = performance.now();
  const at = parts.now().toISOString();
  response.setHeader('x-countersign-sandbox', 'servicenow');
  const request = await readRequest(message, parts.url, parts.now()).catch((error: unknown) => errorAnswer(error));
  if (!('path' in request)) {
    send(response, request);
    return;
  }
  if (!isRestPath(request.path)) {
    send(response, answered(() => answerConsole(parts, request) ?? (request.path.startsWith('/sandbox') ? answerControlRequest(parts, request) : answerPageRequest(parts, request))));
    return;
  }
  const outcome = await restOutcome(parts, request);
  if (outcome.answer === undefined) message.socket.destroy();
  else send(response, outcome.answer);
  parts.requestLog.add({
    at, method: request.method, path: request.path, table: outcome.table, user: outcome.user, status: outcome.answer?.status ?? null,
    effect: outcome.effect, fault: outcome.fault?.kind ?? null, duration_ms: Math.round(performance.now() - started),
  });
}

function isRestPath(path: string): boolean {
  return path.startsWith('/api/') || path === '/oauth_token.do';
}

async function restOutcome(parts: ListenerParts, request: SandboxRequest): Promise<Outcome> {
  const table = tablePath(request.path)?.table ?? request.path.split('/').at(-1) ?? '';
  const outcome: Outcome = { answer: undefined, user: '', table, effect: false, fault: undefined };
  let principal: Principal | undefined;
  if (request.path !== '/oauth_token.do') {
    try {
      principal = authenticate(request, parts.accounts, parts.tokens);
      outcome.user = principal.user_name;
    } catch (error) {
      return { ...outcome, answer: errorAnswer(error) };
    }
  }
  const fault = parts.faults.take({ method: request.method, table, user: outcome.user });
  outcome.fault = fault;
  if (fault?.kind === 'drop') return outcome;
  if (fault?.kind === 'answer') return { ...outcome, answer: faultAnswer(fault) };
  if (fault?.kind === 'slow') await wait(fault.delay_ms, undefined, { ref: false });
  const answer = answered(() => (principal === undefined ? tokenAnswer(parts, request) : restAnswer(parts, request, principal, table)));
  outcome.effect = request.method !== 'GET' && principal !== undefined && answer.status < 300;
  if (fault?.kind === 'slow_answer') await wait(fault.delay_ms, undefined, { ref: false });
  if (fault?.kind === 'drop_after_effect') return outcome;
  return { ...outcome, answer: fault?.kind === 'answer_after_effect' ? faultAnswer(fault) : answer };
}

function tokenAnswer(parts: ListenerParts, request: SandboxRequest): Answer {
  if (request.method !== 'POST') throw new TableApiError(405, 'Method not supported', null);
  return parts.tokens.grant(request.headers['content-type'], request.body.toString('utf8'));
}

function restAnswer(parts: ListenerParts, raw: SandboxRequest, principal: Principal, table: string): Answer {
  const limits = parts.rateLimits.count(principal, raw.method, table);
  const answer = answered(() => routed(parts, parts.tinyUrls.expand(raw), principal));
  return { ...answer, headers: { ...limits, ...answer.headers } };
}

function routed(parts: ListenerParts, request: SandboxRequest, principal: Principal): Answer {
  const table = tablePath(request.path);
  if (table !== undefined) return answerTableRequest(parts.writes, principal, request, table);
  const attachment = attachmentPath(request.path);
  if (attachment !== undefined) return answerAttachmentRequest(parts.writes, principal, request, attachment);
  if (request.path === '/api/now/tinyurl' && request.method === 'POST') return parts.tinyUrls.create(request);
  throw new TableApiError(400, 'Requested URI does not represent any resource', null);
}

function answered(answer: () => Answer): Answer {
  try {
    return answer();
  } catch (error) {
    return errorAnswer(error);
  }
}

function errorAnswer(error: unknown): Answer {
  if (error instanceof TableApiError) {
    return { status: error.status, headers: { 'content-type': 'application/json;charset=UTF-8', ...error.headers }, body: error.body() };
  }
  // Not an answer ServiceNow gives: a fault of the sandbox, so it is told to whoever runs it.
  process.stderr.write(`servicenow sandbox: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  const detail = error instanceof SandboxError ? `${error.code}: ${error.message}` : 'The sandbox failed; see its log';
  return jsonAnswer(500, { error: { message: 'Internal server error', detail }, status: 'failure' });
}

function faultAnswer(fault: Fault): Answer {
  return { status: fault.status, headers: { 'content-type': fault.content_type }, body: fault.body };
}

function send(response: ServerResponse, answer: Answer): void {
  if (response.destroyed) return;
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
}
