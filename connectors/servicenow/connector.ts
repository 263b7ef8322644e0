import type { Connector } from '../sdk/connector.ts';
import { loadManifest } from '../sdk/load-manifest.ts';
import { findInJournal } from './actions/find-in-journal.ts';
import { getIncident } from './actions/get-incident.ts';
import { listChoices } from './actions/list-choices.ts';
import { queryIncidents } from './actions/query-incidents.ts';
import { readPriorityRules } from './actions/read-priority-rules.ts';
import { resolveGroup } from './actions/resolve-group.ts';
import { updateIncident } from './actions/update-incident.ts';
import { incidentReconciler } from './reconciler.ts';

/** ServiceNow by its Table API. */
export const servicenow: Connector = {
  ...loadManifest(new URL('./manifest.yaml', import.meta.url)),
  actions: {
    'incident.get': getIncident,
    'incident.query': queryIncidents,
    'choices.list': listChoices,
    'group.resolve': resolveGroup,
    'priority.rules': readPriorityRules,
    'journal.find': findInJournal,
    'incident.update': updateIncident,
  },
  reconciler: incidentReconciler,
};
