import axios from 'axios';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { CliError } from '../errors.ts';

export type AccessToken = components['schemas']['AccessToken'];

export interface TokenToExchange {
  readonly url: string;
  /** The slug or id of the tenant. */
  readonly tenant: string;
  readonly token: string;
  readonly scopes: readonly string[];
}

/** Exchanges a job's token for one of ours (RFC 8693). @throws CliError; why a token is refused is in the audit, not in the answer */
export async function exchangeToken({ url, tenant, token, scopes }: TokenToExchange): Promise<AccessToken> {
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token_type: 'urn:ietf:params:oauth:token-type:jwt', audience: tenant, subject_token: token,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
  });
  const { status, data } = await axios.post<unknown>('/api/v1/oauth/token', form.toString(), {
    baseURL: url, headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }, timeout: 30_000, proxy: false, maxRedirects: 0, validateStatus: () => true,
  }).catch((cause: Error) => {
    throw new CliError('server_unreachable', `No answer from ${url}: ${cause.message}. Is COUNTERSIGN_URL right?`, { cause });
  });
  if (status === 200) return data as AccessToken;
  throw new CliError('request_refused', inWords(status, data as Refusal | null));
}

interface Refusal {
  readonly error?: string;
  readonly error_description?: string;
  readonly code?: string;
  readonly detail?: string;
}

const HINTS: Readonly<Record<string, string>> = {
  invalid_grant: '\n  Why is in the audit, as federation.refused. An admin sees what fails with: countersign federations test FEDERATION --token-file FILE. A token is exchanged once.',
  invalid_scope: '\n  --scope: name only what the federation gives; see: countersign federations list --json',
};

function inWords(status: number, refusal: Refusal | null): string {
  const code = refusal?.error ?? refusal?.code ?? `HTTP ${status}`;
  return `${code}: ${refusal?.error_description ?? refusal?.detail ?? 'no explanation'}${HINTS[code] ?? ''}`;
}
