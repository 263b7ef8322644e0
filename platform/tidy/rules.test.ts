import { describe, expect, it } from 'vitest';
import { parseModules } from './modules.ts';
import { agentReach } from './rules/agent-reach.ts';
import { bannedImports } from './rules/banned-imports.ts';
import { declaredPackages, pinnedVersions, readManifests, usedPackages } from './rules/dependencies.ts';
import { docLinks } from './rules/doc-links.ts';
import { catalogueInUse } from './rules/error-catalogue.ts';
import { importCycles } from './rules/import-cycles.ts';
import { barrels, bareErrors, disabledTests, environmentReads } from './rules/source-code.ts';
import { fileSizes, folderNames, generatedFiles, machinePaths, openEnds, workspaceReadmes } from './rules/source-text.ts';
import { workspaceImports } from './rules/workspace-imports.ts';
import { violationText, type RepoFile, type Violation } from './tree.ts';
import { applyWaivers } from './waivers.ts';

/** Each rule is shown what it must refuse and what it must leave alone: a rule that cannot fail is worth nothing. */

function tree(content: Record<string, string>): RepoFile[] {
  return Object.entries(content).map(([path, text]) => ({ path, text }));
}

/** The places a rule complains about: `path:line`. */
function places(violations: readonly Violation[]): string[] {
  return violations.map(({ path, line }) => (line === undefined ? path : `${path}:${line}`));
}

describe('workspace-imports', () => {
  const check = (content: Record<string, string>): string[] => places(workspaceImports(parseModules(tree(content))));

  it.each([
    ['control-plane/a.ts', "import { run } from '@countersign/execution-plane/run.ts';"],
    ['execution-plane/a.ts', "import { x } from '../control-plane/x.ts';"],
    ['web/a.tsx', "import type { X } from '@countersign/platform/x.ts';"],
    ['cli/a.ts', "const x = await import('@countersign/connectors/x.ts');"],
    ['contracts/a.ts', "export { x } from '@countersign/platform/x.ts';"],
    ['platform/a.ts', "export type X = import('@countersign/connectors/sdk/connector.ts').X;"],
    ['connectors/a.ts', "import '@countersign/local/start.ts';"],
    ['bench/a.ts', "import { x } from '../web/x.ts';"],
    ['platform/opa/pdp.ts', "import { readVectors } from '../../policies/vectors/read-vectors.ts';"],
    ['control-plane/a.test.ts', "import { run } from '@countersign/execution-plane/run.ts';"],
  ])('refuses in %s: %s', (path, text) => {
    expect(check({ [path]: text })).toEqual([`${path}:1`]);
  });

  it.each([
    ['control-plane/a.ts', "import { x } from '@countersign/platform/x.ts'; import './b.ts'; import 'node:fs';"],
    ['execution-plane/a.ts', "import { x } from '@countersign/connectors/gateway/x.ts';"],
    ['web/a.tsx', "import type { X } from '@countersign/contracts/x.ts';"],
    ['iac/local/a.ts', "import { x } from '@countersign/cli/x.ts';"],
    ['platform/opa/pdp.test.ts', "import { readVectors } from '../../policies/vectors/read-vectors.ts';"],
    ['platform/a.ts', "// import '@countersign/web/x.ts'\nexport const text = \"import '@countersign/web/x.ts'\";"],
  ])('allows in %s: %s', (path, text) => {
    expect(check({ [path]: text })).toEqual([]);
  });
});

describe('agent-reach', () => {
  const check = (content: Record<string, string>): string[] => places(agentReach(parseModules(tree(content))));

  it('finds what the agent would bring along, however far away it is imported, and by dynamic import', () => {
    expect(check({
      'agent/main.ts': "import '@countersign/platform/a.ts';", 'platform/a.ts': "void import('./b.ts');", 'platform/b.ts': "import 'node:fs';\nimport { Pool } from 'pg';",
    })).toEqual(['platform/b.ts:2']);
    expect(check({ 'agent/main.ts': "import '@countersign/connectors/a.ts';", 'connectors/a.ts': "import '@countersign/control-plane/a.ts';", 'control-plane/a.ts': '' })).toEqual(['connectors/a.ts:1']);
  });

  it('leaves types, tests and what the agent does not reach alone', () => {
    expect(check({
      'agent/main.ts': "import type { Pool } from 'pg'; import '@countersign/platform/a.ts';", 'agent/main.test.ts': "import 'express';", 'platform/a.ts': "import 'undici';", 'platform/b.ts': "import 'pg';",
    })).toEqual([]);
  });
});

