import { AGENT_PATHS } from '@countersign/contracts/agent/protocol.ts';
import type { FetchBundle } from '../ports.ts';
import type { CellLink } from './cell-link.ts';
import { SessionError } from './errors.ts';
import { readRefusal } from './read-answer.ts';

const ANSWER_MS = 20_000;
const BUNDLE_BYTES = 32 * 1024 * 1024;

/** Asks the cell for bundles over the one connection; where there is none, for once, and does not wait for it to come back. */
export function fetchBundleOver(link: CellLink): FetchBundle {
  return async (scope, etag) => {
    const connection = await link.connect();
    const headers: Record<string, string> = etag === null ? {} : { 'if-none-match': etag };
    const path = `${AGENT_PATHS.policy}/${encodeURIComponent(scope)}`;
    const answer = await connection.ask({ method: 'GET', path, headers, timeout_ms: ANSWER_MS, max_bytes: BUNDLE_BYTES });
    if (answer.status === 304) return { status: 304 };
    if (answer.status !== 200) throw readRefusal(answer);
    if (answer.headers.etag === undefined) throw new SessionError('answer_invalid', 'The cell gave a bundle without an etag.');
    return { status: 200, body: answer.body, etag: answer.headers.etag };
  };
}
