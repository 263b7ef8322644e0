import type { components, operations } from './api.generated.ts';

export type OperationId = keyof operations;
export type Role = components['schemas']['Role'];

export const EVERY_ROLE = ['viewer', 'operator', 'author', 'approver', 'policy-admin', 'auditor', 'admin'] as const satisfies readonly Role[];

/** Everything that can be allowed. Roles of a tenant's own, keys and tokens are cut from this list; a name that is not in it is refused. */
export const PERMISSION_NAMES = [
  'runs:read', 'runs:start', 'runs:control', 'schedules:control', 'views:use', 'content:read', 'evidence:read', 'evidence:build',
  'approvals:read', 'slack:manage', 'workflows:read', 'workflows:publish', 'workflows:activate',
  'connectors:read', 'connectors:manage', 'packages:approve', 'credentials:read', 'credentials:manage',
  'agents:read', 'agents:enrol', 'agents:manage',
  'policies:read', 'policies:read_bundle', 'policies:read_source', 'policies:draft', 'policies:simulate', 'policies:publish', 'policies:release',
  'policies:override_gate', 'policies:manage_gate', 'policies:replay', 'decisions:read', 'decisions:export',
  'kill_switches:read', 'kill_switches:set', 'keys:rotate', 'keys:revoke', 'audit:read', 'audit:export', 'audit:manage', 'budgets:read', 'budgets:manage',
  'people:read', 'people:manage', 'groups:read', 'groups:manage', 'scim:manage', 'sessions:manage', 'identity_providers:manage',
  'roles:read', 'roles:manage', 'roles:grant', 'service_accounts:manage', 'api_keys:manage', 'federations:manage', 'authorization:manage',
  'changes:read', 'changes:decide', 'break_glass:activate', 'break_glass:review',
  'workspaces:read', 'workspaces:manage', 'limits:read', 'limits:manage',
  'retention:read', 'retention:manage', 'erasure:request', 'erasure:read', 'legal_holds:manage',
] as const;

export type PermissionName = typeof PERMISSION_NAMES[number];

/**
 * What an operation asks for. `public`: it checks by itself who is asking. `signed_in`: every principal of the tenant. `cell`: the key of whoever
 * operates the installation; for tenants there is no such path. Else: a permission.
 */
export type OperationNeed = 'public' | 'signed_in' | 'cell' | PermissionName;

