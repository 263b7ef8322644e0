import { describe, expect, it } from 'vitest';
import { parseModules } from './modules.ts';
import { connectorNames } from './rules/connector-names.ts';

const MANIFESTS = {
  'connectors/forge/manifest.yaml': 'name: forge\nactions: { issue.get: {}, update: {} }\ntriggers: { issue.opened: {} }\n',
  'connectors/chat/manifest.yaml': 'name: chat\nactions: { message.post: {} }\n',
};

function places(content: Record<string, string>): string[] {
  const files = Object.entries({ ...MANIFESTS, ...content }).map(([path, text]) => ({ path, text }));
  return connectorNames(files, parseModules(files)).map(({ path, line }) => `${path}:${line}`);
}

describe('connector-names', () => {
  it.each([
    ['execution-plane/retraining/retraining.ts', "const SOURCE = 'forge';"],
    ['execution-plane/retraining/queries.ts', "export const text = `\n SELECT 1 WHERE action LIKE '%/issue.get'`;"],
    ['control-plane/ingestion/trigger.ts', "if (event === 'issue.opened') start();"],
    ['connectors/gateway/credentials.ts', 'const forgeToken = read();'],
    ['connectors/sdk/connector.ts', "import { forge } from '../forge/connector.ts';"],
    ['platform/egress/egress.ts', "const hosts = { 'api.Forge.example': 1 };"],
    ['contracts/database/migrations/0099_x.sql', "INSERT INTO x VALUES ('forge');"],
    ['contracts/openapi/openapi.yaml', 'enum: [forge]'],
    ['control-plane/runs/runs.ts', "call('chat/message.post');"],
  ])('refuses in %s: %s', (path, text) => {
    expect(places({ [path]: text })).toContain(`${path}:1`);
  });

  it.each([
    ['execution-plane/a.ts', '// The format is that of forge: issue.get\nexport const a = 1;'],
    ['contracts/database/migrations/0098_x.sql', 'SELECT 1; -- as forge has it'],
    ['contracts/openapi/openapi.yaml', '# forge\nopenapi: 3.1.0'],
    ['execution-plane/a.test.ts', "const connector = 'forge';"],
    ['connectors/gateway/testing/store.ts', "const action = 'forge/issue.get';"],
    ['connectors/forge/connector.ts', "const name = 'forge';"],
    ['connectors/registry.ts', "import { forge } from './forge/connector.ts';"],
    ['iac/local/cell/seed.ts', "const connector = 'forge';"],
    ['control-plane/slack/slack.ts', "const channel = 'chat'; update('message');"],
  ])('allows in %s: %s', (path, text) => {
    expect(places({ [path]: text })).toEqual([]);
  });
});
