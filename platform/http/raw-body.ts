import type { IncomingMessage } from 'node:http';
import { ApiError } from './api-error.ts';

/** The body's bytes exactly as they came: signatures are over bytes. Never reads more than `max_bytes`. */
export async function readRawBody(request: IncomingMessage, max_bytes: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ApiError('media_type_unsupported', 'Send the body without Content-Encoding.');
  }
  if (Number(request.headers['content-length'] ?? 0) > max_bytes) throw tooLarge(max_bytes);
  const chunks: Buffer[] = [];
  let size_bytes = 0;
  try {
    for await (const chunk of request) {
      size_bytes += (chunk as Buffer).length;
      if (size_bytes > max_bytes) throw tooLarge(max_bytes);
      chunks.push(chunk as Buffer);
    }
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    throw new ApiError('request_invalid', 'The connection was cut before the whole body had come.', { cause });
  }
  return Buffer.concat(chunks, size_bytes);
}

/** The rest of the body is not read, so the connection cannot be used again. */
function tooLarge(max_bytes: number): ApiError {
  return new ApiError('body_too_large', `Send at most ${max_bytes} bytes.`, { headers: { connection: 'close' } });
}
