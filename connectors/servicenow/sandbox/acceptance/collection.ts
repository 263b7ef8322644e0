/** Finding Red Hat's `servicenow.itsm` collection, which is somebody else's (GPL-3) and is never part of this repository. */
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The root of the collection, or undefined where none of the places has it. */
export function findCollection(explicit: string | undefined, collectionPaths: readonly string[]): string | undefined {
  const places = explicit === undefined
    ? collectionPaths.map((path) => join(path, 'ansible_collections/servicenow/itsm'))
    : [explicit, join(explicit, 'ansible_collections/servicenow/itsm')];
  const found = places.find((place) => existsSync(join(place, 'plugins/modules/incident.py')));
  return found === undefined ? undefined : resolve(found);
}

/** Whether the collection came with its integration tests (the published artefact may lack them). */
export function hasIntegrationTargets(collection: string): boolean {
  return existsSync(join(collection, 'tests/integration/targets/itsm_incident/tasks/main.yml'));
}

export interface Connection {
  url: string;
  user: string;
  password: string;
  clientId: string;
  clientSecret: string;
  apiKey: string;
  certificateFile: string;
  keyFile: string;
}

/**
 * Lays out a scratch folder: the collection where ansible looks for collections, copies of its test targets as roles,
 * and the settings file that those targets read. Nothing is written into the collection itself.
 */
export function layOut(scratch: string, collection: string, targets: readonly string[], connection: Connection): void {
  mkdirSync(join(scratch, 'collections/ansible_collections/servicenow'), { recursive: true });
  symlinkSync(collection, join(scratch, 'collections/ansible_collections/servicenow/itsm'));
  for (const target of ['prepare_test_vars', ...targets]) {
    cpSync(join(collection, 'tests/integration/targets', target), join(scratch, 'targets', target), { recursive: true });
  }
  writeFileSync(join(scratch, 'integration_config.yml'), [
    `sn_host: ${connection.url}`, `sn_username: ${connection.user}`, `sn_password: ${connection.password}`,
    `sn_client_id: ${connection.clientId}`, `sn_client_secret: ${connection.clientSecret}`,
    `sn_api_key: ${connection.apiKey}`, `sn_client_certificate_file: ${connection.certificateFile}`, `sn_client_key_file: ${connection.keyFile}`, 'sn_timeout: 30', '',
  ].join('\n'));
}