export const OPERATION_PERMISSION = {
  signIn: 'public',
  signOut: 'signed_in',
  getMe: 'signed_in',
  getSignInMethods: 'public',
  startOidcSignIn: 'public',
  finishOidcSignIn: 'public',
  startPasskeySignIn: 'public',
  finishPasskeySignIn: 'public',
  // Whoever holds the token.
  describeInvitation: 'public',
  acceptInvitation: 'public',
  listPasskeys: 'signed_in',
  startPasskey: 'signed_in',
  createPasskey: 'signed_in',
  deletePasskey: 'signed_in',
  listPeople: 'people:read',
  getPerson: 'people:read',
  updatePerson: 'people:manage',
  listInvitations: 'people:manage',
  createInvitation: 'people:manage',
  revokeInvitation: 'people:manage',
  listGroups: 'groups:read',
  createGroup: 'groups:manage',
  updateGroup: 'groups:manage',
  deleteGroup: 'groups:manage',
  // The scope of a directory's key.
  scimGetConfig: 'scim:manage',
  scimListTypes: 'scim:manage',
  scimListSchemas: 'scim:manage',
  scimListUsers: 'scim:manage',
  scimCreateUser: 'scim:manage',
  scimGetUser: 'scim:manage',
  scimReplaceUser: 'scim:manage',
  scimPatchUser: 'scim:manage',
  scimDeleteUser: 'scim:manage',
  scimListGroups: 'scim:manage',
  scimCreateGroup: 'scim:manage',
  scimGetGroup: 'scim:manage',
  scimReplaceGroup: 'scim:manage',
  scimPatchGroup: 'scim:manage',
  scimDeleteGroup: 'scim:manage',
  listIdentityProviders: 'identity_providers:manage',
  createIdentityProvider: 'identity_providers:manage',
  updateIdentityProvider: 'identity_providers:manage',
  deleteIdentityProvider: 'identity_providers:manage',
  testIdentityProvider: 'identity_providers:manage',
  chooseWorkspace: 'signed_in',
  // One's own; with sessions:manage anybody's.
  listSessions: 'signed_in',
  revokeSessions: 'signed_in',
  revokeSession: 'signed_in',
  getSessionLimits: 'sessions:manage',
  putSessionLimits: 'sessions:manage',
  createApiKey: 'signed_in',
  // Signed by the sender; no principal of ours.
  ingest: 'public',
  listRuns: 'runs:read',
  startRun: 'runs:start',
  getRun: 'runs:read',
  getRunTimeline: 'runs:read',
  // One's own, and what is shared in the workspace; whose view may be changed is looked up.
  listSavedViews: 'views:use',
  createSavedView: 'views:use',
  updateSavedView: 'views:use',
  deleteSavedView: 'views:use',
  getQueues: 'runs:read',
  getBoard: 'runs:read',
  cancelRun: 'runs:control',
  redriveRun: 'runs:control',
  pauseRun: 'runs:control',
  resumeRun: 'runs:control',
  cancelRuns: 'runs:control',
  listDeadLetters: 'runs:read',
  redriveDeadLetters: 'runs:control',
  listBulkCommands: 'runs:read',
  getBulkCommand: 'runs:read',
  getEvidence: 'evidence:read',
  createEvidencePackage: 'evidence:build',
  listEvidencePackages: 'evidence:read',
  getEvidencePackage: 'evidence:read',
  getEvidenceArchive: 'evidence:read',
  listApprovals: 'approvals:read',
  getApproval: 'approvals:read',
  // Which role may vote is a matter of each approval's tier; a vote without it is refused and audited.
  castVote: 'signed_in',
  getSlackApp: 'slack:manage',
  putSlackApp: 'slack:manage',
  removeSlackApp: 'slack:manage',
  startSlackInstall: 'slack:manage',
  finishSlackInstall: 'slack:manage',
  listSlackInstallations: 'slack:manage',
  putSlackInstallation: 'slack:manage',
  removeSlackInstallation: 'slack:manage',
  listSlackChannels: 'slack:manage',
  putSlackChannel: 'slack:manage',
  removeSlackChannel: 'slack:manage',
  listSlackLinks: 'slack:manage',
  // People link themselves; what the link lets them do is looked up anew at every click.
  describeSlackLink: 'signed_in',
  confirmSlackLink: 'signed_in',
  // One's own; with slack:manage any.
  removeSlackLink: 'signed_in',
  // Signed by Slack; no principal of ours.
  slackRequest: 'public',
  listWorkflows: 'workflows:read',
  publishWorkflow: 'workflows:publish',
  getWorkflowVersion: 'workflows:read',
  activateWorkflow: 'workflows:activate',
  listConnectors: 'connectors:read',
  publishConnector: 'connectors:manage',
  listPublishers: 'connectors:read',
  trustPublisher: 'connectors:manage',
  revokePublisher: 'connectors:manage',
  approvePackage: 'packages:approve',
  listCredentials: 'credentials:read',
  storeCredential: 'credentials:manage',
  rotateCredential: 'credentials:manage',
  deleteCredential: 'credentials:manage',
  listInstances: 'connectors:read',
  createInstance: 'connectors:manage',
  listAgentPools: 'agents:read',
  createAgentPool: 'agents:manage',
  updateAgentPool: 'agents:manage',
  deleteAgentPool: 'agents:manage',
  listAgentTokens: 'agents:enrol',
  createAgentToken: 'agents:enrol',
  revokeAgentToken: 'agents:enrol',
  listAgents: 'agents:read',
  getAgent: 'agents:read',
  drainAgent: 'agents:manage',
  resumeAgent: 'agents:manage',
  revokeAgent: 'agents:manage',
  listAgentRollouts: 'agents:read',
  createAgentRollout: 'agents:manage',
  haltAgentRollout: 'agents:manage',
  resumeAgentRollout: 'agents:manage',
  listSchedules: 'runs:read',
  pauseSchedule: 'schedules:control',
  resumeSchedule: 'schedules:control',
  getPolicy: 'policies:read',
  getPolicyBundle: 'policies:read_bundle',
  getPolicies: 'policies:read',
  createPolicyDraft: 'policies:draft',
  listPolicyDrafts: 'policies:read_source',
  getPolicyDraft: 'policies:read_source',
  publishPolicyVersion: 'policies:publish',
  listPolicyVersions: 'policies:read',
  getPolicyVersion: 'policies:read_source',
  createPolicyRelease: 'policies:release',
  listPolicyReleases: 'policies:read',
  getPolicyRelease: 'policies:read_source',
  // Never who asked for the release: refused by its state, not by this table.
  overridePolicyGate: 'policies:override_gate',
  withdrawPolicyRelease: 'policies:release',
  getPolicyGate: 'policies:read',
  // Not the policy-admin: whom the gate holds back does not set it.
  putPolicyGate: 'policies:manage_gate',
  // Metadata only: inputs are masked before they are stored.
  listDecisions: 'decisions:read',
  getDecision: 'decisions:read',
  exportDecisions: 'decisions:export',
  getPolicyShadow: 'policies:read',
  simulatePolicy: 'policies:simulate',
  listPolicyReplays: 'policies:read',
  startPolicyReplay: 'policies:replay',
  getPolicyReplay: 'policies:read',
  cancelPolicyReplay: 'policies:replay',
  listKillSwitches: 'kill_switches:read',
  setKillSwitch: 'kill_switches:set',
  releaseKillSwitch: 'kill_switches:set',
  getRetention: 'retention:read',
  putRetention: 'retention:manage',
  createErasureRequest: 'erasure:request',
  listErasureRequests: 'erasure:read',
  getErasureRequest: 'erasure:read',
  listLegalHolds: 'retention:read',
  setLegalHold: 'legal_holds:manage',
  releaseLegalHold: 'legal_holds:manage',
  listKeys: 'signed_in',
  rotateKey: 'keys:rotate',
  revokeKey: 'keys:revoke',
  listKeySignatures: 'audit:read',
  getKeySet: 'public',
  listDataKeys: 'audit:read',
  rotateDataKey: 'keys:rotate',
  listAuditEvents: 'audit:read',
  exportAudit: 'audit:export',
  listCheckpoints: 'audit:read',
  getCheckpoint: 'audit:read',
  getInclusionProof: 'audit:read',
  getConsistencyProof: 'audit:read',
  verifyAudit: 'audit:read',
  listWitnesses: 'audit:read',
  createWitness: 'audit:manage',
  deleteWitness: 'audit:manage',
  listSinks: 'audit:read',
  createSink: 'audit:manage',
  updateSink: 'audit:manage',
  deleteSink: 'audit:manage',
  testSink: 'audit:manage',
  getCostPerTicket: 'runs:read',
  getBudget: 'budgets:read',
  putBudget: 'budgets:manage',
  getPrices: 'budgets:read',
  putPrices: 'budgets:manage',
  streamEvents: 'runs:read',
  getCell: 'signed_in',
  // One's own; with break_glass:review anybody's.
  listBreakGlass: 'signed_in',
  activateBreakGlass: 'break_glass:activate',
  endBreakGlass: 'signed_in',
  reviewBreakGlass: 'break_glass:review',
  // One's own; with changes:read all of the workspace.
  listChangeRequests: 'signed_in',
  getChangeRequest: 'signed_in',
  // Never of one's own: refused by who asked for it, not by this table.
  approveChangeRequest: 'changes:decide',
  rejectChangeRequest: 'changes:decide',
  // One's own.
  withdrawChangeRequest: 'signed_in',
  // One's own; with api_keys:manage those of service accounts, too.
  listApiKeys: 'signed_in',
  updateApiKey: 'signed_in',
  rotateApiKey: 'signed_in',
  revokeApiKey: 'signed_in',
  listServiceAccounts: 'service_accounts:manage',
  createServiceAccount: 'service_accounts:manage',
  updateServiceAccount: 'service_accounts:manage',
  listOauthClients: 'service_accounts:manage',
  createOauthClient: 'service_accounts:manage',
  updateOauthClient: 'service_accounts:manage',
  rotateOauthClient: 'service_accounts:manage',
  deleteOauthClient: 'service_accounts:manage',
  addOauthClientKey: 'service_accounts:manage',
  removeOauthClientKey: 'service_accounts:manage',
  // By a client's secret or key, or a token of an issuer that the tenant trusts.
  issueToken: 'public',
  // By whoever holds the token.
  revokeToken: 'public',
  listFederations: 'federations:manage',
  createFederation: 'federations:manage',
  updateFederation: 'federations:manage',
  deleteFederation: 'federations:manage',
  testFederation: 'federations:manage',
  listRoles: 'roles:read',
  createRole: 'roles:manage',
  updateRole: 'roles:manage',
  deleteRole: 'roles:manage',
  listRoleAssignments: 'roles:read',
  grantRole: 'roles:grant',
  revokeRole: 'roles:grant',
  getGroupRoles: 'roles:read',
  putGroupRoles: 'roles:grant',
  getAuthorization: 'roles:read',
  putAuthorization: 'authorization:manage',
  listPermissions: 'signed_in',
  listWorkspaces: 'workspaces:read',
  createWorkspace: 'workspaces:manage',
  updateWorkspace: 'workspaces:manage',
  archiveWorkspace: 'workspaces:manage',
  restoreWorkspace: 'workspaces:manage',
  listEnvironments: 'workspaces:read',
  getLimits: 'limits:read',
  putLimits: 'limits:manage',
  listTenants: 'cell',
  createTenant: 'cell',
  getTenant: 'cell',
  updateTenant: 'cell',
  deleteTenant: 'cell',
  getTenantDeletion: 'cell',
  confirmTenantDeletion: 'cell',
  cancelTenantDeletion: 'cell',
  listTenantMoves: 'cell',
} as const satisfies Readonly<Record<OperationId, OperationNeed>>;

