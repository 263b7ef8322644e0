import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { identifierName, isNode, literalText, walk, type AstNode, type ParsedModule } from '../modules.ts';
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
  // Whoever needs another client than the egress's asks for a rule of its own here.
  { packages: /^(ws|node-fetch|got|needle|superagent|request|socket\.io-client|eventsource|https?-proxy-agent|socks|nodemailer|ssh2|grpc|@grpc\/grpc-js)$/, allowedIn: /^iac\/local\/|^connectors\/[^/]+\/sandbox\//, allowedInTests: true, where: 'iac/local, the sandboxes and tests' },
  { packages: /^axios$/, allowedIn: /^(cli|iac\/local|agent\/session)\//, where: 'cli, iac/local and agent/session' },
  { packages: /^@aws-sdk\//, allowedIn: /^platform\/(queue|objects|keys|secrets)\//, where: 'platform/{queue,objects,keys,secrets}' },
  { packages: /^@slack\//, allowedIn: /^control-plane\/slack\//, where: 'control-plane/slack' },
  { packages: /^(prom-client|@opentelemetry\/.+)$/, allowedIn: /^platform\/telemetry\//, allowedInTests: true, where: 'platform/telemetry' },
  { packages: /^(openid-client|@simplewebauthn\/server)$/, allowedIn: /^control-plane\/identity\//, where: 'control-plane/identity' },
  { packages: /^rate-limiter-flexible$/, allowedIn: /^platform\/(rate-limits|cache)\//, where: 'platform/{rate-limits,cache}' },
  { packages: /^ioredis$/, allowedIn: /^platform\/cache\//, where: 'platform/cache' },
  {
    packages: /^node:(http|https|http2)$/,
    allowedIn: /^platform\/egress\/|^agent\/session\/|^iac\/local\/|^bench\/|(^|\/)http\/|^connectors\/[^/]+\/sandbox\//,
    allowedInTests: true,
    where: 'platform/egress, agent/session, iac/local, folders named http/ and the sandboxes',
  },
  {
    packages: /^node:(net|tls|dgram|dns|dns\/promises)$/,
    allowedIn: /^platform\/egress\/|^agent\/session\/|^iac\/local\/|^bench\/|^connectors\/[^/]+\/sandbox\//,
    allowedInTests: true,
    where: 'platform/egress, agent/session, iac/local and the sandboxes',
  },
  // An inspector opens a port, a worker thread or a cluster runs code that nobody looked at here, and WASI brings sockets.
  { packages: /^node:(inspector|inspector\/promises|cluster|wasi|repl|trace_events)$/, allowedIn: /^bench\//, allowedInTests: true, where: 'bench' },
  { packages: /^(@peculiar\/.+|reflect-metadata)$/, allowedIn: /^platform\/certificates\//, where: 'platform/certificates' },
  { packages: /^node:sqlite$/, allowedIn: /^agent\/spool\//, where: 'agent/spool' },
  {
    packages: /^node:child_process$/,
    allowedIn: /^iac\/local\/|^bench\/|^policies\/|^platform\/(tidy|opa)\/|^agent\/(credentials\/command|upgrade\/start)\.ts$|^cli\/(connector|policy)\/author-tool\.ts$|^connectors\/[^/]+\/sandbox\/certificates\.ts$/,
    allowedInTests: true,
    where: 'iac/local, policies, the author-tool.ts of cli/connector and cli/policy (decision records 0014 and 0019), platform/opa, platform/tidy, agent/credentials/command.ts, agent/upgrade/start.ts, bench and certificates.ts of a sandbox',
  },
];

/** Globals that open connections without an import. */
const NETWORK_GLOBALS = ['fetch', 'WebSocket', 'WebSocketStream', 'EventSource', 'XMLHttpRequest'];
const GLOBAL_OBJECTS = ['globalThis', 'global', 'window', 'self'];
/** A sandbox stands for a system outside of Countersign, so what it sends does not leave through our gateway; a conformance suite drives sandboxes. */
const NETWORK_GLOBALS_ALLOWED_IN = /^(web|cli|iac\/local|bench|platform\/egress|connectors\/[^/]+\/sandbox)\/|^connectors\/[^/]+\/conformance\.ts$/;

/** Ways to a module that no import shows: what is loaded through them cannot be read from the file. */
const LOADERS = ['require', 'createRequire', 'getBuiltinModule', 'binding', '_linkedBinding', 'dlopen', '_load'];
/** Where scripts look for what is installed, and the console is built for browsers that have none of it. */
const LOADERS_ALLOWED_IN = /^(web|iac\/local|bench)\//;
/** Connector packages are loaded by a path that only the registry of packages knows, after their digest and signature were checked. */
const NAMELESS_IMPORTS_ALLOWED_IN = /^connectors\/(package-format\/load-package|author\/[^/]+)\.ts$/;
/** Stand-ins may use the network as the systems do that they stand for, so nothing that ships may be made of them. */
const SANDBOX = /(^|\/)connectors\/[^/]+\/sandbox\//;
const SANDBOX_ALLOWED_IN = /^(iac\/local|bench)\/|^connectors\/[^/]+\/(sandbox\/|conformance\.ts$)/;

export function bannedImports(modules: readonly ParsedModule[]): Violation[] {
  return modules.flatMap((module) => [...bannedPackages(module), ...networkGlobals(module), ...hiddenLoads(module), ...sandboxImports(module)]);
}

function bannedPackages(module: ParsedModule): Violation[] {
  return [...module.imports, ...requiredModules(module)].flatMap(({ specifier, line, typeOnly }) => {
    const name = packageName(specifier);
    const ban = BANS.find(({ packages }) => packages.test(name));
    // A type opens no connection.
    if (ban === undefined || typeOnly || ban.allowedIn.test(module.path) || (ban.allowedInTests && isTest(module.path))) return [];
    return [{ rule: 'banned-imports', path: module.path, line, message: `"${name}" is imported only in ${ban.where}` }];
  });
}

/** `require('x')`, `import a = require('x')`, `createRequire(...)('x')` and `process.getBuiltinModule('x')` with a name that can be read. */
function requiredModules(module: ParsedModule): { specifier: string; line: number; typeOnly: boolean }[] {
  const found: { specifier: string; line: number; typeOnly: boolean }[] = [];
  walk(module.program, (node) => {
    const specifier = node.type === 'CallExpression' && Array.isArray(node['arguments']) && isLoader(node['callee']) ? literalText(node['arguments'][0])
      : node.type === 'TSExternalModuleReference' ? literalText(node['expression']) : undefined;
    if (specifier !== undefined) found.push({ specifier, line: lineAt(module.text, node.start), typeOnly: false });
  });
  return found;
}

function networkGlobals(module: ParsedModule): Violation[] {
  if (NETWORK_GLOBALS_ALLOWED_IN.test(module.path) || isTest(module.path)) return [];
  const own = declaredNames(module);
  return matching(module, (node) => {
    const name = globalName(node, own);
    return name === undefined ? undefined : `the global ${name} opens a connection outside of platform/egress`;
  });
}

/** What loads modules by a name that only running the code tells, or past Node's own door. */
function hiddenLoads(module: ParsedModule): Violation[] {
  if (LOADERS_ALLOWED_IN.test(module.path) || isTest(module.path)) return [];
  return matching(module, (node) => {
    if (node.type === 'ImportExpression' && literalText(node['source']) === undefined && !NAMELESS_IMPORTS_ALLOWED_IN.test(module.path)) return 'imports a module whose name is not written here, so nobody can see which';
    if (node.type === 'CallExpression' && isLoader(node['callee'])) return 'loads a module past `import`: import it by its name';
    if (node.type === 'MemberExpression' && identifierName(node['object']) === 'process' && LOADERS.includes(propertyName(node) ?? '')) return 'reaches for a module past `import`: import it by its name';
    if (runsText(node)) return 'runs code from a text, which no rule can read';
    return undefined;
  });
}

function sandboxImports(module: ParsedModule): Violation[] {
  if (SANDBOX_ALLOWED_IN.test(module.path) || isTest(module.path)) return [];
  return module.imports
    .filter(({ specifier, typeOnly }) => !typeOnly && SANDBOX.test(specifier.startsWith('.') ? posix.join(posix.dirname(module.path), specifier) : specifier.replace(/^@countersign\//, '')))
    .map(({ specifier, line }) => ({ rule: 'banned-imports', path: module.path, line, message: `"${specifier}" is a sandbox's: only tests, conformance suites, iac/local and the sandboxes themselves use them` }));
}

function isLoader(callee: unknown): boolean {
  if (!isNode(callee)) return false;
  const name = identifierName(callee) ?? (callee.type === 'MemberExpression' ? identifierName(callee['object']) === 'require' ? undefined : propertyName(callee) : undefined);
  if (callee.type === 'CallExpression') return isLoader(callee['callee']);
  // `statement.binding(...)` of somebody's own object is none of Node's.
  if (callee.type === 'MemberExpression' && !['process', 'module', 'Module', 'globalThis', 'global'].includes(identifierName(callee['object']) ?? '')) return false;
  return name !== undefined && LOADERS.includes(name);
}

function runsText(node: AstNode): boolean {
  const callee = node.type === 'CallExpression' || node.type === 'NewExpression' ? node['callee'] : undefined;
  if (callee === undefined) return false;
  return identifierName(callee) === 'Function' || (node.type === 'CallExpression' && identifierName(callee) === 'eval');
}

/** `fetch`, `new WebSocket`, `globalThis.fetch`, `globalThis['fetch']`, and handing one on: `const get = fetch`, `const { fetch } = globalThis`. */
function globalName(node: AstNode, own: ReadonlySet<string>): string | undefined {
  if (node.type === 'MemberExpression' && GLOBAL_OBJECTS.includes(identifierName(node['object']) ?? '')) return networkName(propertyName(node));
  if (node.type === 'VariableDeclarator' && GLOBAL_OBJECTS.includes(identifierName(node['init']) ?? '') && isNode(node['id']) && Array.isArray(node['id']['properties'])) {
    return node['id']['properties'].map((property) => (isNode(property) ? networkName(identifierName(property['key']) ?? literalText(property['key'])) : undefined)).find((name) => name !== undefined);
  }
  for (const used of valuesIn(node)) {
    const name = networkName(identifierName(used));
    if (name !== undefined && !own.has(name)) return name;
  }
  return undefined;
}

/** Where an identifier is a value that is read: called, constructed, handed on or kept. */
function valuesIn(node: AstNode): unknown[] {
  switch (node.type) {
    case 'CallExpression':
    case 'NewExpression': return [node['callee'], ...(Array.isArray(node['arguments']) ? node['arguments'] : [])];
    case 'VariableDeclarator': return [node['init']];
    case 'AssignmentExpression': return [node['right']];
    case 'AssignmentPattern': return [node['right']];
    case 'Property': return [node['value']];
    case 'ArrayExpression': return Array.isArray(node['elements']) ? node['elements'] : [];
    case 'ConditionalExpression': return [node['consequent'], node['alternate']];
    case 'LogicalExpression': return [node['left'], node['right']];
    case 'ReturnStatement': return [node['argument']];
    case 'MemberExpression': return [node['object']];
    case 'TSAsExpression':
    case 'TSNonNullExpression':
    case 'SequenceExpression':
    case 'AwaitExpression': return [node['expression'], node['argument'], ...(Array.isArray(node['expressions']) ? node['expressions'] : [])];
    default: return [];
  }
}

/** Names that the module itself gives to something: a parameter called `fetch` is not the global. */
function declaredNames(module: ParsedModule): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (value: unknown): void => {
    const name = identifierName(value);
    if (name !== undefined) names.add(name);
  };
  walk(module.program, (node) => {
    if (node.type === 'FunctionDeclaration') add(node['id']);
    if (node.type.includes('Function') && Array.isArray(node['params'])) for (const parameter of node['params']) add(isNode(parameter) && parameter.type === 'AssignmentPattern' ? parameter['left'] : parameter);
    if (node.type === 'ImportSpecifier') add(node['local']);
    if (node.type === 'VariableDeclarator' && !GLOBAL_OBJECTS.includes(identifierName(node['init']) ?? '') && networkName(identifierName(node['init'])) === undefined) add(node['id']);
  });
  return names;
}

function networkName(name: string | undefined): string | undefined {
  return name !== undefined && NETWORK_GLOBALS.includes(name) ? name : undefined;
}

function propertyName(node: AstNode): string | undefined {
  return node['computed'] === true ? literalText(node['property']) : identifierName(node['property']);
}

function matching(module: ParsedModule, messageOf: (node: AstNode) => string | undefined): Violation[] {
  const found = new Map<string, Violation>();
  walk(module.program, (node) => {
    const message = messageOf(node);
    if (message === undefined) return;
    const line = lineAt(module.text, node.start);
    found.set(`${line} ${message}`, { rule: 'banned-imports', path: module.path, line, message });
  });
  return [...found.values()];
}

/** `@scope/name/path` -> `@scope/name`; Node's own modules always with `node:` in front. */
export function packageName(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  if (builtinModules.includes(specifier)) return `node:${specifier}`;
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}
