/**
 * `/sandbox/*`: the strings behind the stage, for tests, demos and chaos runs. No part of ServiceNow. Everything needs
 * the administrator's basic credentials; raising tickets also takes those of the integration user.
 */
import type { Accounts } from './accounts.ts';
import type { Answer } from './answers.ts';
import { emptyAnswer, jsonAnswer } from './answers.ts';
import { basicCredentials, notAuthenticated } from './authentication.ts';
import { TableApiError } from './errors.ts';
import type { FaultOrder, Faults } from './faults.ts';
import { FAULT_KINDS } from './faults.ts';
import { isAdmin } from './principals.ts';
import type { RateLimits } from './rate-limits.ts';
import type { RequestLog } from './request-log.ts';
import type { SandboxRequest } from './requests.ts';
import { isObject, recordInBody } from './requests.ts';
import type { RecordStore } from './store.ts';
import type { TicketDesk } from './tickets.ts';
import type { TouchOrder, TouchRule } from './touch-rule.ts';
import type { DeliveryMode, WebhookRule } from './webhooks.ts';
import { DELIVERY_MODES } from './webhooks.ts';

export interface ControlContext {
  accounts: Accounts;
  store: RecordStore;
  faults: Faults;
  rateLimits: RateLimits;
  requestLog: RequestLog;
  webhooks: WebhookRule;
  touchRule: TouchRule;
  tickets: TicketDesk;
}

/** Answers a request under `/sandbox/`. */
export function answerControlRequest(context: ControlContext, request: SandboxRequest): Answer {
  const resource = request.path.replace(/^\/sandbox\/?/, '').replace(/\/$/, '');
  authorise(context.accounts, request, resource);
  switch (`${request.method} ${resource}`) {
    case 'GET ': return jsonAnswer(200, state(context));
    case 'POST tickets': return jsonAnswer(201, { tickets: context.tickets.raise(ticketOrder(request)) });
    case 'GET requests': return jsonAnswer(200, { requests: context.requestLog.since(since(request)) });
    case 'DELETE requests': return done(() => context.requestLog.clear());
    case 'GET deliveries': return jsonAnswer(200, { mode: context.webhooks.mode, deliveries: context.webhooks.deliveriesSince(since(request)) });
    case 'PUT deliveries/mode': return done(() => context.webhooks.setMode(deliveryMode(request)));
    case 'POST deliveries/release': return done(() => context.webhooks.release());
    case 'PUT webhook': return done(() => context.webhooks.setTarget(webhookTarget(request)));
    case 'DELETE webhook': return done(() => context.webhooks.setTarget(undefined));
    case 'PUT touch-rule': return done(() => context.touchRule.set(touchOrder(request)));
    case 'DELETE touch-rule': return done(() => context.touchRule.set(undefined));
    case 'GET faults': return jsonAnswer(200, { faults: context.faults.list() });
    case 'POST faults': return jsonAnswer(201, { fault: context.faults.add(faultOrder(request)) });
    case 'DELETE faults': return done(() => context.faults.clear());
    case 'GET rate-limits': return jsonAnswer(200, { rules: context.rateLimits.rules() });
    case 'PUT rate-limits': return jsonAnswer(200, { rules: context.rateLimits.setRules(rateLimitRules(request)) });
    case 'DELETE rate-limits': return done(() => context.rateLimits.setRules([]));
    case 'POST reset': return done(() => reset(context, request));
    default: throw new TableApiError(404, 'No such control', `The sandbox has no ${request.method} /sandbox/${resource}; see its README`);
  }
}

function authorise(accounts: Accounts, request: SandboxRequest, resource: string): void {
  const credentials = basicCredentials(request.headers.authorization);
  const principal = credentials === undefined ? undefined : accounts.byPassword(...credentials);
  if (principal === undefined) throw notAuthenticated();
  if (!isAdmin(principal) && resource !== 'tickets') throw new TableApiError(403, 'User Not Authorized', 'The control API takes the administrator of the sandbox only');
}

function state(context: ControlContext): unknown {
  return {
    sandbox: 'servicenow',
    incidents: context.store.count('incident'),
    webhook: { url: context.webhooks.url, mode: context.webhooks.mode },
    faults: context.faults.list().length,
    rate_limit_rules: context.rateLimits.rules().length,
    touch_rule: context.touchRule.state,
  };
}