type Needing<Need extends OperationNeed> = { [Op in OperationId]: (typeof OPERATION_PERMISSION)[Op] extends Need ? Op : never }[OperationId];

/** Operations that no principal of a tenant calls. */
export type PublicOperationId = Needing<'public'>;
export type CellOperationId = Needing<'cell'>;

/** Calls that wait for a second person where the tenant's settings name their permission. Everything in them that takes effect at once makes the tenant laxer, acts in its name, or cannot be undone. */
export const SECOND_PERSON_OPERATIONS = [
  'publishWorkflow', 'activateWorkflow', 'createPolicyRelease', 'createRole', 'updateRole', 'grantRole', 'putGroupRoles', 'updateGroup', 'putAuthorization', 'putRetention',
  // What is erased is gone, and whoever may ask chooses the words that it is found by.
  'createErasureRequest', 'releaseLegalHold',
] as const satisfies readonly OperationId[];

/** What a key or token with scopes may call of what everybody who is signed in may: it tells who one is, and changes nothing. */
export const OPEN_TO_ANY_SCOPE = ['getMe', 'getCell', 'listKeys', 'listPermissions', 'signOut'] as const satisfies readonly OperationId[];

const READS: readonly PermissionName[] = [
  'runs:read', 'views:use', 'approvals:read', 'workflows:read', 'connectors:read', 'agents:read', 'policies:read', 'decisions:read', 'kill_switches:read', 'budgets:read', 'workspaces:read',
];

