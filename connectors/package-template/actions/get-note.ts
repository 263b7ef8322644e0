import type { Action } from '@countersign/connectors/sdk/connector.ts';
import { readNote } from '../client.ts';

/** `note.get`: one note with its entries. */
export const getNote: Action = {
  async execute(context, { id }) {
    const { title, version, owner_email, entries } = await readNote(context, String(id));
    return { output: { id: String(id), title, version, owner_email, entries: [...entries] } };
  },
};
