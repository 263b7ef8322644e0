import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

const contentDays: Statement = {
  name: 'retention.content_days',
  text: 'SELECT tenant_id, content_days FROM control.retention_settings WHERE content_days IS NOT NULL',
};

export function readContentDays(tx: Transaction): Promise<Array<{ tenant_id: string; content_days: number }>> {
  return tx.rows(contentDays);
}
