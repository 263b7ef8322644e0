import { createHash } from 'node:crypto';
import type { Action, ActionContext, ActionResult, JsonObject, Prepared, Reconciled } from '../../sdk/connector.ts';
import { ConnectorError } from '../../sdk/errors.ts';
import { listAttachments, uploadAttachment } from '../attachments.ts';
import type { Attachment } from '../attachments.ts';
import { lookedUpLater, receiptOf, requireOpen, requireOpenState, targetOf } from '../incident-write.ts';

/** UTF-16 code units of a text file that people are shown before they approve it; all of it is bound by its digest. */
const SHOWN_TEXT = 4_000;

/**
 * `incident.attach`: one file by the Attachment API. The API takes the same file twice, so before each sending the record's attachments
 * are listed: one with this name and these bytes is ours, or as good as ours.
 */
export const attachToIncident: Action = {
  async prepare(context, parameters) {
    const bytes = bytesOf(parameters);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const incident = await context.call('servicenow/incident.get', { sys_id: parameters['sys_id'] ?? '' });
    requireOpenState(incident);
    const target = { id: String(incident['sys_id']), label: String(incident['number']), version: String(incident['sys_mod_count']) };
    const [fileName, contentType] = [String(parameters['file_name']), String(parameters['content_type'])];
    return {
      parameters: { sys_id: target.id, file_name: fileName, content_type: contentType, content_base64: parameters['content_base64'] ?? '', sha256, size_bytes: bytes.length },
      target,
      preview: {
        title: `Attach ${fileName} to incident ${target.label}`,
        fields: [
          { name: 'file_name', label: 'File', before: '', after: fileName },
          { name: 'content_type', label: 'Type', before: '', after: contentType },
          { name: 'size_bytes', label: 'Size in bytes', before: '', after: String(bytes.length) },
          { name: 'sha256', label: 'SHA-256', before: '', after: sha256 },
        ],
        additions: contentType.startsWith('text/') ? [{ label: 'Content', text: shown(bytes) }] : [],
      },
    };
  },

  async execute(context, parameters, prepared) {
    const target = targetOf(prepared);
    const version = await requireOpen(context, target);
    const existing = sameFile(await listAttachments(context, target.id, String(parameters['file_name'])), parameters);
    if (existing !== null) return resultOf(target, version, existing, parameters, true);
    return resultOf(target, version, await upload(context, target, parameters), parameters, false);
  },

  async reconcile(context, parameters, prepared): Promise<Reconciled> {
    const target = targetOf(prepared);
    const { attachments } = await context.call('servicenow/attachment.find', { sys_id: target.id, file_name: parameters['file_name'] ?? '' });
    const found = attachments as unknown as Attachment[];
    const same = sameFile(found, parameters);
    if (same !== null) return { happened: true, result: resultOf(target, target.version, same, parameters, false) };
    if (found.some((attachment) => attachment.hash === '' && attachment.size_bytes === String(parameters['size_bytes']))) {
      return { happened: 'unknown', why: 'There is an attachment of this name and size, but the instance shows no hash of it; look at the record.' };
    }
    return { happened: false };
  },
};

async function upload(context: ActionContext, target: Prepared['target'], parameters: JsonObject): Promise<Attachment> {
  try {
    return await uploadAttachment(context, target.id, { fileName: String(parameters['file_name']), contentType: String(parameters['content_type']), bytes: bytesOf(parameters) });
  } catch (error) {
    throw lookedUpLater(error);
  }
}

function sameFile(attachments: readonly Attachment[], parameters: JsonObject): Attachment | null {
  return attachments.find((attachment) => attachment.hash.toLowerCase() === parameters['sha256']) ?? null;
}

/** An attachment does not change the incident's own version. */
function resultOf(target: Prepared['target'], version: string, attachment: Attachment, parameters: JsonObject, wasThere: boolean): ActionResult {
  const { sha256, size_bytes: size } = parameters;
  return {
    output: { sys_id: target.id, number: target.label, attachment_sys_id: attachment.sys_id, file_name: attachment.file_name, sha256: sha256 ?? '', size_bytes: size ?? 0, was_there: wasThere },
    receipt: receiptOf({ sysId: target.id, before: version, after: version, versionMade: null, fields: wasThere ? [] : ['attachment'], verified: attachment.hash.toLowerCase() === sha256 }),
  };
}

/** Strict: what Node would quietly skip could hide what people approve. @throws ConnectorError parameters_invalid */
function bytesOf(parameters: JsonObject): Uint8Array {
  const text = String(parameters['content_base64'] ?? '');
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length > 0 && bytes.toString('base64') === text) return bytes;
  throw new ConnectorError({ code: 'parameters_invalid', effect: 'none', retryable: false, message: 'content_base64: it is empty or no base64 (RFC 4648, with padding, without line breaks).' });
}

function shown(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8');
  return text.length <= SHOWN_TEXT ? text : `${text.slice(0, SHOWN_TEXT)}…\n(${text.length - SHOWN_TEXT} more characters)`;
}
