import pg from 'pg';

/**
 * Stands in for the sequencer, which is the control plane's: gives every pending event a place in its chain, and each chain a checkpoint behind
 * its last. What it writes is linked and signed by nobody, and proves nothing.
 */
export async function sealWithoutProof(adminUrl: string): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await admin.query(`
      UPDATE audit.events e SET seq = n.seq, prev_hash = '-', hash = '-', line = json_build_object('seq', n.seq, 'prev_hash', '-', 'body_sha256', '-')::text
        FROM (SELECT tenant_id, id, row_number() OVER (PARTITION BY tenant_id, chain ORDER BY pending_no) AS seq FROM audit.events) n
       WHERE (e.tenant_id, e.id) = (n.tenant_id, n.id) AND e.seq IS NULL`);
    await admin.query(`
      INSERT INTO audit.checkpoints (tenant_id, chain, seq, id, hash, body, signature, kid, object_key)
      SELECT tenant_id, chain, max(seq), 'chk_' || chain || max(seq), '-', '{}', '-', '-', '-' FROM audit.events GROUP BY tenant_id, chain ON CONFLICT DO NOTHING`);
  } finally {
    await admin.end();
  }
}
