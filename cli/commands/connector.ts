import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { ApiClient } from '../api-client.ts';
import type { Instance } from '../api-client.ts';
import { readConfig } from '../config.ts';
import { runAuthorTool } from '../connector/author-tool.ts';
import { readManifestFile } from '../connector/manifest-file.ts';
import { readPublicKey } from '../connector/public-key.ts';
import { readPackedFile } from '../connector/packed-file.ts';
import { printChanges, printInstances } from '../connector/show-package.ts';
import { CliError } from '../errors.ts';
import { poolOf } from './agents.ts';
import { printJson, printTable, say } from '../output.ts';

/** `countersign connector ...`: making a connector, publishing it, and approving it for instances. */
export function connectorCommand(): Command {
  const connector = new Command('connector').description('Make, publish and approve connectors');
  authorCommands(connector);
  publishCommands(connector);
  instanceCommands(connector);
  return connector;
}

function authorCommands(connector: Command): void {
  connector.command('new').argument('<name>').option('--dir <dir>', 'where (default: a folder of that name)').description('A working package: a read, a write, a stand-in, tests')
    .action((name: string, { dir }: { dir?: string }) => runAuthorTool(['new', name, ...(dir === undefined ? [] : ['--dir', dir])]));
  connector.command('test').argument('<dir>').description('Its own tests, and the suite that every connector passes').action((dir: string) => runAuthorTool(['test', dir]));
  connector.command('key').argument('<file>').description('A publisher\'s key: FILE, and its public half FILE.pub').action((file: string) => runAuthorTool(['key', file]));
  connector.command('pack').argument('<dir>').requiredOption('--key <file>', 'the publisher\'s key').option('-o, --output <file>').description('One signed file')
    .action((dir: string, { key, output }: { key: string; output?: string }) => runAuthorTool(['pack', dir, '--key', key, ...(output === undefined ? [] : ['--output', output])]));
}

function publishCommands(connector: Command): void {
  connector.command('trust').argument('<file>', 'the public half of a publisher\'s key').requiredOption('--name <name>', 'whose it is').description('Let packages be published that this key signed').option('--json', 'print the API\'s answer')
    .action(async (file: string, { name, json }: { name: string; json?: boolean }) => {
      const publisher = await new ApiClient(readConfig()).trustPublisher({ name, public_jwk: await readPublicKey(file) });
      if (json === true) return printJson(publisher);
      say(`Trusted. Packages signed by ${name} (${publisher.kid}) can be published.`);
    });
  connector.command('publishers').description('Whose packages can be published').option('--json', 'print the API\'s answer').action(async ({ json }: { json?: boolean }) => {
    const { items } = await new ApiClient(readConfig()).publishers();
    if (json === true) return printJson({ items });
    printTable(['KID', 'NAME', 'TRUSTED', 'REVOKED'], items.map((item) => [item.kid, item.name, item.trusted_at, item.revoked_at ?? '']));
  });
  connector.command('revoke').argument('<kid>').description('Trust a publisher\'s key no more').option('--json', 'print the API\'s answer').action(async (kid: string, { json }: { json?: boolean }) => {
    const publisher = await new ApiClient(readConfig()).revokePublisher(kid);
    if (json === true) return printJson(publisher);
    say(`Revoked. ${publisher.name} publishes nothing new; what was published stays.`);
  });
  connector.command('publish').argument('<file>', 'what `pack` wrote, or the manifest (.yaml) of a connector without code').description('Publish a version: its manifest, and its code by digest').option('--json', 'print the API\'s answer').action(async (file: string, { json }: { json?: boolean }) => {
    const version = await new ApiClient(readConfig()).publishConnector(/\.ya?ml$/i.test(file) ? await readManifestFile(file) : await readPackedFile(file));
    if (json === true) return printJson(version);
    say(`Published. ${version.connector} ${version.version}, ${version.package_digest === null ? `manifest ${version.manifest_digest}` : `package ${version.package_digest}`}.`);
  });
  connector.command('list').description('Published versions').option('--json', 'print the API\'s answer').action(async ({ json }: { json?: boolean }) => {
    const { items } = await new ApiClient(readConfig()).connectors();
    if (json === true) return printJson({ items });
    printTable(['CONNECTOR', 'VERSION', 'PACKAGE', 'PUBLISHED'], items.map((item) => [item.connector, item.version, item.package_digest ?? '(manifest only)', item.published_at]));
  });
}

interface ConnectOptions { readonly baseUrl?: string; readonly allowHost: readonly string[]; readonly environment: string; readonly credential?: string; readonly connectorVersion?: string; readonly pool?: string; readonly json?: boolean }

