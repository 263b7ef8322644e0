import { createBrowserRouter, Navigate, type RouteObject } from 'react-router';
import { Shell } from '../shell/shell.tsx';
import { SignInPage } from '../sign-in/sign-in-page.tsx';
import { RunsPage } from '../runs/runs-page.tsx';
import { ApprovalsPage } from '../approvals/approvals-page.tsx';
import { FaultPage } from './fault-page.tsx';
import { NotFoundPage } from './not-found-page.tsx';

/** What is beneath the shell. Pages that bring an editor, a graph or a chart come in a file of their own, when they are first opened. */
export const PAGES: RouteObject[] = [
  { index: true, element: <Navigate to="/runs" replace /> },
  { path: 'runs', element: <RunsPage /> },
  { path: 'runs/:runId', lazy: async () => ({ Component: (await import('../run/run-page.tsx')).RunPage }) },
  { path: 'approvals', element: <ApprovalsPage /> },
  { path: 'operations', lazy: async () => ({ Component: (await import('../operations/operations-page.tsx')).OperationsPage }) },
  { path: 'dead-letters', lazy: async () => ({ Component: (await import('../dead-letters/dead-letters-page.tsx')).DeadLettersPage }) },
  { path: 'schedules', lazy: async () => ({ Component: (await import('../schedules/schedules-page.tsx')).SchedulesPage }) },
  { path: 'tickets', lazy: async () => ({ Component: (await import('../tickets/tickets-page.tsx')).TicketsPage }) },
  { path: 'workflows', lazy: async () => ({ Component: (await import('../workflows/workflows-page.tsx')).WorkflowsPage }) },
  { path: 'workflows/:workflowId', lazy: async () => ({ Component: (await import('../workflows/workflow-page.tsx')).WorkflowPage }) },
  { path: 'connectors', lazy: async () => ({ Component: (await import('../connectors/connectors-page.tsx')).ConnectorsPage }) },
  { path: 'credentials', lazy: async () => ({ Component: (await import('../credentials/credentials-page.tsx')).CredentialsPage }) },
  { path: 'agents', lazy: async () => ({ Component: (await import('../agents/agents-page.tsx')).AgentsPage }) },
  { path: 'policy', lazy: async () => ({ Component: (await import('../policy/policy-page.tsx')).PolicyPage }) },
  { path: 'policy/layers/:layer', lazy: async () => ({ Component: (await import('../policy-editor/layer-page.tsx')).LayerPage }) },
  { path: 'policy/releases', lazy: async () => ({ Component: (await import('../policy-releases/releases-page.tsx')).ReleasesPage }) },
  { path: 'policy/releases/:releaseId', lazy: async () => ({ Component: (await import('../policy-releases/release-page.tsx')).ReleasePage }) },
  { path: 'policy/kill-switches', lazy: async () => ({ Component: (await import('../kill-switches/kill-switches-page.tsx')).KillSwitchesPage }) },
  { path: 'policy/shadow', lazy: async () => ({ Component: (await import('../policy-shadow/shadow-page.tsx')).ShadowPage }) },
  { path: 'policy/simulate', lazy: async () => ({ Component: (await import('../simulate/simulate-page.tsx')).SimulatePage }) },
  { path: 'policy/replays', lazy: async () => ({ Component: (await import('../replays/replays-page.tsx')).ReplaysPage }) },
  { path: 'policy/replays/:replayId', lazy: async () => ({ Component: (await import('../replays/replay-page.tsx')).ReplayPage }) },
  { path: 'decisions', lazy: async () => ({ Component: (await import('../decisions/decisions-page.tsx')).DecisionsPage }) },
  { path: 'decisions/:decisionId', lazy: async () => ({ Component: (await import('../decisions/decision-page.tsx')).DecisionPage }) },
  { path: 'audit', lazy: async () => ({ Component: (await import('../audit/audit-page.tsx')).AuditPage }) },
  { path: 'people', lazy: async () => ({ Component: (await import('../people/people-page.tsx')).PeoplePage }) },
  { path: 'people/:principalId', lazy: async () => ({ Component: (await import('../people/person-page.tsx')).PersonPage }) },
  { path: 'identity-providers', lazy: async () => ({ Component: (await import('../identity-providers/identity-providers-page.tsx')).IdentityProvidersPage }) },
  { path: 'roles', lazy: async () => ({ Component: (await import('../roles/roles-page.tsx')).RolesPage }) },
  { path: 'machines', lazy: async () => ({ Component: (await import('../machines/machines-page.tsx')).MachinesPage }) },
  { path: 'changes', lazy: async () => ({ Component: (await import('../changes/changes-page.tsx')).ChangesPage }) },
  { path: 'break-glass', lazy: async () => ({ Component: (await import('../break-glass/break-glass-page.tsx')).BreakGlassPage }) },
  { path: 'workspaces', lazy: async () => ({ Component: (await import('../workspaces/workspaces-page.tsx')).WorkspacesPage }) },
  { path: 'limits', lazy: async () => ({ Component: (await import('../limits/limits-page.tsx')).LimitsPage }) },
  { path: 'account', lazy: async () => ({ Component: (await import('../account/account-page.tsx')).AccountPage }) },
  { path: 'keys', lazy: async () => ({ Component: (await import('../keys/keys-page.tsx')).KeysPage }) },
  { path: 'privacy', lazy: async () => ({ Component: (await import('../privacy/privacy-page.tsx')).PrivacyPage }) },
  { path: 'audit/checkpoints', lazy: async () => ({ Component: (await import('../audit/checkpoints-page.tsx')).CheckpointsPage }) },
  { path: 'audit/sinks', lazy: async () => ({ Component: (await import('../audit-sinks/sinks-page.tsx')).SinksPage }) },
  { path: 'audit/witnesses', lazy: async () => ({ Component: (await import('../witnesses/witnesses-page.tsx')).WitnessesPage }) },
  { path: 'evidence', lazy: async () => ({ Component: (await import('../evidence-packages/evidence-page.tsx')).EvidencePage }) },
  { path: 'cost', lazy: async () => ({ Component: (await import('../cost/cost-page.tsx')).CostPage }) },
  { path: 'slack/link', lazy: async () => ({ Component: (await import('../slack/link-page.tsx')).SlackLinkPage }) },
  { path: '*', element: <NotFoundPage /> },
];

export function createRouter() {
  return createBrowserRouter([
    { path: '/sign-in', element: <SignInPage />, errorElement: <FaultPage /> },
    { path: '/', element: <Shell />, errorElement: <FaultPage />, hydrateFallbackElement: <></>, children: [{ errorElement: <FaultPage />, children: PAGES }] },
  ]);
}
