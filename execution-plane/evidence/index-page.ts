import { renderPage } from '@countersign/platform/html/page.ts';
import type { Cell, Section } from '@countersign/platform/html/page.ts';
import type { RunRecord } from './repository.ts';

type Row = Readonly<Record<string, unknown>>;

/** index.html: what happened, who allowed it, what changed, what it cost and how to verify all of that, without any tool. */
export function indexPage(record: RunRecord, evidenceId: string, builtAt: Date): Uint8Array {
  const { run } = record;
  return renderPage({
    title: `Evidence of run ${run.id}`,
    summary: `${shown(run['workflow_name'])}, version ${run.workflow_version}: ${shown(run['state'])} at ${shown(run['finished_at'])}. Built ${builtAt.toISOString()} as ${evidenceId}.`,
    sections: [whatHappened(record), whoAllowed(record), whatPolicySaid(record), whatChanged(record), ...whatAgentsDid(record), whatItCost(record), howToVerify(record)],
  });
}

function whatHappened({ run, steps, children }: RunRecord): Section {
  const began: Row = { ...run };
  return {
    heading: 'What happened',
    text: [
      `It began by ${shown(began['trigger_kind'])} for ${shown(began['subject_label'] ?? began['subject'])} at ${shown(began['created_at'])}, in ${shown(began['environment'])} of workspace ${run.workspace_id}, tenant ${run.tenant_id}.`,
      ...(children.length === 0 ? [] : [`It started ${children.length} further run(s), each of which has evidence of its own: ${children.map(({ run_id }) => run_id).join(', ')}.`]),
    ],
    table: table(steps as readonly Row[], [['Step', 'key'], ['Action', 'uses'], ['State', 'state'], ['Attempts', 'attempt'], ['Started', 'started_at'], ['Finished', 'finished_at']], 'No step was begun.'),
  };
}

function whoAllowed({ approvals }: RunRecord): Section {
  const rows = approvals.flatMap((approval): Cell[][] => {
    const votes = (approval['votes'] ?? []) as readonly Row[];
    const asked: Cell[] = [{ code: approval.id }, shown(approval['action']), shown(approval['state']), `${shown(approval['required_votes'])} of ${shown(approval['required_role'])}`];
    return votes.length === 0 ? [[...asked, 'nobody', '', '']] : votes.map((vote): Cell[] => [...asked, { code: shown(vote['principal_id']) }, `${shown(vote['decision'])} at ${shown(vote['voted_at'])}`, signedIn(vote)]);
  });
  return {
    heading: 'Who allowed it',
    text: ['A vote counts for the digest of exactly one action; nobody votes on what they asked for themselves. Persons stand under their ids.'],
    table: { headings: ['Approval', 'Action', 'State', 'Needed', 'Who', 'Vote', 'Signed in'], rows, empty: 'No call needed a person.' },
  };
}

/** How sure it is that it was them: strength and way of the sign-in, and how old it was. */
function signedIn(vote: Row): string {
  const auth = (vote['auth'] ?? {}) as Row;
  const amr = Array.isArray(auth['amr']) && auth['amr'].length > 0 ? `amr ${auth['amr'].join(' ')}` : null;
  const age_ms = vote['sign_in_age_ms'];
  const details = [auth['method'], auth['acr'] === null || auth['acr'] === undefined ? null : `acr ${shown(auth['acr'])}`, amr, typeof age_ms === 'number' ? `${Math.round(age_ms / 1000)} s before` : null];
  return `${shown(vote['auth_strength'])} (${[...details.filter((detail) => typeof detail === 'string'), `by ${shown(vote['channel'])}`].join(', ')})`;
}

function whatPolicySaid({ decisions }: RunRecord): Section {
  return {
    heading: 'What policy decided',
    table: table(decisions as readonly Row[], [['Decision', 'id'], ['Action', 'action'], ['Outcome', 'outcome'], ['Bundle', 'bundle_revision'], ['Decided', 'decided_at']], 'Nothing was asked of policy.'),
  };
}

function whatChanged({ toolCalls }: RunRecord): Section {
  const rows = toolCalls.map((call): Cell[] => {
    const receipt = (call['receipt'] ?? {}) as Row;
    const versions = receipt['target_id'] === undefined ? '' : `${shown(receipt['target_id'])}: ${shown(receipt['version_before'])} to ${shown(receipt['version_after'])}`;
    const readBack = receipt['verified_by_reading_back'] === undefined ? '' : receipt['verified_by_reading_back'] === true ? 'yes' : 'no';
    const fields = Array.isArray(receipt['fields_written']) ? receipt['fields_written'].join(', ') : '';
    return [{ code: call.id }, shown(call['action']), shown(call.risk), shown(call['state']), fields, versions, readBack];
  });
  return {
    heading: 'What was called, and what changed',
    table: { headings: ['Call', 'Action', 'Risk', 'State', 'Fields written', 'Record and its version before and after', 'Read back'], rows, empty: 'Nothing was called.' },
  };
}

/** Only where agents were given something to do. */
function whatAgentsDid({ agents: { orders, decisions } }: RunRecord): Section[] {
  if (orders.length === 0) return [];
  const decided = (order: Row): string => decisions.filter((decision) => decision['order_id'] === order['id']).map((decision) => `${shown(decision['outcome'])} on ${shown(decision['action'])} by ${shown((decision['bundle'] as Row | null)?.['revision'])}`).join('; ');
  return [{
    heading: 'What agents carried out',
    text: ['Each order is for one agent, once; the agent decides by the policy that it holds itself before anything leaves it.'],
    table: {
      headings: ['Order', 'Kind', 'Agent', 'Call', 'State', 'Issued', 'What the agent decided'],
      rows: orders.map((order): Cell[] => [{ code: order.id }, shown(order['kind']), { code: order.agent_id }, shown(order['call_key']), shown(order['refusal'] ?? order['state']), shown(order['issued_at']), decided(order)]),
      empty: '',
    },
  }];
}

function whatItCost({ run, costs }: RunRecord): Section {
  return {
    heading: 'What it cost',
    text: [`${shown(run['cost_usd'])} USD, without what runs that it started have cost.`],
    table: table(costs, [['Call', 'call_id'], ['Meter', 'meter'], ['Quantity', 'quantity'], ['Unit', 'unit'], ['USD', 'amount_usd']], 'Nothing was metered.'),
  };
}

function howToVerify({ events }: RunRecord): Section {
  return {
    heading: 'How to verify this',
    text: [
      `This page proves nothing by itself: it is one of the files that the statement signs. The verifier checks all of them, and that the ${events.chain.events} audit events of the run are in the signed tree of ${events.chain.tree_size} events of chain ${events.chain.id}.`,
      'It needs no server and no network.',
    ],
    commands: ['countersign evidence verify FILE.zip --keys KEYS.json', 'countersign-verify FILE.zip --keys KEYS.json --json'],
  };
}

function table(rows: readonly Row[], columns: ReadonlyArray<readonly [string, string]>, empty: string): NonNullable<Section['table']> {
  return { headings: columns.map(([heading]) => heading), rows: rows.map((row) => columns.map(([, name]) => shown(row[name]))), empty };
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}