describe('import-cycles', () => {
  const check = (content: Record<string, string>): string[] => importCycles(parseModules(tree(content))).map(({ message }) => message);

  it('finds modules that load one another, also across workspaces and in longer circles', () => {
    expect(check({ 'platform/a.ts': "import './b.ts';", 'platform/b.ts': "import './a.ts';" })).toEqual(['import one another: platform/a.ts, platform/b.ts']);
    expect(check({
      'contracts/a.ts': "import '@countersign/platform/x/b.ts';",
      'platform/x/b.ts': "export * from '../c.ts';",
      'platform/c.ts': "const a = await import('../contracts/a.ts');",
    })).toEqual(['import one another: contracts/a.ts, platform/c.ts, platform/x/b.ts']);
    expect(check({ 'platform/a.ts': "import './a.ts';" })).toHaveLength(1);
  });

  it('finds modules that only need one another for types', () => {
    expect(check({ 'platform/a.ts': "import type { B } from './b.ts';", 'platform/b.ts': "import { type A } from './a.ts';" })).toHaveLength(1);
  });

  it('does not mind diamonds and packages', () => {
    expect(check({
      'platform/a.ts': "import './b.ts'; import './c.ts'; import 'pg';",
      'platform/b.ts': "import './d.ts';",
      'platform/c.ts': "import './d.ts';",
      'platform/d.ts': "import 'yaml';",
    })).toEqual([]);
  });
});

describe('banned-imports', () => {
  const check = (path: string, text: string): string[] => places(bannedImports(parseModules(tree({ [path]: text }))));

  it.each([
    ['control-plane/runs/list.ts', "import pg from 'pg';"],
    ['control-plane/runs/list.ts', "import express from 'express';"],
    ['connectors/gateway/egress.ts', "import { request } from 'undici';"],
    ['control-plane/client.ts', "import axios from 'axios';"],
    ['execution-plane/worker.ts', "import { get } from 'node:https';"],
    ['execution-plane/worker.ts', "import { get } from 'http';"],
    ['connectors/servicenow/client.ts', "import { connect } from 'node:net';"],
    ['connectors/servicenow/client.ts', "const r = await fetch('http://x');"],
    ['agent/main.ts', "const s = new WebSocket('ws://x');"],
    ['execution-plane/worker.ts', "import { spawn } from 'node:child_process';"],
    ['platform/keys.ts', "import { KMS } from '@aws-sdk/client-kms';"],
    ['control-plane/approvals.ts', "import { App } from '@slack/bolt';"],
    ['control-plane/a.test.ts', "import { request } from 'undici';"],
    ['connectors/slack/client.ts', "import { start } from './sandbox/server.ts';"],
    ['execution-plane/worker.ts', "import { start } from '@countersign/connectors/slack/sandbox/server.ts';"],
    // Every other way to a connection that JavaScript has.
    ...[
      "const net = await import('node:net');", "await import('net');", "await import(`node:net`);", "const m = await import(name);", "export * from 'node:tls';", "import dgram = require('node:dgram');",
      "require('node:net');", "require('undici');", "createRequire(import.meta.url)('node:net');", "module.require('https');", "process.getBuiltinModule('node:net');", "process['getBuiltinModule']('net');",
      "const get = process.getBuiltinModule;", "process.binding('tcp_wrap');", "process._linkedBinding('x');", "process.dlopen(m, 'x.node');", "globalThis.fetch('http://x');", "globalThis['fetch']('http://x');",
      "new globalThis.WebSocket('ws://x');", 'const get = fetch;', 'const { fetch: get } = globalThis;', 'call({ fetch });', "fetch.call(null, 'http://x');", 'run(fetch);', "(0, fetch)('http://x');", "(fetch as F)('http://x');",
      "new EventSource('http://x');", "import 'node:dns';", "import { lookup } from 'node:dns/promises';", "import 'node:http2';", "import inspector from 'node:inspector';", "import cluster from 'cluster';", "import { WASI } from 'node:wasi';",
      "import { WebSocket } from 'ws';", "import got from 'got';", "eval('fetch()');", "new Function('return fetch')();", "Function('return fetch')();",
    ].map((text): [string, string] => ['connectors/servicenow/client.ts', text]),
  ])('refuses in %s: %s', (path, text) => {
    expect(new Set(check(path, text))).toEqual(new Set([`${path}:1`]));
  });

  it.each([
    ['platform/postgres/database.ts', "import pg from 'pg';"],
    ['control-plane/runs/queries.ts', "import pg from 'pg';"],
    ['execution-plane/steps/repository-claims.ts', "import { Client } from 'pg';"],
    ['control-plane/http/server.ts', "import express from 'express'; import { createServer } from 'node:http';"],
    ['control-plane/runs/list.ts', "import type { Request } from 'express';"],
    ['connectors/servicenow/sandbox/server.ts', "import { createServer } from 'node:http'; import { connect } from 'node:tls'; import './records.ts';"],
    ['connectors/servicenow/servicenow.test.ts', "import { start } from './sandbox/server.ts';"],
    ['platform/egress/connect.ts', "import { Agent } from 'undici'; import { connect } from 'node:net';"],
    ['platform/egress/guard.test.ts', "import { createServer } from 'node:net';"],
    ['connectors/servicenow/client.ts', 'const r = await this.fetch(url);'],
    ['connectors/servicenow/client.ts', 'export function read(fetch: F) { return fetch(url); }'],
    ['connectors/servicenow/client.ts', "import { fetch } from './fetch.ts'; fetch(a); const x = { fetch: 1 }; x.fetch; require.resolve; statement.binding(a);"],
    ['connectors/servicenow/client.ts', "// await import('node:net')\nconst text = 'process.binding'; type F = typeof fetch; process.exit();"],
    ['platform/egress/connect.test.ts', "await import(name); process.getBuiltinModule('net');"],
    ['iac/local/network-proof/ssrf.ts', "import { createSocket } from 'node:dgram'; import { Resolver } from 'node:dns/promises';"],
    ['iac/local/start.ts', "import { spawn } from 'node:child_process';"],
  ])('allows in %s: %s', (path, text) => {
    expect(check(path, text)).toEqual([]);
  });
});

