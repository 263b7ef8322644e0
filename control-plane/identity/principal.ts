import type { Role } from '@countersign/contracts/openapi/permissions.ts';

/** Who is asking, in which workspace, with what rights. */
export interface Principal {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly id: string;
  readonly kind: 'person' | 'service';
  readonly displayName: string;
  readonly roles: readonly Role[];
  /** How sure we are: `link` (a one-time sign-in link), `api_key`, `slack_linked` (a click of a linked Slack user); see contracts/policy/sign-in-strength.ts. */
  readonly authStrength: string;
  /** When they signed in, by the database's clock; null where nobody signed in just then (an API key, a click in Slack). */
  readonly signedInAt: Date | null;
  readonly via: { readonly kind: 'session'; readonly sessionId: string } | { readonly kind: 'api_key'; readonly keyId: string }
    | { readonly kind: 'slack'; readonly installation: string; readonly slackUser: string };
}

/** The actor as audit events name it. */
export function actorOf(principal: Principal): { kind: 'person' | 'service'; id: string } {
  return { kind: principal.kind, id: principal.id };
}
