import type { Json } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';

/**
 * A peer's JSON. Proxies and hibernating instances answer in HTML, so the media type is looked at before anything is parsed. Texts
 * that our stores and digests cannot hold (NUL, halves of surrogate pairs) get the replacement character instead.
 * @throws ConnectorError response_not_json
 */
export function jsonBody(headers: Readonly<Record<string, string>>, body: Uint8Array, of: { readonly status: number; readonly changes: boolean }): Json {
  const type = headers['content-type'] ?? '';
  if (!/^\s*application\/(?:[\w.+-]+\+)?json\b/i.test(type)) throw notJson(`came as ${type === '' ? 'nothing in particular' : type.split(';')[0]}`, of);
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'), (key, value: Json) => {
      if (key === '__proto__') return undefined;
      return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\ufffd') : value;
    }) as Json;
  } catch {
    throw notJson('cannot be parsed', of);
  }
}

function notJson(why: string, { status, changes }: { readonly status: number; readonly changes: boolean }): ConnectorError {
  return new ConnectorError({
    code: 'response_not_json', status, retryable: true, effect: changes && !(status >= 400 && status < 500) ? 'unknown' : 'none',
    message: `The peer's answer (${status}) should be JSON and ${why}; a proxy or a sleeping instance may have answered.`,
  });
}
