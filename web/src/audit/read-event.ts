interface Party {
  kind: string;
  id: string;
}

/** The parts of an audit event that every event has (contracts/events/audit-event.ts). A newer server's event may differ: what is missing is empty. */
export interface EventView {
  type: string;
  at: string;
  actor: Party;
  subject: Party;
  runId: string | null;
}

export function readEvent(event: Record<string, unknown>): EventView {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const party = (value: unknown): Party => {
    const { kind, id } = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
    return { kind: text(kind), id: text(id) };
  };
  const runId = text(event['run_id']);
  return { type: text(event['type']), at: text(event['at']), actor: party(event['actor']), subject: party(event['subject']), runId: runId === '' ? null : runId };
}
