import type { components, operations } from './api.generated.ts';

export type OperationId = keyof operations;
export type Role = components['schemas']['Role'];

/** `public`: the operation checks by itself who is asking. `signed_in`: every principal of the tenant. Else: one of these roles in the workspace. */
export type Permission = 'public' | 'signed_in' | readonly Role[];

export const EVERY_ROLE = ['viewer', 'operator', 'author', 'approver', 'policy-admin', 'auditor', 'admin'] as const satisfies readonly Role[];

/** Roles that may see what tickets say and what models answered. The others see metadata, digests and states. */
export const CONTENT_ROLES: readonly Role[] = ['operator', 'author', 'approver', 'admin'];

/** Roles that may read the sources of policy: what exactly is refused tells how to stay beneath it. */
export const POLICY_READERS: readonly Role[] = ['author', 'approver', 'policy-admin', 'auditor', 'admin'];

/** Who may do what. The server refuses by this table, the console hides by it, and a test walks every cell of it. */
export const PERMISSIONS: Readonly<Record<OperationId, Permission>> = {
  signIn: 'public',
  signOut: 'signed_in',
  getMe: 'signed_in',
  createApiKey: 'signed_in',
  // Signed by the sender; no principal of ours.
  ingest: 'public',
  listRuns: EVERY_ROLE,
  startRun: ['operator', 'author', 'admin'],
  getRun: EVERY_ROLE,
  getRunTimeline: EVERY_ROLE,
  // One's own, and what is shared in the workspace; whose view may be changed is looked up.
  listSavedViews: EVERY_ROLE,
  createSavedView: EVERY_ROLE,
  updateSavedView: EVERY_ROLE,
  deleteSavedView: EVERY_ROLE,
  getQueues: EVERY_ROLE,
  getBoard: EVERY_ROLE,
  cancelRun: ['operator', 'admin'],
  redriveRun: ['operator', 'admin'],
  pauseRun: ['operator', 'admin'],
  resumeRun: ['operator', 'admin'],
  cancelRuns: ['operator', 'admin'],
  listDeadLetters: EVERY_ROLE,
  redriveDeadLetters: ['operator', 'admin'],
  listBulkCommands: EVERY_ROLE,
  getBulkCommand: EVERY_ROLE,
  getEvidence: ['operator', 'approver', 'auditor', 'admin'],
  listApprovals: EVERY_ROLE,
  getApproval: EVERY_ROLE,
  // Which role may vote is a matter of each approval's tier; a vote without it is refused and audited.
  castVote: 'signed_in',
  getSlackApp: ['admin'],
  putSlackApp: ['admin'],
  removeSlackApp: ['admin'],
  startSlackInstall: ['admin'],
  finishSlackInstall: ['admin'],
  listSlackInstallations: ['admin'],
  putSlackInstallation: ['admin'],
  removeSlackInstallation: ['admin'],
  listSlackChannels: ['admin'],
  putSlackChannel: ['admin'],
  removeSlackChannel: ['admin'],
  listSlackLinks: ['admin'],
  // People link themselves; what the link lets them do is looked up anew at every click.
  describeSlackLink: 'signed_in',
  confirmSlackLink: 'signed_in',
  // One's own; an admin any.
  removeSlackLink: 'signed_in',
  // Signed by Slack; no principal of ours.
  slackRequest: 'public',
  listWorkflows: EVERY_ROLE,
  publishWorkflow: ['author', 'admin'],
  getWorkflowVersion: EVERY_ROLE,
  activateWorkflow: ['operator', 'admin'],
  listConnectors: EVERY_ROLE,
  publishConnector: ['admin'],
  listPublishers: EVERY_ROLE,
  trustPublisher: ['admin'],
  revokePublisher: ['admin'],
  approvePackage: ['policy-admin', 'admin'],
  storeCredential: ['admin'],
  listInstances: EVERY_ROLE,
  createInstance: ['admin'],
  listSchedules: EVERY_ROLE,
  pauseSchedule: ['operator', 'admin'],
  resumeSchedule: ['operator', 'admin'],
  getPolicy: EVERY_ROLE,
  getPolicyBundle: ['policy-admin', 'auditor', 'admin'],
  getPolicies: EVERY_ROLE,
  createPolicyDraft: ['author', 'policy-admin', 'admin'],
  listPolicyDrafts: POLICY_READERS,
  getPolicyDraft: POLICY_READERS,
  publishPolicyVersion: ['policy-admin', 'admin'],
  listPolicyVersions: EVERY_ROLE,
  getPolicyVersion: POLICY_READERS,
  createPolicyRelease: ['policy-admin', 'admin'],
  listPolicyReleases: EVERY_ROLE,
  getPolicyRelease: POLICY_READERS,
  // Never who asked for the release: refused by its state, not by this table.
  overridePolicyGate: ['approver', 'admin'],
  withdrawPolicyRelease: ['policy-admin', 'admin'],
  getPolicyGate: EVERY_ROLE,
  // Not the policy-admin: whom the gate holds back does not set it.
  putPolicyGate: ['admin'],
  // Metadata only: inputs are masked before they are stored.
  listDecisions: EVERY_ROLE,
  getDecision: EVERY_ROLE,
  exportDecisions: ['policy-admin', 'auditor', 'admin'],
  getPolicyShadow: EVERY_ROLE,
  simulatePolicy: ['author', 'policy-admin', 'admin'],
  listPolicyReplays: EVERY_ROLE,
  startPolicyReplay: ['policy-admin', 'admin'],
  getPolicyReplay: EVERY_ROLE,
  cancelPolicyReplay: ['policy-admin', 'admin'],
  listKillSwitches: EVERY_ROLE,
  setKillSwitch: ['operator', 'policy-admin', 'admin'],
  releaseKillSwitch: ['operator', 'policy-admin', 'admin'],
  listKeys: 'signed_in',
  rotateKey: ['admin'],
  listAuditEvents: ['auditor', 'admin'],
  getCostPerTicket: EVERY_ROLE,
  getBudget: EVERY_ROLE,
  putBudget: ['admin'],
  getPrices: EVERY_ROLE,
  putPrices: ['admin'],
  streamEvents: EVERY_ROLE,
  getCell: 'signed_in',
};
