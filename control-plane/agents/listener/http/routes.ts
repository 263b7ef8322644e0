import type { IncomingHttpHeaders } from 'node:http2';
import type { Readable } from 'node:stream';
import { AGENT_PATHS } from '@countersign/contracts/agent/protocol.ts';
import type { DeliverRequest, EnrolRequest, PollRequest, RenewAnswer, RenewRequest } from '@countersign/contracts/agent/protocol.ts';
import type { AgentSessions } from '../../session/agent-sessions.ts';
import type { AdmittedAgent } from '../admitted-agent.ts';

/** What agents send, by its name in `protocol.schema.json`. */
export interface AgentMessages {
  readonly enrol_request: EnrolRequest;
  readonly renew_request: RenewRequest;
  readonly poll_request: PollRequest;
  readonly deliver_request: DeliverRequest;
}

export interface AgentAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: object;
  readonly bytes?: Uint8Array | Readable;
}

/** One call of the protocol, for agents that were admitted. Errors are ApiError, and become problem documents. */
export interface AgentRoute {
  readonly method: 'GET' | 'POST';
  /** Of a GET it is followed by a slash and one name, such as the scope of a bundle. */
  readonly path: string;
  /** What the body is; null where there is none. */
  readonly message: keyof AgentMessages | null;
  answer(agent: AdmittedAgent, asked: AgentQuestion): Promise<AgentAnswer>;
}

export interface AgentQuestion {
  /** What follows the path of a GET. */
  readonly name: string;
  /** As `message` says, checked. */
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
}

/** Who answers. */
export interface RouteParts {
  readonly renewal: { renew(agent: AdmittedAgent, request: RenewRequest): Promise<RenewAnswer> };
  readonly sessions: Pick<AgentSessions, 'poll' | 'deliver' | 'policy' | 'release'>;
}

/** All that an agent can ask for, once it is enrolled. */
export function agentRoutes({ renewal, sessions }: RouteParts): readonly AgentRoute[] {
  return [
    post(AGENT_PATHS.renew, 'renew_request', (agent, request) => renewal.renew(agent, request)),
    post(AGENT_PATHS.poll, 'poll_request', (agent, request) => sessions.poll(agent, request)),
    post(AGENT_PATHS.deliver, 'deliver_request', (agent, request) => sessions.deliver(agent, request)),
    get(AGENT_PATHS.policy, (agent, scope, headers) => sessions.policy(agent, scope, headers['if-none-match'])),
    get(AGENT_PATHS.releases, (agent, sha256, headers) => sessions.release(agent, sha256, headers['range'])),
  ];
}

/** A question in JSON with an answer in JSON. */
export function post<Name extends keyof AgentMessages>(path: string, message: Name, answer: (agent: AdmittedAgent, body: AgentMessages[Name]) => Promise<object>): AgentRoute {
  return { method: 'POST', path, message, answer: async (agent, { body }) => ({ status: 200, json: await answer(agent, body as AgentMessages[Name]) }) };
}

/** What is fetched by a name. */
export function get(path: string, answer: (agent: AdmittedAgent, name: string, headers: IncomingHttpHeaders) => Promise<AgentAnswer>): AgentRoute {
  return { method: 'GET', path, message: null, answer: (agent, { name, headers }) => answer(agent, name, headers) };
}
