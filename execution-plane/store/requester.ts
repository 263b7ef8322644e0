/**
 * SQL: who an approval is asked for, and who therefore never votes on it. Whoever started the run by hand, or the run that it is a child of; else the
 * workflow itself, which an event or a schedule began. The arguments are SQL expressions, `workflow` for `workflow:<name>`.
 */
export function requesterOf({ tenant, run, workflow }: { readonly tenant: string; readonly run: string; readonly workflow: string }): string {
  return `coalesce((
               WITH RECURSIVE family AS (
                 SELECT r.tenant_id, r.parent_run_id, r.delivery_id FROM execution.runs r WHERE r.tenant_id = ${tenant} AND r.id = ${run}
                 UNION ALL
                 SELECT p.tenant_id, p.parent_run_id, p.delivery_id FROM family f JOIN execution.runs p ON p.tenant_id = f.tenant_id AND p.id = f.parent_run_id
               )
               SELECT d.requested_by FROM family f JOIN execution.deliveries d ON d.tenant_id = f.tenant_id AND d.id = f.delivery_id
                WHERE d.requested_by IS NOT NULL LIMIT 1), ${workflow})`;
}
