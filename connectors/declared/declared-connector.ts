import type { ActionManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { Action, Connector } from '../sdk/connector.ts';
import { ManifestError } from '../sdk/load-manifest.ts';
import type { LoadedManifest } from '../sdk/load-manifest.ts';
import { bindingProblems } from '@countersign/contracts/connectors/binding-problems.ts';
import { send } from './send.ts';
import { declaredWrite } from './write.ts';

/**
 * The connector that a manifest without code declares, for the customer's own API. It goes through the gateway like every other:
 * policy, approval, egress, records. @throws ManifestError
 */
export function declaredConnector(loaded: LoadedManifest): Connector {
  const problems = bindingProblems(loaded.manifest);
  if (problems.length > 0) throw new ManifestError(problems);
  const actions = Object.entries(loaded.manifest.actions).map(([name, manifest]) => [name, declaredAction(loaded.manifest.name, name, manifest)] as const);
  return { ...loaded, actions: Object.fromEntries(actions) };
}

function declaredAction(connector: string, name: string, { title, risk, http: binding, content_parameters: contentParameters }: ActionManifest): Action {
  if (binding === undefined) throw new ManifestError([`/actions/${name} has no \`http\``]);
  if (risk === 'write' || risk === 'destructive') return declaredWrite({ connector, action: name, title, binding, contentParameters });
  return {
    execute: async (context, parameters) => ({ output: await send(context, `${connector}/${name}`, binding, { parameters, reference: context.reference }) }),
  };
}
