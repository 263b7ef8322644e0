import type { AgentsApi } from '../agents/pools/agents-api.ts';
import type { RolloutsApi } from '../agents/rollouts/rollouts-api.ts';
import type { Approvals } from '../approvals/approvals.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { Budgets } from '../budgets/budgets.ts';
import type { Prices } from '../budgets/prices.ts';
import type { BulkCommands } from '../bulk-commands/bulk-commands.ts';
import type { CellApi } from '../cell/cell-api.ts';
import type { Connectors } from '../connectors/connectors.ts';
import type { Credentials } from '../connectors/credentials.ts';
import type { InstancePackages } from '../connectors/instance-packages.ts';
import type { Instances } from '../connectors/instances.ts';
import type { Publishers } from '../connectors/publishers.ts';
import type { DeadLetters } from '../dead-letters/dead-letters.ts';
import type { Decisions } from '../decisions/decisions.ts';
import type { DecisionExport } from '../decisions/export.ts';
import type { EvidencePackages } from '../evidence/evidence-packages.ts';
import type { Keyring } from '../keyring/keyring.ts';
import type { KillSwitches } from '../kill-switches/kill-switches.ts';
import type { Hub } from '../live/hub.ts';
import type { Policies } from '../policies/policies.ts';
import type { Board } from '../operations/board.ts';
import type { Queues } from '../operations/queues.ts';
import type { People } from '../people/people.ts';
import type { Privacy } from '../privacy/privacy.ts';
import type { PolicyReplays } from '../replays/replays.ts';
import type { CostReport } from '../runs/cost-report.ts';
import type { Evidence } from '../runs/evidence.ts';
import type { RunCommands } from '../runs/run-commands.ts';
import type { Machines } from '../machines/machines.ts';
import type { BreakGlass } from '../break-glass/break-glass.ts';
import type { Changes } from '../changes/changes.ts';
import type { Roles } from '../roles/roles.ts';
import type { Runs } from '../runs/runs.ts';
import type { RunSearch } from '../runs/search.ts';
import type { RunTimelines } from '../runs/timeline.ts';
import type { SavedViews } from '../saved-views/saved-views.ts';
import type { Schedules } from '../schedules/schedules.ts';
import type { Simulations } from '../simulation/simulations.ts';
import type { Slack } from '../slack/slack.ts';
import type { Tenancy } from '../tenancy/tenancy.ts';
import type { Workflows } from '../workflows/workflows.ts';
import type { Handlers } from './operation.ts';

export interface Services {
  readonly agentsApi: AgentsApi;
  readonly rolloutsApi: RolloutsApi;
  readonly machines: Machines;
  readonly breakGlass: BreakGlass;
  readonly changes: Changes;
  readonly roles: Roles;
  readonly people: People;
  readonly runs: Runs;
  readonly runSearch: RunSearch;
  readonly runTimelines: RunTimelines;
  readonly savedViews: SavedViews;
  readonly queues: Queues;
  readonly board: Board;
  readonly runCommands: RunCommands;
  readonly bulkCommands: BulkCommands;
  readonly deadLetters: DeadLetters;
  readonly evidence: Evidence;
  readonly costReport: CostReport;
  readonly budgets: Budgets;
  readonly prices: Prices;
  readonly approvals: Approvals;
  readonly slack: Slack;
  readonly workflows: Workflows;
  readonly connectors: Connectors;
  readonly publishers: Publishers;
  readonly instancePackages: InstancePackages;
  readonly credentials: Credentials;
  readonly instances: Instances;
  readonly policies: Policies;
  readonly decisions: Decisions;
  readonly decisionExport: DecisionExport;
  readonly schedules: Schedules;
  readonly simulations: Simulations;
  readonly replays: PolicyReplays;
  readonly keyring: Keyring;
  readonly killSwitches: KillSwitches;
  readonly trail: AuditTrail;
  readonly cell: CellApi;
  readonly privacy: Privacy;
  readonly packages: EvidencePackages;
  readonly hub: Hub;
  readonly tenancy: Tenancy;
}

