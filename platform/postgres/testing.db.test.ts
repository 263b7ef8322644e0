import { expect, test } from 'vitest';
import { newId } from '../ids/typeid.ts';
import { createTestDatabase } from './testing.ts';

test('a test database does not end in peace with an event whose members nobody classed', async () => {
  const [database, tenantId] = [await createTestDatabase(), newId('tenant')];
  await database.control.forTenant(tenantId, (tx) => tx.rows({ name: 'test.append', text: `SELECT audit.append($1, $1 || '/wsp', 'aud_test', 'run.created', NULL, '{"data":{"steps":[],"caller_address":"x"}}')` }, [tenantId]));
  await expect(database.drop()).rejects.toThrow('run.created: caller_address.');
});
