import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database, Statement } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';

const THIRTY_DAYS_MS = 30 * 24 * 3_600_000;

/**
 * A ticket is a subject that an event from outside brought in, counted once however many runs it had; runs started by hand
 * (training, say) cost, but are no tickets: they are in the total and by workflow, not in the price of a ticket.
 */
const totals: Statement = {
  name: 'cost_report.totals',
  text: `
    WITH runs AS (
      SELECT r.id, r.environment_id, r.subject, r.cost_usd, d.source IS NOT NULL AND d.source <> 'manual' AS is_ticket
        FROM execution.runs r LEFT JOIN execution.deliveries d ON (d.tenant_id, d.id) = (r.tenant_id, r.delivery_id)
       WHERE r.tenant_id = $1 AND r.workspace_id = $2 AND r.created_at >= $3 AND r.created_at < $4),
    counted AS (
      SELECT count(DISTINCT (environment_id, subject)) FILTER (WHERE is_ticket) AS tickets,
             coalesce(sum(cost_usd) FILTER (WHERE is_ticket), 0) AS tickets_usd, coalesce(sum(cost_usd), 0) AS total_usd
        FROM runs)
    SELECT tickets::int AS tickets, total_usd::numeric(18, 9)::text AS total_usd, (tickets_usd / nullif(tickets, 0))::numeric(18, 9)::text AS usd_per_ticket
      FROM counted`,
};

const byMeter: Statement = {
  name: 'cost_report.by_meter',
  text: `
    SELECT c.meter, sum(c.quantity)::text AS quantity, c.unit, sum(c.amount_usd)::text AS amount_usd
      FROM execution.cost_lines c JOIN execution.runs r ON (r.tenant_id, r.id) = (c.tenant_id, c.run_id)
     WHERE r.tenant_id = $1 AND r.workspace_id = $2 AND r.created_at >= $3 AND r.created_at < $4
     GROUP BY c.meter, c.unit ORDER BY sum(c.amount_usd) DESC, c.meter`,
};

const byWorkflow: Statement = {
  name: 'cost_report.by_workflow',
  text: `
    SELECT r.workflow_name, count(DISTINCT (r.environment_id, r.subject)) FILTER (WHERE d.source <> 'manual')::int AS tickets, sum(r.cost_usd)::text AS amount_usd
      FROM execution.runs r LEFT JOIN execution.deliveries d ON (d.tenant_id, d.id) = (r.tenant_id, r.delivery_id)
     WHERE r.tenant_id = $1 AND r.workspace_id = $2 AND r.created_at >= $3 AND r.created_at < $4
     GROUP BY r.workflow_name ORDER BY sum(r.cost_usd) DESC, r.workflow_name`,
};

type Report = Answer<'getCostPerTicket'>['body'];

/** What a ticket costs, over a span of time. Money is decimal text all the way: no float ever holds it. */
export class CostReport {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async getCostPerTicket({ principal, query }: Call<'getCostPerTicket'>): Promise<Answer<'getCostPerTicket'>> {
    const to = query.to === undefined ? this.#clock.now() : new Date(query.to);
    const from = query.from === undefined ? new Date(to.getTime() - THIRTY_DAYS_MS) : new Date(query.from);
    if (!(from < to)) throw new ApiError('request_invalid', 'The span is empty.', { errors: [{ field: '/query/from', code: 'not_before_to', message: 'Give a moment before `to`.' }] });
    const span = [principal.tenantId, principal.workspaceId, from, to];
    const body = await this.#database.forTenant(principal.tenantId, async (tx): Promise<Report> => ({
      from: from.toISOString(), to: to.toISOString(),
      ...await tx.one<Pick<Report, 'tickets' | 'total_usd' | 'usd_per_ticket'>>(totals, span),
      by_meter: await tx.rows<Report['by_meter'][number]>(byMeter, span),
      by_workflow: await tx.rows<Report['by_workflow'][number]>(byWorkflow, span),
    }));
    return { status: 200, body };
  }
}
