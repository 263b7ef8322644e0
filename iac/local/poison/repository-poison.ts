import pg from 'pg';

/** What the tables say in the end; by a connection of the superuser, who sees every tenant. */
export class PoisonTables {
  readonly #pool: pg.Pool;

  constructor(url: string) {
    this.#pool = new pg.Pool({ connectionString: url, max: 4 });
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  /** As a row that somebody else left in the mailbox. Null, or the code of PostgreSQL that refused it. */
  async insertDelivery(delivery: { id: string; tenantId: string; instanceId: string; placeId: string | null; event: string; source: string; payload: string }): Promise<string | null> {
    try {
      await this.#pool.query(`
        INSERT INTO execution.deliveries (tenant_id, id, workspace_id, environment_id, instance_id, connector, event, subject, dedupe_key, source, payload)
        SELECT $1, $2, coalesce($7, i.workspace_id), coalesce($7, i.environment_id), coalesce($7, i.id), 'book', $4, $2, $2, $5, $6::jsonb FROM control.connector_instances i WHERE i.id = $3`,
      [delivery.tenantId, delivery.id, delivery.instanceId, delivery.event, delivery.source, delivery.payload, delivery.placeId]);
      return null;
    } catch (error) {
      return error instanceof pg.DatabaseError ? error.code ?? 'unknown' : Promise.reject(error);
    }
  }

  async countOpen(): Promise<number> {
    const { rows } = await this.#pool.query<{ open: number }>(`
      SELECT ((SELECT count(*) FROM execution.deliveries WHERE state = 'accepted') + (SELECT count(*) FROM execution.runs WHERE state NOT IN ('succeeded', 'failed', 'cancelled')))::int AS open`);
    return rows[0]?.open ?? 0;
  }

  async deliveries(): Promise<Array<{ id: string; subject: string; state: string; dropped_because: string | null }>> {
    return (await this.#pool.query<{ id: string; subject: string; state: string; dropped_because: string | null }>('SELECT id, subject, state, dropped_because FROM execution.deliveries')).rows;
  }

  /** One row a run: how it ended, why, and how often its step was claimed. */
  async runs(): Promise<Array<{ subject: string; state: string; code: string | null; claims: number }>> {
    return (await this.#pool.query<{ subject: string; state: string; code: string | null; claims: number }>(`
      SELECT r.subject, r.state, r.error->>'code' AS code, (SELECT coalesce(max(s.fence), 0)::int FROM execution.steps s WHERE s.tenant_id = r.tenant_id AND s.run_id = r.id) AS claims FROM execution.runs r`)).rows;
  }

  /** What the run of `subject` read, as it is sealed. */
  async output(subject: string): Promise<{ id: string; sealed: Buffer } | undefined> {
    return (await this.#pool.query<{ id: string; sealed: Buffer }>(`
      SELECT c.id, c.sealed FROM execution.runs r JOIN execution.steps s ON s.tenant_id = r.tenant_id AND s.run_id = r.id JOIN execution.contents c ON c.tenant_id = s.tenant_id AND c.id = s.output_content_id
       WHERE r.subject = $1 AND r.state = 'succeeded'`, [subject])).rows[0];
  }
}