/** What the built-in roles hold. Content is what tickets say and what models answered: without `content:read` one sees metadata, digests and states. */
export const ROLE_PERMISSIONS: Readonly<Record<Role, readonly PermissionName[]>> = {
  viewer: READS,
  operator: [
    ...READS, 'content:read', 'runs:start', 'runs:control', 'schedules:control', 'evidence:read', 'workflows:activate', 'agents:manage', 'kill_switches:set', 'people:read', 'roles:read',
  ],
  author: [
    ...READS, 'content:read', 'runs:start', 'workflows:publish', 'policies:draft', 'policies:simulate', 'policies:read_source', 'people:read', 'roles:read',
  ],
  approver: [
    ...READS, 'content:read', 'evidence:read', 'policies:read_source', 'policies:override_gate', 'people:read', 'roles:read', 'changes:read', 'changes:decide',
  ],
  'policy-admin': [
    ...READS, 'packages:approve', 'policies:read_bundle', 'policies:read_source', 'policies:draft', 'policies:simulate', 'policies:publish', 'policies:release',
    'policies:replay', 'decisions:export', 'kill_switches:set', 'roles:read', 'changes:read', 'changes:decide', 'authorization:manage',
  ],
  auditor: [
    ...READS, 'evidence:read', 'evidence:build', 'credentials:read', 'policies:read_bundle', 'policies:read_source', 'decisions:export', 'audit:read', 'audit:export', 'audit:manage',
    'people:read', 'groups:read', 'roles:read', 'changes:read', 'break_glass:review', 'limits:read', 'retention:read', 'erasure:read',
  ],
  admin: PERMISSION_NAMES,
};

/** `public`, `signed_in`, `cell`, or: one of these built-in roles in the workspace. */
export type Permission = Extract<OperationNeed, 'public' | 'signed_in' | 'cell'> | readonly Role[];

/** Who may call what, by the built-in roles: derived from both tables above. */
export const PERMISSIONS: Readonly<Record<OperationId, Permission>> = Object.fromEntries(
  Object.entries(OPERATION_PERMISSION).map(([operation, need]) => [operation, isPermission(need) ? rolesWith(need) : need]),
) as Record<OperationId, Permission>;

/** Whether an operation asks for a permission rather than for one of the three special needs. */
export function isPermission(need: string): need is PermissionName {
  return (PERMISSION_NAMES as readonly string[]).includes(need);
}

/** The built-in roles that hold a permission, in the order in which roles are listed. */
export function rolesWith(permission: PermissionName): readonly Role[] {
  return EVERY_ROLE.filter((role) => ROLE_PERMISSIONS[role].includes(permission));
}
