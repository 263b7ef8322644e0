import type { ActionContext, EgressRequest, Json, JsonObject } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import { errorOfResponse } from './errors.ts';

export type Connection = Pick<ActionContext, 'egress' | 'instance' | 'now'>;

/** The largest page that GitHub gives. */
export const PAGE = 100;

/** Pinned, because without it the version is whatever GitHub takes for the default that day. */
const HEADERS = { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28', 'user-agent': 'countersign' } as const;

/**
 * One request about a repository; `path` follows `/repos/<owner>/<name>`.
 * @throws ConnectorError `parameters_invalid` where the instance's setting `repositories` does not name it, and what GitHub refuses
 */
export async function askRepository(connection: Connection, repository: string, request: Pick<EgressRequest, 'method' | 'path' | 'query' | 'json'>): Promise<Json> {
  requireListed(connection, repository);
  const response = await connection.egress.request({ ...request, path: `/repos/${repository}${request.path}`, headers: HEADERS });
  if (response.status >= 200 && response.status < 300) return response.json();
  throw errorOfResponse(response, `${request.method} ${request.path === '' ? 'the repository' : request.path}`, { changes: request.method !== 'GET', now: connection.now() });
}

/** One page of a list. */
export async function readPage(connection: Connection, repository: string, path: string, query: Readonly<Record<string, string>>): Promise<JsonObject[]> {
  const list = await askRepository(connection, repository, { method: 'GET', path, query });
  if (!Array.isArray(list)) throw malformed('a list was expected');
  return list.map(objectOf);
}

/** The repositories of the setting `repositories`, or null where the instance does not name any: then the App's installation is the limit. */
export function listedRepositories({ instance }: { readonly instance: Pick<ActionContext['instance'], 'settings'> }): string[] | null {
  const listed = instance.settings['repositories'];
  return Array.isArray(listed) ? listed.filter((name) => typeof name === 'string') : null;
}

function requireListed(connection: Connection, repository: string): void {
  const listed = listedRepositories(connection);
  if (listed === null || listed.some((name) => name.toLowerCase() === repository.toLowerCase())) return;
  throw new ConnectorError({ code: 'parameters_invalid', effect: 'none', retryable: false, message: `repository: it is not among the repositories of the instance ${connection.instance.name}; add it to the setting "repositories" to work with it.` });
}

export function objectOf(value: Json | undefined): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw malformed('an object was expected');
}

/** Text as canonical JSON and the database can hold it; null and absent are empty. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '') : '';
}

export function numberOf(value: Json | undefined): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw malformed('a whole number was expected');
}

/** After a write the gateway takes it for an unknown outcome, because the request was answered. */
export function malformed(why: string): ConnectorError {
  return new ConnectorError({ code: 'response_invalid', effect: 'none', retryable: true, message: `GitHub's answer is not what its REST API gives: ${why}.` });
}