/** Which part of the control plane carries out which operation of the contract. */
export function handlersOf(parts: Services): Handlers {
  return {
    ...parts.agentsApi.handlers,
    ...parts.rolloutsApi.handlers,
    ...parts.machines.handlers,
    ...parts.breakGlass.handlers,
    ...parts.changes.handlers,
    ...parts.roles.handlers,
    ...parts.people.handlers,
    ...parts.keyring.handlers,
    ...parts.privacy.handlers,
    ...parts.packages.handlers,
    listRuns: (call) => parts.runSearch.listRuns(call),
    getRun: (call) => parts.runs.getRun(call),
    getRunTimeline: (call) => parts.runTimelines.getRunTimeline(call),
    listSavedViews: (call) => parts.savedViews.listSavedViews(call),
    createSavedView: (call) => parts.savedViews.createSavedView(call),
    updateSavedView: (call) => parts.savedViews.updateSavedView(call),
    deleteSavedView: (call) => parts.savedViews.deleteSavedView(call),
    getQueues: (call) => parts.queues.getQueues(call),
    getBoard: (call) => parts.board.getBoard(call),
    startRun: (call) => parts.runCommands.startRun(call),
    cancelRun: (call) => parts.runCommands.cancelRun(call),
    redriveRun: (call) => parts.runCommands.redriveRun(call),
    pauseRun: (call) => parts.runCommands.pauseRun(call),
    resumeRun: (call) => parts.runCommands.resumeRun(call),
    cancelRuns: (call) => parts.bulkCommands.cancelRuns(call),
    listDeadLetters: (call) => parts.deadLetters.listDeadLetters(call),
    redriveDeadLetters: (call) => parts.bulkCommands.redriveDeadLetters(call),
    listBulkCommands: (call) => parts.bulkCommands.listBulkCommands(call),
    getBulkCommand: (call) => parts.bulkCommands.getBulkCommand(call),
    getEvidence: (call) => parts.evidence.getEvidence(call),
    getCostPerTicket: (call) => parts.costReport.getCostPerTicket(call),
    getBudget: (call) => parts.budgets.getBudget(call),
    putBudget: (call) => parts.budgets.putBudget(call),
    getPrices: (call) => parts.prices.getPrices(call),
    putPrices: (call) => parts.prices.putPrices(call),
    listApprovals: (call) => parts.approvals.listApprovals(call),
    getApproval: (call) => parts.approvals.getApproval(call),
    castVote: (call) => parts.approvals.castVote(call),
    getSlackApp: (call) => parts.slack.app.getSlackApp(call),
    putSlackApp: (call) => parts.slack.app.putSlackApp(call),
    removeSlackApp: (call) => parts.slack.app.removeSlackApp(call),
    startSlackInstall: (call) => parts.slack.installations.startSlackInstall(call),
    finishSlackInstall: (call) => parts.slack.installations.finishSlackInstall(call),
    listSlackInstallations: (call) => parts.slack.installations.listSlackInstallations(call),
    putSlackInstallation: (call) => parts.slack.installations.putSlackInstallation(call),
    removeSlackInstallation: (call) => parts.slack.installations.removeSlackInstallation(call),
    listSlackChannels: (call) => parts.slack.app.listSlackChannels(call),
    putSlackChannel: (call) => parts.slack.app.putSlackChannel(call),
    removeSlackChannel: (call) => parts.slack.app.removeSlackChannel(call),
    listSlackLinks: (call) => parts.slack.links.listSlackLinks(call),
    describeSlackLink: (call) => parts.slack.links.describeSlackLink(call),
    confirmSlackLink: (call) => parts.slack.links.confirmSlackLink(call),
    removeSlackLink: (call) => parts.slack.links.removeSlackLink(call),
    listWorkflows: (call) => parts.workflows.listWorkflows(call),
    publishWorkflow: (call) => parts.workflows.publishWorkflow(call),
    getWorkflowVersion: (call) => parts.workflows.getWorkflowVersion(call),
    activateWorkflow: (call) => parts.workflows.activateWorkflow(call),
    listPublishers: (call) => parts.publishers.listPublishers(call),
    trustPublisher: (call) => parts.publishers.trustPublisher(call),
    revokePublisher: (call) => parts.publishers.revokePublisher(call),
    approvePackage: (call) => parts.instancePackages.approvePackage(call),
    listConnectors: (call) => parts.connectors.listConnectors(call),
    publishConnector: (call) => parts.connectors.publishConnector(call),
    listCredentials: (call) => parts.credentials.listCredentials(call),
    storeCredential: (call) => parts.credentials.storeCredential(call),
    rotateCredential: (call) => parts.credentials.rotateCredential(call),
    deleteCredential: (call) => parts.credentials.deleteCredential(call),
    listInstances: (call) => parts.instances.listInstances(call),
    createInstance: (call) => parts.instances.createInstance(call),
    listSchedules: (call) => parts.schedules.listSchedules(call),
    pauseSchedule: (call) => parts.schedules.pauseSchedule(call),
    resumeSchedule: (call) => parts.schedules.resumeSchedule(call),
    getPolicy: (call) => parts.policies.bundles.getPolicy(call),
    getPolicyBundle: (call) => parts.policies.bundles.getPolicyBundle(call),
    getPolicies: (call) => parts.policies.overview.getPolicies(call),
    createPolicyDraft: (call) => parts.policies.drafts.createPolicyDraft(call),
    listPolicyDrafts: (call) => parts.policies.drafts.listPolicyDrafts(call),
    getPolicyDraft: (call) => parts.policies.drafts.getPolicyDraft(call),
    publishPolicyVersion: (call) => parts.policies.versions.publishPolicyVersion(call),
    listPolicyVersions: (call) => parts.policies.versions.listPolicyVersions(call),
    getPolicyVersion: (call) => parts.policies.versions.getPolicyVersion(call),
    createPolicyRelease: (call) => parts.policies.releases.createPolicyRelease(call),
    listPolicyReleases: (call) => parts.policies.releases.listPolicyReleases(call),
    getPolicyRelease: (call) => parts.policies.releases.getPolicyRelease(call),
    overridePolicyGate: (call) => parts.policies.releases.overridePolicyGate(call),
    withdrawPolicyRelease: (call) => parts.policies.releases.withdrawPolicyRelease(call),
    getPolicyGate: (call) => parts.policies.gates.getPolicyGate(call),
    putPolicyGate: (call) => parts.policies.gates.putPolicyGate(call),
    listDecisions: (call) => parts.decisions.listDecisions(call),
    getDecision: (call) => parts.decisions.getDecision(call),
    exportDecisions: (call) => parts.decisionExport.exportDecisions(call),
    getPolicyShadow: (call) => parts.decisions.getPolicyShadow(call),
    simulatePolicy: (call) => parts.simulations.simulatePolicy(call),
    listPolicyReplays: (call) => parts.replays.listPolicyReplays(call),
    startPolicyReplay: (call) => parts.replays.startPolicyReplay(call),
    getPolicyReplay: (call) => parts.replays.getPolicyReplay(call),
    cancelPolicyReplay: (call) => parts.replays.cancelPolicyReplay(call),
    listKillSwitches: (call) => parts.killSwitches.listKillSwitches(call),
    setKillSwitch: (call) => parts.killSwitches.setKillSwitch(call),
    releaseKillSwitch: (call) => parts.killSwitches.releaseKillSwitch(call),
    ...parts.trail.handlers,
    getCell: (call) => parts.cell.getCell(call),
    listTenantMoves: (call) => parts.cell.listTenantMoves(call),
    ...parts.tenancy.handlers,
    streamEvents: async ({ principal, headers }) => ({ status: 200, stream: await parts.hub.streamTo(principal, headers['last-event-id']) }),
  };
}
