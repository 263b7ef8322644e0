import type { Action } from '../../sdk/connector.ts';
import { queryRecords, queryValue } from '../client.ts';

const ELEMENTS = ['category', 'subcategory', 'impact', 'urgency', 'priority'];
const FIELDS = ['name', 'element', 'value', 'label', 'dependent_value'];
/** Far above what any instance has for these five lists. */
const LIMIT = 2_000;

/**
 * `choices.list`: the active values of the lists we write to, in the language of the instance's setting `language` (default `en`).
 * Incidents inherit lists from `task`; a list of their own takes its place.
 */
export const listChoices: Action = {
  async execute(context) {
    const language = context.instance.settings['language'];
    const query = `nameINincident,task^elementIN${ELEMENTS.join(',')}^inactive=false^language=${queryValue(typeof language === 'string' ? language : 'en')}^ORDERBYsequence`;
    const { rows } = await queryRecords(context, 'sys_choice', { query, fields: FIELDS, limit: LIMIT });
    const own = new Set(rows.filter((row) => row['name']?.value === 'incident').map((row) => row['element']?.value));
    const choices = rows
      .filter((row) => row['name']?.value === 'incident' || !own.has(row['element']?.value))
      .map((row) => ({
        element: row['element']?.value ?? '', value: row['value']?.value ?? '', label: row['label']?.value ?? '', dependent_value: row['dependent_value']?.value ?? '',
      }));
    return { output: { choices } };
  },
};