function instanceCommands(connector: Command): void {
  connector.command('connect').argument('<connector>').argument('<name>', 'of the instance').description('An instance: a system that workflows may reach through the connector')
    .option('--base-url <url>').option('--allow-host <host:port>', 'a host inside of your network, or another than that of the base URL; may be repeated', (host: string, hosts: string[]) => [...hosts, host], []).option('--environment <name>', 'dev, staging or prod', 'prod').option('--connector-version <version>', 'default: the newest published')
    .option('--pool <pool>', 'only agents of this pool reach it (its id, its name, or environment/name): then no address and no credential')
    .option('--credential <file>', 'JSON {"kind": ..., "value": {...}}; it is stored sealed and cannot be read back').option('--json', 'print the API\'s answer')
    .action(connect);
  connector.command('instances').option('--json', 'print the API\'s answer').description('What each instance may run, and what is installed').action(async ({ json }: { json?: boolean }) => {
    const page = await new ApiClient(readConfig()).instances();
    if (json === true) printJson(page);
    else printInstances(page.items);
  });
  connector.command('approve').argument('<instance>', 'its name or id').option('--digest <sha256>', 'the package digest that you reviewed: nothing else is approved')
    .option('--yes', 'approve what is shown, without a digest').option('--json', 'print the API\'s answer').description('Let an instance run the package that is installed')
    .action(approve);
}

async function connect(connector: string, name: string, options: ConnectOptions): Promise<void> {
  const api = new ApiClient(readConfig());
  const version = options.connectorVersion ?? (await api.connectors()).items.find((item) => item.connector === connector)?.version;
  if (version === undefined) throw new CliError('input_invalid', `${connector} is not published here. See: countersign connector list`);
  const pool = options.pool === undefined ? null : await poolOf(api, options.pool);
  // A name of its own each time: when the instance is refused, the credential stays behind, and the next try must not meet it.
  const credential = options.credential === undefined ? null : await api.storeCredential({ name: `${name.slice(0, 40)}-${options.environment}-${randomBytes(4).toString('hex')}`, ...await readJson(options.credential) as { kind: 'bearer'; value: Record<string, string> } });
  const instance = await api.createInstance({
    connector, connector_version: version, name, environment: (pool?.environment ?? options.environment) as 'prod', ...(pool === null ? {} : { pool_id: pool.id }),
    ...(options.baseUrl === undefined ? {} : { base_url: options.baseUrl }), ...(options.allowHost.length === 0 ? {} : { allowed_hosts: [...options.allowHost] }), ...(credential === null ? {} : { credential_id: credential.id }),
  });
  if (options.json === true) return printJson(instance);
  if (instance.pool !== null) return say(`Connected. ${instance.name} (${instance.id}) runs ${connector} ${version} in ${instance.environment}, and is reached by agents of ${instance.pool.name}: name a connection ${instance.name} in their configuration.`);
  say(`Connected. ${instance.name} (${instance.id}) runs ${connector} ${version} in ${instance.environment}, and reaches ${instance.allowed_hosts.join(', ') || (instance.base_url === null ? 'nothing' : `${instance.base_url} at public addresses`)}.`);
}

async function approve(which: string, options: { readonly digest?: string; readonly yes?: boolean; readonly json?: boolean }): Promise<void> {
  const api = new ApiClient(readConfig());
  const instance = pick((await api.instances()).items, which);
  const found = instance.package;
  if (found?.state === 'current' && found.approvable === null && options.json === true) return printJson(instance);
  if (found?.state === 'current' && found.approvable === null) return say(`Nothing to approve: ${instance.name} runs ${instance.connector} ${found.pinned.version} as it is installed.`);
  if (found === undefined || found.approvable === null) {
    printInstances([instance]);
    throw new CliError('input_invalid', `There is nothing that could be approved for ${instance.name} now.`);
  }
  const { approvable, pinned } = found;
  if (options.json !== true) {
    process.stdout.write(`${instance.connector} ${pinned.version} -> ${approvable.version} for ${instance.name} (${instance.environment})\n`);
    printChanges(instance);
    process.stdout.write(`\npackage ${approvable.package_digest ?? '(none)'}\n`);
  }
  if (options.digest === undefined && options.yes !== true) {
    throw new CliError('input_invalid', `Not approved yet. Approve exactly this with: countersign connector approve ${which} --digest ${approvable.package_digest ?? ''}`);
  }
  if (options.digest !== undefined && options.digest !== approvable.package_digest) throw new CliError('input_invalid', 'Not approved: what is installed now is another package than the digest names.');
  const approved = await api.approvePackage(instance.id, approvable, found.etag);
  if (options.json === true) return printJson(approved);
  say(`Approved. ${instance.name} runs ${instance.connector} ${approvable.version}.`);
}

function pick(instances: readonly Instance[], which: string): Instance {
  const found = instances.filter(({ id, name }) => id === which || name === which);
  if (found.length === 1) return found[0]!;
  throw new CliError('input_invalid', found.length === 0
    ? `There is no instance ${which}; there are ${instances.map(({ name }) => name).join(', ') || 'none'}.`
    : `${which} is the name of ${found.length} instances; name one by its id: ${found.map(({ id, environment }) => `${id} (${environment})`).join(', ')}.`);
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (cause) {
    throw new CliError('input_invalid', `${file} cannot be read as JSON: ${(cause as Error).message}`, { cause });
  }
}
