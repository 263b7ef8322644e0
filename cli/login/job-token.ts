import axios from 'axios';
import type { JobTokens } from '../config.ts';
import { CliError } from '../errors.ts';
import { givenText } from '../given-text.ts';

export interface JobTokenOptions {
  readonly tokenFile?: string;
  /** Which audience GitHub's token is to be made for. */
  readonly audience?: string;
}

/**
 * The token that a CI system signed for this job: from a file, from COUNTERSIGN_ID_TOKEN (GitLab's `id_tokens`, and others), or asked of GitHub
 * Actions by what it sets for jobs with `permissions: id-token: write`.
 * @throws CliError `input_invalid` with where a token can come from
 */
export async function jobToken({ tokenFile, audience }: JobTokenOptions, env: JobTokens): Promise<string> {
  if (tokenFile !== undefined) return requireToken((await givenText(tokenFile, '--token-file')).trim(), `--token-file ${tokenFile}`);
  if (env.idToken !== undefined) return requireToken(env.idToken.trim(), 'COUNTERSIGN_ID_TOKEN');
  if (env.github === null) {
    throw new CliError('input_invalid', 'There is no token of a job: set COUNTERSIGN_ID_TOKEN (GitLab: id_tokens), run in GitHub Actions with `permissions: id-token: write`, or name a file with --token-file.');
  }
  if (audience === undefined) throw new CliError('input_invalid', '--audience is missing: GitHub makes a token for an audience. Name the one that the federation asks for; see: countersign federations list');
  return tokenOfGithub(env.github, audience);
}

/** https://docs.github.com/actions/reference/security/oidc */
async function tokenOfGithub({ url, token }: NonNullable<JobTokens['github']>, audience: string): Promise<string> {
  const at = new URL(url);
  at.searchParams.set('audience', audience);
  const { status, data } = await axios.get<{ value?: unknown }>(at.href, { headers: { authorization: `Bearer ${token}` }, timeout: 30_000, maxRedirects: 0, validateStatus: () => true }).catch((cause: Error) => {
    throw new CliError('server_unreachable', `GitHub gives no token at ACTIONS_ID_TOKEN_REQUEST_URL: ${cause.message}`, { cause });
  });
  if (status !== 200 || typeof data?.value !== 'string') throw new CliError('request_refused', `GitHub gives no token at ACTIONS_ID_TOKEN_REQUEST_URL: it answered ${status}.`);
  return requireToken(data.value, 'What GitHub answered');
}

/** Shaped as a token is; whether it is true is for the server. Its text is never shown. */
function requireToken(text: string, where: string): string {
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) throw new CliError('input_invalid', `${where} holds no token: it would be three parts of base64url with points between them.`);
  return text;
}
