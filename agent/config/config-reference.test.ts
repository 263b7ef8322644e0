import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import schema from '@countersign/contracts/agent/config.schema.json' with { type: 'json' };
import { CHECKS } from '../doctor/finding.ts';
import { COMMANDS } from '../usage.ts';
import { SETTINGS_FROM_ENVIRONMENT } from './read-config.ts';

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly anyOf?: readonly Node[];
}

const page = readFileSync(join(import.meta.dirname, '../../docs/reference/agent-config.md'), 'utf8');

/** Groups are told by what is in them, but for those that may be left out as a whole. */
function settingsOf(node: Node, path: readonly string[] = []): string[] {
  const inner = [node, ...node.anyOf ?? []].flatMap(({ properties = {} }) => Object.entries(properties));
  const own = path.length > 0 && (inner.length === 0 || node.anyOf !== undefined) ? [path.join('.')] : [];
  return [...own, ...inner.flatMap(([name, value]) => settingsOf(value, [...path, name]))];
}

describe('the reference of the settings', () => {
  const connection = Object.keys(schema.$defs.connection.properties).map((name) => `connections.${name}`);

  it.each([...settingsOf(schema as Node), ...connection])('has %s', (setting) => {
    expect(page).toContain(`\n| \`${setting}\` |`);
  });

  it('has no setting that there is not', () => {
    const told = [...page.slice(0, page.indexOf('Secrets are never')).matchAll(/^\| `([a-z_.]+)` \|/gm)].map(([, name]) => name);
    expect(told.toSorted()).toEqual([...settingsOf(schema as Node), ...connection].toSorted());
  });

  it('has every variable, command, kind of credential and check', () => {
    for (const name of SETTINGS_FROM_ENVIRONMENT) expect(page).toContain(`\`${name}\``);
    for (const name of [...Object.keys(COMMANDS), ...CHECKS]) expect(page).toContain(`\n| \`${name}\` |`);
    for (const { properties: { kind } } of schema.$defs.connection.properties.credential.oneOf) expect(page).toContain(`\n| \`${kind.const}\` |`);
  });
});
