import type { PermissionName, Role } from '@countersign/contracts/openapi/permissions.ts';

/** How a person signed in; null of keys, tokens and clicks. */
export interface SignInFacts {
  readonly method: 'link' | 'oidc' | 'passkey';
  /** Id of the identity provider, for `oidc`. */
  readonly idp: string | null;
  /** What the provider said of the sign-in (OpenID Connect Core 1.0, 2). */
  readonly acr: string | null;
  readonly amr: readonly string[];
}

/** By what a request shows who it is from. */
export type Via =
  | { readonly kind: 'session'; readonly sessionId: string }
  | { readonly kind: 'api_key'; readonly keyId: string }
  | { readonly kind: 'access_token'; readonly tokenId: string; readonly source: 'client' | 'federation'; readonly sourceId: string }
  | { readonly kind: 'change_request'; readonly changeId: string }
  | { readonly kind: 'slack'; readonly installation: string; readonly slackUser: string };

/** Who is asking, in which workspace, with what rights. */
export interface Principal {
  readonly tenantId: string;
  /** The workspace that this request acts in. */
  readonly workspaceId: string;
  /** Whether that is the tenant's oldest: what concerns the whole tenant is done there. */
  readonly isInHomeWorkspace: boolean;
  /** In an archived workspace one only reads. */
  readonly isInArchivedWorkspace: boolean;
  readonly id: string;
  readonly kind: 'person' | 'service';
  readonly displayName: string;
  /** Built-in roles in the workspace: direct, by group or by break-glass. Votes count by these; everything else asks `may`. */
  readonly roles: readonly Role[];
  /** By roles of the tenant's own in the workspace. */
  readonly customPermissions: readonly PermissionName[];
  /** What the key or token is cut to; null: to nothing less than its principal may. */
  readonly scopes: readonly PermissionName[] | null;
  /** Of all roles, cut to the scopes. */
  readonly permissions: ReadonlySet<PermissionName>;
  /** How sure we are: `link` (a one-time sign-in link), `api_key`, `slack_linked` (a click of a linked Slack user); see contracts/policy/sign-in-strength.ts. */
  readonly authStrength: string;
  /** When they signed in, by the database's clock; null where nobody signed in just then (an API key, a click in Slack). */
  readonly signedInAt: Date | null;
  readonly auth: SignInFacts | null;
  readonly via: Via;
}

/** The actor as audit events name it: ids only, never names. */
export function actorOf(principal: Principal): { kind: 'person' | 'service'; id: string } {
  return { kind: principal.kind, id: principal.id };
}