/** Back to the beginning: faults, limits and logs always; records too unless `{"records": false}`. */
function reset(context: ControlContext, request: SandboxRequest): void {
  const { records } = recordInBody(request.body);
  context.faults.clear();
  context.rateLimits.setRules([]);
  context.webhooks.clear();
  context.touchRule.set(undefined);
  context.webhooks.setMode('normal');
  context.requestLog.clear();
  if (records !== false) context.store.reset();
}

function done(act: () => unknown): Answer {
  act();
  return emptyAnswer(204);
}

function since(request: SandboxRequest): number {
  return Number(request.query.get('since') ?? '0') || 0;
}

/** What the body of a raised ticket asks for. Throws `TableApiError` 400 naming the field. */
export function ticketOrder(request: SandboxRequest): { count: number; short_description?: string; description?: string } {
  const { count = 1, short_description, description } = recordInBody(request.body);
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > 500) throw refused('count', 'a whole number from 1 to 500');
  if (short_description !== undefined && (typeof short_description !== 'string' || short_description.trim() === '')) throw refused('short_description', 'a text');
  if (description !== undefined && typeof description !== 'string') throw refused('description', 'a text');
  return { count, ...(short_description === undefined ? {} : { short_description }), ...(description === undefined ? {} : { description }) };
}

function deliveryMode(request: SandboxRequest): DeliveryMode {
  const { mode } = recordInBody(request.body);
  const known = DELIVERY_MODES.find((candidate) => candidate === mode);
  if (known === undefined) throw refused('mode', `one of ${DELIVERY_MODES.join(', ')}`);
  return known;
}

function webhookTarget(request: SandboxRequest): { url: string; secret: string } {
  const { url, secret } = recordInBody(request.body);
  if (typeof url !== 'string' || !/^https?:/.test(url) || !URL.canParse(url)) throw refused('url', 'an http or https URL');
  if (typeof secret !== 'string' || !/^whsec_[A-Za-z0-9+/]+=*$/.test(secret)) throw refused('secret', 'whsec_ followed by base64');
  return { url, secret };
}

function touchOrder(request: SandboxRequest): TouchOrder {
  const { user, sys_id: sysId } = recordInBody(request.body);
  if (typeof user !== 'string' || user === '') throw refused('user', 'a user name');
  if (sysId !== undefined && typeof sysId !== 'string') throw refused('sys_id', 'a text');
  return { user, sysId };
}

function faultOrder(request: SandboxRequest): FaultOrder {
  const { kind, method, table, user, times, delay_ms, status, body, content_type } = recordInBody(request.body);
  const known = FAULT_KINDS.find((candidate) => candidate === kind);
  if (known === undefined) throw refused('kind', `one of ${FAULT_KINDS.join(', ')}`);
  return {
    kind: known,
    ...texts({ method, table, user, body, content_type }),
    ...(times === undefined ? {} : { times: times === null ? null : wholeNumber('times', times, 1, 1_000_000) }),
    ...(delay_ms === undefined ? {} : { delay_ms: wholeNumber('delay_ms', delay_ms, 0, 600_000) }),
    ...(status === undefined ? {} : { status: wholeNumber('status', status, 200, 599) }),
  };
}

function rateLimitRules(request: SandboxRequest): Parameters<RateLimits['setRules']>[0] {
  const { rules } = recordInBody(request.body);
  if (!Array.isArray(rules)) throw refused('rules', 'a list');
  return rules.map((rule: unknown) => {
    if (!isObject(rule)) throw refused('rules', 'a list of objects');
    const { requests_per_hour, user, role, method, table, window_s } = rule;
    return {
      requests_per_hour: wholeNumber('requests_per_hour', requests_per_hour, 0, 1_000_000),
      ...texts({ user, role, method, table }),
      ...(window_s === undefined ? {} : { window_s: wholeNumber('window_s', window_s, 1, 3600) }),
    };
  });
}

/** The given texts; anything else that is set is refused. */
function texts<Name extends string>(values: Record<Name, unknown>): Partial<Record<Name, string>> {
  const given: Partial<Record<Name, string>> = {};
  for (const name of Object.keys(values) as Name[]) {
    const value = values[name];
    if (value === undefined) continue;
    if (typeof value !== 'string') throw refused(name, 'a text');
    given[name] = value;
  }
  return given;
}

function wholeNumber(field: string, value: unknown, low: number, high: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high) throw refused(field, `a whole number from ${low} to ${high}`);
  return value;
}

function refused(field: string, expected: string): TableApiError {
  return new TableApiError(400, 'Bad Request', `${field} must be ${expected}`);
}
