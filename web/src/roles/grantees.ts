import type { Schemas } from '../api/client.ts';
import { countOf } from '../format/count.ts';

export interface Known {
  readonly people: ReadonlyArray<Pick<Schemas['Person'], 'id' | 'display_name' | 'email' | 'state'>>;
  readonly accounts: ReadonlyArray<Pick<Schemas['ServiceAccount'], 'id' | 'name' | 'disabled'>>;
  readonly groups: ReadonlyArray<Pick<Schemas['Group'], 'id' | 'name' | 'members'>>;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export interface ChoiceGroup {
  readonly group: string;
  readonly items: Choice[];
}

/** Whom a role can be given, under headings; those without anybody are left out. Who may not sign in is not offered. */
export function choicesOf({ people, accounts, groups }: Known): ChoiceGroup[] {
  return [
    { group: 'People', items: people.filter(({ state }) => state === 'active').map(({ id, display_name, email }) => ({ value: id, label: email === null ? display_name : `${display_name} (${email})` })) },
    { group: 'Groups', items: groups.map(({ id, name, members }) => ({ value: id, label: `${name} (${countOf(members.length, 'member')})` })) },
    { group: 'Service accounts', items: accounts.filter(({ disabled }) => !disabled).map(({ id, name }) => ({ value: id, label: name })) },
  ].filter(({ items }) => items.length > 0);
}

/** What was chosen stays among the choices when the search that found it is over. */
export function withChosen(choices: ChoiceGroup[], chosen: Choice | null): ChoiceGroup[] {
  if (chosen === null || choices.some(({ items }) => items.some(({ value }) => value === chosen.value))) return choices;
  return [{ group: 'Chosen', items: [chosen] }, ...choices];
}

export function isGroup(id: string): boolean {
  return id.startsWith('grp_');
}

type Role = Pick<Schemas['GroupRole'], 'workspace_id' | 'role'>;

/** What a group holds with one role more: setting replaces all of it. */
export function withRole(held: readonly Role[], { workspace_id, role }: Role): Role[] {
  const others = held.filter((one) => one.workspace_id !== workspace_id || one.role !== role);
  return [...others, { workspace_id, role }].map((one) => ({ workspace_id: one.workspace_id, role: one.role }));
}
