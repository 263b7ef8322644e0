import type { Action, Prepared } from '@countersign/connectors/sdk/connector.ts';
import { ConnectorError } from '@countersign/connectors/sdk/errors.ts';
import { appendEntry, readNote } from '../client.ts';

/**
 * `entry.add`. `prepare` reads, and fixes exactly what will be sent: people approve that. The entry carries our reference, by which
 * `reconcile` finds it when the answer was lost.
 */
export const addEntry: Action = {
  async prepare(context, { id, text }): Promise<Prepared> {
    // Nothing is decided yet, so `prepare` reads through governed calls only: each is decided and recorded by itself.
    const note = await context.call('notes/note.get', { id: String(id) });
    const target = { id: String(note['id']), label: String(note['title']), version: String(note['version']) };
    const reference = context.referenceFor({ target, text: String(text) });
    const entry = `${String(text)} [ref: ${reference}]`;
    return {
      // `content_parameters` of the manifest names /text: it is approved by its digest and kept sealed.
      parameters: { id: target.id, text: entry, reference },
      target,
      preview: { title: `Add an entry to ${target.label}`, fields: [], additions: [{ label: 'Entry', text: entry }] },
    };
  },

  async execute(context, { id, text }, prepared) {
    const before = await readNote(context, String(id));
    if (before.version !== prepared?.target.version) {
      throw new ConnectorError({ code: 'target_changed', effect: 'none', retryable: true, message: `The note ${before.title} has changed since it was approved.` });
    }
    const version = await appendEntry(context, String(id), String(text));
    return {
      output: { id: String(id), version },
      receipt: { target_id: String(id), version_before: before.version, version_after: version, written_versions: [], fields_written: ['entries'], verified_by_reading_back: false },
    };
  },

  async reconcile(context, { id, reference }) {
    const note = await readNote(context, String(id));
    if (!note.entries.some((entry) => entry.includes(`[ref: ${String(reference)}]`))) return { happened: false };
    return { happened: true, result: { output: { id: note.id, version: note.version } } };
  },
};
