import type { Connector } from '../sdk/connector.ts';
import { loadManifest } from '../sdk/load-manifest.ts';
import { commentOnIssue } from './actions/comment-on-issue.ts';
import { commentOnPullRequest } from './actions/comment-on-pull-request.ts';
import { createCheckRun } from './actions/create-check-run.ts';
import { createIssue } from './actions/create-issue.ts';
import { findReference } from './actions/find-reference.ts';
import { getIssue } from './actions/get-issue.ts';
import { getPullRequest } from './actions/get-pull-request.ts';
import { labelIssue } from './actions/label-issue.ts';
import { listClosedIssues } from './actions/list-closed-issues.ts';
import { listLabels } from './actions/list-labels.ts';
import { listOpenedIssues } from './actions/list-opened-issues.ts';
import { issueReconciler } from './reconciler.ts';

/** GitHub by its REST API. */
export const github: Connector = {
  ...loadManifest(new URL('./manifest.yaml', import.meta.url)),
  actions: {
    'issue.get': getIssue,
    'pull-request.get': getPullRequest,
    'labels.list': listLabels,
    'reference.find': findReference,
    'issues.closed': listClosedIssues,
    'issues.opened': listOpenedIssues,
    'issue.create': createIssue,
    'issue.comment': commentOnIssue,
    'issue.label': labelIssue,
    'pull-request.review-comment': commentOnPullRequest,
    'check-run.create': createCheckRun,
  },
  reconciler: issueReconciler,
};
