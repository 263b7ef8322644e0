import type { ServerHttp2Stream } from 'node:http2';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { MAX_BODY_BYTES } from '@countersign/contracts/agent/protocol.ts';
import schema from '@countersign/contracts/agent/protocol.schema.json' with { type: 'json' };
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { parseJsonBody } from '@countersign/platform/http/strict-body.ts';
import type { AgentMessages } from './routes.ts';

const ajv = new Ajv2020({ strict: false }).addSchema(schema);

/** Of all of a body. */
const BODY_MS = 30_000;

/**
 * The body of a request as the protocol says it: JSON by the strict rules, of the shape that `protocol.schema.json` gives the message.
 * @throws ApiError `media_type_unsupported`, `body_too_large`, `request_invalid`; CanonicalJsonError
 */
export async function readBody<Name extends keyof AgentMessages>(stream: ServerHttp2Stream, contentType: string | undefined, message: Name): Promise<AgentMessages[Name]> {
  if (contentType?.split(';')[0]?.trim().toLowerCase() !== 'application/json') throw new ApiError('media_type_unsupported', 'Send Content-Type: application/json.');
  const value = parseJsonBody(await bytesOf(stream), MAX_BODY_BYTES);
  const validate = ajv.getSchema(`${schema.$id}#/$defs/${message}`) as ValidateFunction;
  if (!validate(value)) throw new ApiError('request_invalid', `The body is no ${message.replace('_', ' ')} of the protocol.`, { errors: (validate.errors ?? []).map(problemOf) });
  return value as unknown as AgentMessages[Name];
}

async function bytesOf(stream: ServerHttp2Stream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size_bytes = 0;
  const late = setTimeout(() => stream.destroy(new ApiError('request_invalid', 'The body did not come within 30 s.')), BODY_MS);
  try {
    // Too much is answered, too: the stream outlives its body.
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      size_bytes += (chunk as Buffer).length;
      if (size_bytes > MAX_BODY_BYTES) break;
      chunks.push(chunk as Buffer);
    }
  } finally {
    clearTimeout(late);
  }
  if (size_bytes > MAX_BODY_BYTES) throw new ApiError('body_too_large', `Send at most ${MAX_BODY_BYTES} bytes.`);
  return Buffer.concat(chunks, size_bytes);
}

function problemOf({ instancePath, keyword, message = 'does not fit' }: ErrorObject): { field: string; code: string; message: string } {
  return { field: instancePath, code: keyword, message };
}
