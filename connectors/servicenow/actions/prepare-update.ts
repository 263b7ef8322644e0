import type { ActionContext, JsonObject, Prepared } from '../../sdk/connector.ts';
import { ConnectorError } from '../../sdk/errors.ts';
import { FIELD_LABELS, shownChoice } from '../field-display.ts';
import type { Incident } from '../incident.ts';
import { requireOpenState } from '../incident-write.ts';
import { pairFor, priorityOf } from '../priority.ts';
import { forgetLists, readLists } from '../reference-lists.ts';
import type { Choice, ReferenceLists } from '../reference-lists.ts';

type Instance = Pick<ReferenceLists, 'choices' | 'rules' | 'group'> & { readonly incident: Incident };

/** Stored values to write, only where they differ from what is there. */
type Changes = { category?: string; subcategory?: string; impact?: string; urgency?: string; assignment_group?: string };

const NOTE_WITHOUT_WORDS = 'Fields set through Countersign.';

/**
 * Fixes the write: every name resolved, every value checked against this instance's own lists (the Table API takes any), priority turned
 * into impact and urgency by its own rules, and the work note with our reference in it. What the fields were before stands in it too, for
 * `incident.undo-update`.
 * @throws ConnectorError target_closed, parameters_invalid, reference_not_found, reference_ambiguous, and what the reads throw
 */
export async function prepareUpdate(context: ActionContext, parameters: JsonObject): Promise<Prepared> {
  const [read, known] = await Promise.all([
    context.call('servicenow/incident.get', { sys_id: parameters['sys_id'] ?? '' }),
    readLists(context, textOf(parameters, 'assignment_group')),
  ]);
  requireOpenState(read);
  // Its shape is the manifest's, checked by the gateway.
  const incident = read as unknown as Incident;
  const { lists, changes } = await validatedBy(context, known, incident, parameters);
  const target = { id: incident.sys_id, label: incident.number, version: incident.sys_mod_count };
  const words = textOf(parameters, 'work_note') ?? NOTE_WITHOUT_WORDS;
  const reference = context.referenceFor({ target, changes: { ...changes }, words });
  const work_note = `${words}\n\n[ref: ${reference}]`;
  const confidence = parameters['confidence'];
  return {
    parameters: {
      sys_id: incident.sys_id, ...changes, work_note, reference, before: before(incident), validated_against: { ...lists.digests },
      ...(typeof confidence === 'number' ? { confidence } : {}),
    },
    target,
    preview: { title: `Update incident ${incident.number}`, fields: previewOf({ incident, ...lists }, changes), additions: [{ label: 'Work note (internal)', text: work_note }] },
  };
}

/** What remembered lists refuse may have been added since: before a value is refused, the lists are read afresh. */
async function validatedBy(context: ActionContext, lists: ReferenceLists, incident: Incident, parameters: JsonObject): Promise<{ lists: ReferenceLists; changes: Changes }> {
  try {
    return { lists, changes: changesOf({ incident, ...lists }, parameters) };
  } catch (error) {
    if (!lists.remembered || !(error instanceof ConnectorError) || error.code !== 'parameters_invalid') throw error;
    forgetLists(context);
    const fresh = await readLists(context, textOf(parameters, 'assignment_group'));
    return { lists: fresh, changes: changesOf({ incident, ...fresh }, parameters) };
  }
}

function before(incident: Incident): Required<Changes> {
  const { category, subcategory, impact, urgency, assignment_group } = incident;
  return { category, subcategory, impact, urgency, assignment_group: assignment_group.value };
}

function changesOf(instance: Instance, parameters: JsonObject): Changes {
  const { incident, group } = instance;
  const wanted: Changes = {
    ...categoryChanges(instance, parameters),
    ...impactAndUrgency(instance, parameters),
    ...(group === null ? {} : { assignment_group: group.sys_id }),
  };
  const now = before(incident);
  return Object.fromEntries(Object.entries(wanted).filter(([name, value]) => now[name as keyof Changes] !== value));
}

