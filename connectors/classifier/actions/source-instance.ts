import type { ActionContext, JsonObject } from '../../sdk/connector.ts';
import { ConnectorError } from '../../sdk/errors.ts';
import { DEFAULT_SOURCE_CONNECTOR } from '../labels.ts';

/** Where tickets come from: an instance, and the read of its connector that gives them. */
export interface Source {
  readonly id: string;
  readonly name: string;
  readonly connector: string;
  readonly action: string;
}

/** The instance whose tickets a model is about: of `source_connector`, the one named `source`, or the only one. @throws ConnectorError parameters_invalid */
export async function sourceInstance(context: ActionContext, parameters: JsonObject): Promise<Source> {
  const connector = typeof parameters['source_connector'] === 'string' ? parameters['source_connector'] : DEFAULT_SOURCE_CONNECTOR;
  const name = typeof parameters['source'] === 'string' ? parameters['source'] : null;
  const instance = await context.findInstance(connector, name);
  if (instance === null) {
    throw invalid('source', name === null ? `there is not exactly one enabled ${connector} instance here, so one must be named` : `there is no enabled ${connector} instance ${name} here`);
  }
  if (instance.learning === null) throw invalid('source_connector', `the manifest of ${connector} has no \`learning\`, so nothing can be learnt from it`);
  return { id: instance.id, name: instance.name, connector, action: instance.learning.tickets };
}

function invalid(field: string, why: string): ConnectorError {
  return new ConnectorError({ code: 'parameters_invalid', effect: 'none', retryable: false, message: `${field}: ${why}.` });
}
