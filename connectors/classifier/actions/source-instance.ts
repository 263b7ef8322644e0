import type { ActionContext, JsonObject } from '../../sdk/connector.ts';
import { ConnectorError } from '../../sdk/errors.ts';
import { SOURCE_CONNECTOR } from '../labels.ts';

/** The instance whose tickets a model is about: the one named `source`, or the only one. @throws ConnectorError parameters_invalid */
export async function sourceInstance(context: ActionContext, parameters: JsonObject): Promise<{ readonly id: string; readonly name: string }> {
  const name = typeof parameters['source'] === 'string' ? parameters['source'] : null;
  const instance = await context.findInstance(SOURCE_CONNECTOR, name);
  if (instance !== null) return instance;
  const which = name === null ? `there is not exactly one enabled ${SOURCE_CONNECTOR} instance here, so one must be named` : `there is no enabled ${SOURCE_CONNECTOR} instance ${name} here`;
  throw new ConnectorError({ code: 'parameters_invalid', effect: 'none', retryable: false, message: `source: ${which}.` });
}