describe('environment-reads', () => {
  const check = (path: string, text: string): string[] => places(environmentReads(parseModules(tree({ [path]: text }))));

  it.each(['const x = process.env.X;', "const x = process['env'];", 'const { env } = process;', "import { env } from 'node:process';"])('refuses %s', (text) => {
    expect(check('platform/a.ts', text)).toEqual(['platform/a.ts:1']);
  });

  it('leaves config files, comments and other things named env alone', () => {
    expect(check('control-plane/config.ts', 'export const x = process.env.X;')).toEqual([]);
    expect(check('vitest.config.ts', 'export const x = process.env.X;')).toEqual([]);
    expect(check('platform/a.ts', '// process.env.X\nspawn(a, { env }); const env = 1; process.exit();')).toEqual([]);
  });
});

describe('barrels', () => {
  const check = (text: string): string[] => places(barrels(parseModules(tree({ 'platform/index.ts': text }))));

  it('refuses modules that only hand on, and no others', () => {
    expect(check("export * from './a.ts';\nexport { b } from './b.ts';")).toEqual(['platform/index.ts']);
    expect(check("export type { B } from './b.ts';")).toEqual(['platform/index.ts']);
    expect(check("export { b } from './b.ts';\nexport const a = 1;")).toEqual([]);
    expect(check("import './b.ts';")).toEqual([]);
  });
});

describe('disabled-tests', () => {
  const check = (text: string): string[] => places(disabledTests(parseModules(tree({ 'platform/a.test.ts': text }))));

  it.each(["it.skip('x', f);", "describe.only('x', f);", "test.todo('x');", "it.skipIf(root)('x', f);", "describe.concurrent.skip('x', f);", "it.only.each([1])('x', f);", "xit('x', f);"])('refuses %s', (text) => {
    expect(check(text)).toEqual(['platform/a.test.ts:1']);
  });

  it('leaves tests that run alone', () => {
    expect(check("it('skip', f); it.each([1])('x', f); list.skip(3); stream.only();")).toEqual([]);
  });
});

describe('bare-errors', () => {
  const check = (path: string, text: string): string[] => places(bareErrors(parseModules(tree({ [path]: text }))));

  it('refuses errors without a code outside of tests', () => {
    expect(check('platform/a.ts', "throw new Error('x');")).toEqual(['platform/a.ts:1']);
    expect(check('platform/a.ts', "throw Error('x');")).toEqual(['platform/a.ts:1']);
    expect(check('platform/a.ts', "throw new KeyError('key_missing', 'x');")).toEqual([]);
    expect(check('platform/a.test.ts', "throw new Error('x');")).toEqual([]);
    expect(check('policies/build.ts', "throw new Error('x');")).toEqual([]);
  });
});

describe('file-sizes, folder-names, open-ends, machine-paths', () => {
  it('refuses more than 500 lines, unless generated', () => {
    const long = 'x\n'.repeat(501);
    expect(places(fileSizes(tree({ 'platform/a.ts': long, 'policies/a.rego': long, 'contracts/a.generated.ts': long, 'docs/a.md': long })))).toEqual(['platform/a.ts', 'policies/a.rego']);
    expect(fileSizes(tree({ 'platform/a.ts': 'x\n'.repeat(500) }))).toEqual([]);
  });

  it('refuses folders named for nothing', () => {
    expect(places(folderNames(tree({ 'platform/util/a.ts': '', 'web/src/common/b.ts': '', 'platform/helpers.ts': '' })))).toEqual(['platform/util/a.ts', 'web/src/common/b.ts']);
  });

  it('refuses unfinished work', () => {
    expect(places(openEnds(tree({ 'platform/a.ts': 'a\n// TODO: later', 'docs/b.md': 'FIXME', 'platform/c.ts': 'const todos = []; // TODOS' })))).toEqual(['platform/a.ts:2', 'docs/b.md:1']);
  });

  it('refuses paths of one machine', () => {
    expect(places(machinePaths(tree({ 'docs/a.md': 'in /home/jo/code', 'b.ts': "'/root/x'", 'c.ts': "`${dir}/work/x` a/home/b https://x.test/home/y /homework" })))).toEqual(['docs/a.md:1', 'b.ts:1']);
  });
});

