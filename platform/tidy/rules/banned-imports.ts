import { builtinModules } from 'node:module';
import { identifierName, walk, type ParsedModule } from '../modules.ts';
import { isTest, lineAt, type Violation } from '../tree.ts';

interface Ban {
  /** Package names, without a path inside of them. */
  packages: RegExp;
  allowedIn: RegExp;
  /** Tests fake servers over real sockets; what may open any connection is not for tests either. */
  allowedInTests?: boolean;
  where: string;
}

/** Each ability has one home, so that what may reach the database, the network or a process can be read in one folder. */
const BANS: readonly Ban[] = [
  { packages: /^(pg|knex)$/, allowedIn: /^platform\/postgres\/|(^|\/)(queries|repository[^/]*)\.ts$/, where: 'platform/postgres and files named queries.ts or repository*.ts' },
  { packages: /^(express|express-openapi-validator|helmet|pino-http|better-sse)$/, allowedIn: /(^|\/)http\//, where: 'folders named http/' },
  { packages: /^undici$/, allowedIn: /^(platform\/egress|agent\/session)\//, where: 'platform/egress and agent/session' },
  { packages: /^axios$/, allowedIn: /^(cli|iac\/local|agent\/session)\//, where: 'cli, iac/local and agent/session' },
  { packages: /^@aws-sdk\//, allowedIn: /^platform\/(queue|objects|keys|secrets)\//, where: 'platform/{queue,objects,keys,secrets}' },
  { packages: /^@slack\//, allowedIn: /^control-plane\/slack\//, where: 'control-plane/slack' },
  { packages: /^ioredis$/, allowedIn: /^platform\/cache\//, where: 'platform/cache' },
  {
    packages: /^node:(http|https|http2)$/,
    allowedIn: /^platform\/egress\/|^agent\/session\/|^iac\/local\/|^bench\/|(^|\/)http\/|^connectors\/[^/]+\/sandbox\//,
    allowedInTests: true,
    where: 'platform/egress, agent/session, iac/local, folders named http/ and the sandboxes',
  },
  {
    packages: /^node:(net|tls|dgram|dns|dns\/promises)$/,
    allowedIn: /^platform\/egress\/|^agent\/session\/|^iac\/local\/|^bench\//,
    allowedInTests: true,
    where: 'platform/egress, agent/session and iac/local',
  },
  {
    packages: /^node:child_process$/,
    allowedIn: /^iac\/local\/|^bench\/|^policies\/|^platform\/(tidy|opa)\//,
    allowedInTests: true,
    where: 'iac/local, policies, platform/opa, platform/tidy and bench',
  },
];

/** `fetch` and `WebSocket` are globals: they open connections without an import. */
const NETWORK_GLOBALS = ['fetch', 'WebSocket', 'EventSource'];
/** A sandbox stands for a system outside of Countersign, so what it sends does not leave through our gateway. */
const NETWORK_GLOBALS_ALLOWED_IN = /^(web|cli|iac\/local|bench|platform\/egress|connectors\/[^/]+\/sandbox)\//;

export function bannedImports(modules: readonly ParsedModule[]): Violation[] {
  return modules.flatMap((module) => [...bannedPackages(module), ...networkGlobals(module)]);
}

function bannedPackages(module: ParsedModule): Violation[] {
  return module.imports.flatMap(({ specifier, line, typeOnly }) => {
    const name = packageName(specifier);
    const ban = BANS.find(({ packages }) => packages.test(name));
    // A type opens no connection.
    if (ban === undefined || typeOnly || ban.allowedIn.test(module.path) || (ban.allowedInTests && isTest(module.path))) return [];
    return [{ rule: 'banned-imports', path: module.path, line, message: `"${name}" is imported only in ${ban.where}` }];
  });
}

function networkGlobals(module: ParsedModule): Violation[] {
  if (NETWORK_GLOBALS_ALLOWED_IN.test(module.path) || isTest(module.path)) return [];
  const found: Violation[] = [];
  walk(module.program, (node) => {
    const name = node.type === 'CallExpression' || node.type === 'NewExpression' ? identifierName(node['callee']) : undefined;
    if (name === undefined || !NETWORK_GLOBALS.includes(name)) return;
    found.push({ rule: 'banned-imports', path: module.path, line: lineAt(module.text, node.start), message: `the global ${name} opens a connection outside of platform/egress` });
  });
  return found;
}

/** `@scope/name/path` -> `@scope/name`; Node's own modules always with `node:` in front. */
export function packageName(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  if (builtinModules.includes(specifier)) return `node:${specifier}`;
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}
