import type { ActionContext, Json, JsonObject } from '../../sdk/connector.ts';
import { ConnectorError } from '../../sdk/errors.ts';
import { DEFAULT_SOURCE_CONNECTOR } from '../labels.ts';

/** Where tickets come from: an instance, and the read of its connector that gives them. */
export interface Source {
  readonly id: string;
  readonly name: string;
  readonly connector: string;
  readonly action: string;
}

/**
 * The instance whose tickets a model is about: `source` names it as `<connector>/<name>`, or by its name alone where the connector is
 * the default one; without it, the only instance of that. @throws ConnectorError parameters_invalid
 */
export async function sourceInstance(context: ActionContext, parameters: JsonObject): Promise<Source> {
  const { connector, name } = parsed(parameters['source']);
  const instance = await context.findInstance(connector, name);
  if (instance === null) {
    throw invalid(name === null ? `there is not exactly one enabled ${connector} instance here, so one must be named` : `there is no enabled ${connector} instance ${name} here`);
  }
  if (instance.learning === null) throw invalid(`the manifest of ${connector} has no \`learning\`, so nothing can be learnt from it`);
  return { id: instance.id, name: instance.name, connector, action: instance.learning.tickets };
}

function parsed(source: Json | undefined): { readonly connector: string; readonly name: string | null } {
  if (typeof source !== 'string') return { connector: DEFAULT_SOURCE_CONNECTOR, name: null };
  const at = source.indexOf('/');
  return at < 0 ? { connector: DEFAULT_SOURCE_CONNECTOR, name: source } : { connector: source.slice(0, at), name: source.slice(at + 1) };
}

function invalid(why: string): ConnectorError {
  return new ConnectorError({ code: 'parameters_invalid', effect: 'none', retryable: false, message: `source: ${why}.` });
}
