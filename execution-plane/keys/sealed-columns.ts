import type { SealedColumn } from '@countersign/platform/keys/repository-reseal.ts';

/** Everything sealed that a worker may write. A test asks the catalogue whether one is missing. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: 'execution.contents', column: 'sealed', purpose: 'content' },
  { table: 'execution.decisions', column: 'input_sealed', purpose: 'content' },
  { table: 'execution.refreshed_tokens', column: 'refresh_sealed', purpose: 'credential', key: 'credential_id', context: `credential_id || '/refresh'` },
  { table: 'execution.refreshed_tokens', column: 'access_sealed', purpose: 'credential', key: 'credential_id', context: `credential_id || '/access'` },
  { table: 'execution.erasure_tasks', column: 'terms_sealed', purpose: 'identity', key: 'request_id' },
  { table: 'execution.work_orders', column: 'outcome_sealed', purpose: 'content' },
];