describe('workspace-readmes and generated-files', () => {
  it('asks every workspace for a README', () => {
    expect(places(workspaceReadmes(tree({ 'cli/README.md': '' }), ['cli', 'web']))).toEqual(['web']);
  });

  it('wants each generated file listed and each listed one there', () => {
    const paths = new Set(['contracts/a.generated.ts', 'contracts/b.generated.ts', 'policies/generated/p.wasm', 'package-lock.json', 'cli/main.ts']);
    expect(places(generatedFiles(paths, ['contracts/a.generated.ts', 'docs/c.md']))).toEqual(['contracts/b.generated.ts', 'policies/generated/p.wasm', 'docs/c.md']);
  });
});

describe('dependencies', () => {
  const files = tree({
    'package.json': JSON.stringify({ devDependencies: { vitest: '5.1.1', oxlint: '1.0.0', idle: '1.0.0' }, scripts: { lint: 'oxlint --deny-warnings' } }),
    'cli/package.json': JSON.stringify({ dependencies: { axios: '^1.0.0', yaml: '2.9.1', '@countersign/contracts': '0.1.0', '@types/ws': '1.0.0', 'run-time': '1.0.0' } }),
    'cli/main.ts': "import axios from 'axios';\nimport 'fflate/browser';\nimport { it } from 'vitest';\nimport '@countersign/contracts/x.ts'; import type { S } from 'ws'; import '@countersign/cli/y.ts'; require.resolve('run-time');",
  });
  const manifests = readManifests(files, ['cli', 'web']);
  const modules = parseModules(files);

  it('wants one version, not a range', () => {
    expect(pinnedVersions(manifests).map(violationText)).toEqual(['cli/package.json [pinned-versions] axios is "^1.0.0"; pin one version']);
  });

  it('wants what is imported to be declared', () => {
    expect(declaredPackages(manifests, modules).map(violationText)).toEqual(['cli/main.ts:2 [declared-packages] imports "fflate", which cli/package.json does not declare']);
  });

  it('wants what is declared to be used', () => {
    expect(usedPackages(manifests, modules).map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'package.json: declares "idle", but nothing there uses it',
      'cli/package.json: declares "yaml", but nothing there uses it',
    ]);
  });
});

describe('doc-links', () => {
  it('wants files and headings to be there', () => {
    const files = tree({
      'docs/a.md': '# One thing: here\n[b](b.md) [c](../cli/) [d](#one-thing-here) [e](b.md#two) [web](https://x.test) `[code](no.md)`\n[bad](no.md)\n[bad](#no) ![bad](no.png)',
      'docs/b.md': '## Two\n',
      'cli/main.ts': '',
    });
    expect(places(docLinks(files, new Set(files.map(({ path }) => path))))).toEqual(['docs/a.md:3', 'docs/a.md:4', 'docs/a.md:4']);
  });
});

describe('error-catalogue', () => {
  it('wants every code to be answered with outside of tests', () => {
    const modules = parseModules(tree({ 'control-plane/a.ts': "throw new ApiError('not_found');", 'control-plane/a.test.ts': "expect('only_tested')" }));
    expect(catalogueInUse(modules, ['not_found', 'only_tested', 'never']).map(({ message }) => message.split('"')[1])).toEqual(['only_tested', 'never']);
  });
});

describe('waivers', () => {
  const violation = { rule: 'file-sizes', path: 'a.ts', message: '' };
  const reason = 'the table of a published standard, kept in one place';

  it('cover what they name, and nothing else', () => {
    expect(applyWaivers([violation, { ...violation, path: 'b.ts' }], [{ rule: 'file-sizes', path: 'a.ts', reason }])).toEqual([{ ...violation, path: 'b.ts' }]);
  });

  it('are refused without a reason, and when nothing needs them any more', () => {
    expect(applyWaivers([violation], [{ rule: 'file-sizes', path: 'a.ts', reason: 'big' }]).map(({ rule }) => rule)).toEqual(['waivers']);
    expect(applyWaivers([], [{ rule: 'file-sizes', path: 'a.ts', reason }]).map(({ rule }) => rule)).toEqual(['waivers']);
  });
});