/** A subcategory belongs to one category: with a new category, one that does not belong to it any more is cleared, as the form does. */
function categoryChanges({ incident, choices }: Instance, parameters: JsonObject): Changes {
  const category = textOf(parameters, 'category');
  const subcategory = textOf(parameters, 'subcategory');
  if (category !== null) requireChoice(choices, 'category', category, null);
  const resulting = category ?? incident.category;
  if (subcategory !== null) {
    requireChoice(choices, 'subcategory', subcategory, resulting);
    return { ...(category === null ? {} : { category }), subcategory };
  }
  if (category === null) return {};
  const fits = incident.subcategory === '' || choices.some((choice) => choice.element === 'subcategory' && choice.value === incident.subcategory && choice.dependent_value === category);
  return { category, ...(fits ? {} : { subcategory: '' }) };
}

function impactAndUrgency({ incident, choices, rules }: Instance, parameters: JsonObject): Changes {
  const given = { impact: textOf(parameters, 'impact'), urgency: textOf(parameters, 'urgency') };
  for (const name of ['impact', 'urgency'] as const) if (given[name] !== null) requireChoice(choices, name, given[name], null);
  const priority = textOf(parameters, 'priority');
  const pair = { impact: given.impact ?? incident.impact, urgency: given.urgency ?? incident.urgency };
  if (priority === null) return pair;
  const fitting = rules.filter((rule) => (given.impact ?? rule.impact) === rule.impact && (given.urgency ?? rule.urgency) === rule.urgency);
  const found = pairFor(fitting, priority, pair);
  if (found !== null) return found;
  throw invalid('priority', 'no rule of this instance gives this priority with the impact and urgency asked for');
}

/** An instance without a list for an element takes anything. */
function requireChoice(choices: readonly Choice[], element: string, value: string, dependsOn: string | null): void {
  const list = choices.filter((choice) => choice.element === element);
  if (list.length === 0) return;
  if (list.some((choice) => choice.value === value && (dependsOn === null || choice.dependent_value === dependsOn))) return;
  const listed = list.filter((choice) => dependsOn === null || choice.dependent_value === dependsOn).map((choice) => choice.value);
  throw invalid(element, `it is not in this instance's list${dependsOn === null ? '' : ` for the category ${dependsOn}`}, which has ${listed.slice(0, 20).join(', ') || 'nothing'}`);
}

function previewOf(instance: Instance, changes: Changes): Prepared['preview']['fields'] {
  const { incident, group, rules } = instance;
  const fields = Object.entries(changes).map(([name, after]) => {
    if (name === 'assignment_group') return { name, label: FIELD_LABELS[name]!, before: incident.assignment_group.display_value, after: group?.name ?? after };
    const depends = (value: string | undefined): string => value ?? incident.category;
    return {
      name, label: FIELD_LABELS[name] ?? name,
      before: shownChoice(instance.choices, name, incident[name as keyof Changes] as string, incident.category),
      after: shownChoice(instance.choices, name, after, depends(changes.category)),
    };
  });
  const priority = priorityOf(rules, changes.impact ?? incident.impact, changes.urgency ?? incident.urgency) ?? incident.priority;
  if (priority === incident.priority) return fields;
  // Not written by us: what the instance will compute from the two above.
  return [...fields, { name: 'priority', label: FIELD_LABELS['priority']!, before: shownChoice(instance.choices, 'priority', incident.priority, ''), after: shownChoice(instance.choices, 'priority', priority, '') }];
}

/** Null, absent and blank all mean "leave it". */
function textOf(parameters: JsonObject, name: string): string | null {
  const value = parameters[name];
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}

function invalid(field: string, why: string): ConnectorError {
  return new ConnectorError({ code: 'parameters_invalid', effect: 'none', retryable: false, message: `${field}: ${why}.` });
}
