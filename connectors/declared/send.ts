import type { HttpBinding } from '@countersign/contracts/connectors/http-binding.ts';
import type { ActionContext, EgressResponse, Json, JsonObject } from '../sdk/connector.ts';
import { ConnectorError } from '../sdk/errors.ts';
import { errorOfStatus } from './errors.ts';
import { valuesAt } from './pointer.ts';
import { renderBody, renderHeaders, renderPath, renderTexts } from './render.ts';
import type { Values } from './render.ts';

/** Sends the request that `binding` and the values make, and gives its output. @throws ConnectorError */
export async function send(context: Pick<ActionContext, 'egress' | 'now'>, action: string, binding: HttpBinding, values: Values): Promise<JsonObject> {
  const body = renderBody(binding.body, values);
  const response = await context.egress.request({
    method: binding.method,
    path: renderPath(binding.path, values),
    query: renderTexts(binding.query, values),
    headers: { accept: 'application/json', ...renderHeaders(binding.headers, values) },
    ...(body === undefined ? {} : { json: body }),
  });
  // A proxy's page with a 200 is no answer of the API, whatever status it expects.
  if (response.status < 300 && response.body.length > 0) response.json();
  if (!succeeded(response, binding)) throw errorOfStatus(response, action, { changes: binding.method !== 'GET', now: context.now() });
  return outputOf(response, binding);
}

function succeeded({ status }: EgressResponse, { success }: HttpBinding): boolean {
  return success === undefined ? status >= 200 && status < 300 : success.includes(status);
}

function outputOf(response: EgressResponse, { output = '' }: HttpBinding): JsonObject {
  if (response.body.length === 0) return {};
  const [value] = valuesAt(response.json(), output);
  if (Array.isArray(value)) return { items: value };
  if (isObject(value)) return value;
  throw new ConnectorError({
    code: 'response_invalid', effect: 'none', retryable: true,
    message: `The answer has ${value === undefined ? 'nothing' : 'a single value'} at ${output === '' ? 'its root' : output}, where an object or a list was declared.`,
  });
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
