/** What of the audit is searched for: all of it is in the address. */
export interface AuditFilter {
  runId: string;
  type: string;
  actor: string;
  subject: string;
  from: string;
  to: string;
  cursor: string | null;
}

export const ANY_EVENT: AuditFilter = { runId: '', type: '', actor: '', subject: '', from: '', to: '', cursor: null };

const NAMES = { runId: 'run', type: 'type', actor: 'actor', subject: 'subject', from: 'from', to: 'to' } as const;

export function filterIn(search: URLSearchParams): AuditFilter {
  const text = (name: string): string => search.get(name) ?? '';
  return { runId: text('run'), type: text('type'), actor: text('actor'), subject: text('subject'), from: text('from'), to: text('to'), cursor: search.get('cursor') };
}

/** The address of a filter; what is empty is left out. */
export function addressOf(filter: AuditFilter): Record<string, string> {
  const parts = (Object.keys(NAMES) as Array<keyof typeof NAMES>).flatMap((key) => (filter[key] === '' ? [] : [[NAMES[key], filter[key]]]));
  return { ...Object.fromEntries(parts), ...(filter.cursor === null ? {} : { cursor: filter.cursor }) };
}

/** The query of the API for a filter. */
export function queryOf({ runId, type, actor, subject, from, to, cursor }: AuditFilter): { run_id?: string; type?: string; actor?: string; subject?: string; from?: string; to?: string; cursor?: string } {
  return {
    ...(runId === '' ? {} : { run_id: runId }), ...(type === '' ? {} : { type }), ...(actor === '' ? {} : { actor }), ...(subject === '' ? {} : { subject }), ...(from === '' ? {} : { from }), ...(to === '' ? {} : { to }),
    ...(cursor === null ? {} : { cursor }),
  };
}
