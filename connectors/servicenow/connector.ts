import type { Connector } from '../sdk/connector.ts';
import { loadManifest } from '../sdk/load-manifest.ts';
import { addWorkNote } from './actions/add-work-note.ts';
import { attachToIncident } from './actions/attach-to-incident.ts';
import { findAttachments } from './actions/find-attachments.ts';
import { findInJournal } from './actions/find-in-journal.ts';
import { getGroup } from './actions/get-group.ts';
import { getIncident } from './actions/get-incident.ts';
import { listChoices } from './actions/list-choices.ts';
import { listResolvedIncidents } from './actions/list-resolved-incidents.ts';
import { queryIncidents } from './actions/query-incidents.ts';
import { readPriorityRules } from './actions/read-priority-rules.ts';
import { resolveGroup } from './actions/resolve-group.ts';
import { undoUpdate } from './actions/undo-update.ts';
import { updateIncident } from './actions/update-incident.ts';
import { incidentReconciler } from './reconciler.ts';

/** ServiceNow by its Table API. */
export const servicenow: Connector = {
  ...loadManifest(new URL('./manifest.yaml', import.meta.url)),
  actions: {
    'incident.get': getIncident,
    'incident.query': queryIncidents,
    'incidents.resolved': listResolvedIncidents,
    'choices.list': listChoices,
    'group.resolve': resolveGroup,
    'priority.rules': readPriorityRules,
    'journal.find': findInJournal,
    'attachment.find': findAttachments,
    'group.get': getGroup,
    'incident.update': updateIncident,
    'incident.undo-update': undoUpdate,
    'incident.add-work-note': addWorkNote,
    'incident.attach': attachToIncident,
  },
  reconciler: incidentReconciler,
};
