import type { AgentConfig } from '../config/agent-config.ts';
import type { Environment } from '../credentials/secret-ref.ts';
import type { EnrolmentError } from '../enrolment/errors.ts';
import type { AgentKeys, Identity } from '../enrolment/identity.ts';
import type { AgentStatus } from '../status/status-file.ts';
import type { Way } from './way-to-cell.ts';

export const CHECKS = ['permission', 'disk', 'certificate', 'dns', 'proxy', 'port', 'ca', 'clock', 'policy', 'connector'] as const;
export type CheckName = (typeof CHECKS)[number];

/** What one look gave. `ok` is null where it could not be looked, because something before it does not work. */
export interface Finding {
  readonly name: CheckName;
  readonly ok: boolean | null;
  readonly found: string;
  /** What to do; null where there is nothing to do. */
  readonly fix: string | null;
}

export type Seen = Omit<Finding, 'name'>;

/** What all checks look at. */
export interface Examined {
  readonly config: AgentConfig;
  readonly env: Environment;
  /** This machine's clock. */
  readonly now: () => Date;
  readonly enrolment: { readonly identity: Identity; readonly keys: AgentKeys } | EnrolmentError;
  /** Of the agent that runs here; null: none does. */
  readonly running: AgentStatus | null;
  /** How far one gets on the way to the cell; null: there is none before the enrolment. */
  readonly way: Way | null;
}

export const well = (found: string): Seen => ({ ok: true, found, fix: null });
export const ill = (found: string, fix: string): Seen => ({ ok: false, found, fix });
/** Why there is no way to a cell that one could go. */
export function noWay({ enrolment }: Examined): string {
  return 'code' in enrolment && enrolment.code === 'not_enrolled' ? 'there is no enrolment that says where the cell is' : 'the enrolment cannot be used, so nobody knows where the cell is';
}

export const unseen = (why: string): Seen => ({ ok: null, found: `not looked at: ${why}`, fix: null });
