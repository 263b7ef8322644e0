/** PostgreSQL channel on which both planes say, after their commit, what has changed. The payload is one `Change` as JSON. */
export const CHANGES_CHANNEL = 'countersign_changes';

/** Channel on which a control plane says which session has just ended, so that every one closes the streams of it. The payload is the session's id. */
export const SESSION_ENDED_CHANNEL = 'countersign_session_ended';

export const CHANGE_KINDS = ['run', 'approval', 'policy', 'kill_switch', 'break_glass', 'agent'] as const;

/** A hint for open consoles: read the thing itself. */
export interface Change {
  readonly tenant_id: string;
  /** The workspace that the thing belongs to; null where it is the tenant's own, or where an older sender does not say. */
  readonly workspace_id: string | null;
  readonly kind: (typeof CHANGE_KINDS)[number];
  readonly id: string;
  readonly state: string;
}

/** Reads a payload of the channel, with or without a workspace; null for anything else. */
export function changeOf(payload: string): Change | null {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { tenant_id, workspace_id = null, kind, id, state } = value as Record<string, unknown>;
  const known = CHANGE_KINDS.find((one) => one === kind);
  if (known === undefined || typeof tenant_id !== 'string' || typeof id !== 'string' || typeof state !== 'string') return null;
  return workspace_id === null || typeof workspace_id === 'string' ? { tenant_id, workspace_id, kind: known, id, state } : null;
}
