import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import { CONNECTORS } from '../registry.ts';
import { checkManifest, ManifestError } from './load-manifest.ts';

const VALID = { name: 'notes', version: '1.0.0', title: 'Notes', description: 'For tests', credentials: ['none'], actions: { 'note.read': action() } };

function action(changes: object = {}): Record<string, unknown> {
  return {
    title: 'Read', risk: 'read', reversible: true, idempotent: true, reconcile: false, timeout_ms: 1000, sensitive_parameters: [], content_parameters: [], redact: [], output_labels: ['ticket_text'],
    parameters: { type: 'object', properties: { id: { type: 'string' } } }, output: { type: 'object' }, ...changes,
  };
}

function problemsOf(value: unknown): string {
  try {
    checkManifest(value);
  } catch (error) {
    if (error instanceof ManifestError) return error.problems.join('\n');
    throw error;
  }
  return '';
}

describe('manifests', () => {
  test('one that keeps the contract is taken, with the digest of its canonical JSON', () => {
    expect(checkManifest(VALID).manifestDigest).toBe(digestOf(VALID));
  });

  test.each(CONNECTORS.map((connector) => [connector.manifest.name, connector] as const))('%s: manifest and code say the same', (name, connector) => {
    const source: unknown = parse(readFileSync(new URL(`../${name}/manifest.yaml`, import.meta.url), 'utf8'));
    expect(connector.manifestDigest).toBe(digestOf(source));
    expect(Object.keys(connector.actions).sort()).toEqual(Object.keys(connector.manifest.actions).sort());
    for (const [actionName, manifest] of Object.entries(connector.manifest.actions)) {
      const code = connector.actions[actionName]!;
      const changes = manifest.risk === 'write' || manifest.risk === 'destructive';
      expect([actionName, code.prepare !== undefined, code.reconcile !== undefined]).toEqual([actionName, changes, manifest.reconcile]);
    }
  });

  test.each([
    ['no name', { name: '' }, '/name'],
    ['a version that is none', { version: '1' }, '/version'],
    ['an unknown key', { colour: 'red' }, 'additional properties'],
    ['no actions', { actions: {} }, '/actions'],
    ['a credential kind that nobody knows', { credentials: ['password'] }, '/credentials/0'],
    ['an unknown risk', { actions: { x: action({ risk: 'harmless' }) } }, '/actions/x/risk'],
    ['a missing key of an action', { actions: { x: action({ redact: undefined }) } }, '/actions/x'],
    ['a schema that is none', { actions: { x: action({ output: { type: 'object', properties: { a: { type: 'nothing' } } } }) } }, '/actions/x output is no JSON Schema'],
    ['a sensitive parameter that is not declared', { actions: { x: action({ sensitive_parameters: ['/other'] }) } }, '/actions/x names /other in sensitive_parameters'],
    ['a content parameter inside of another', { actions: { x: action({ content_parameters: ['/id/part'] }) } }, '/actions/x/content_parameters/0'],
    ['a pointer that is none', { actions: { x: action({ redact: ['secret'] }) } }, '/actions/x/redact/0'],
    ['a read that wants to be reconciled', { actions: { x: action({ reconcile: true }) } }, 'nothing to reconcile'],
  ])('%s is refused, naming the key', (_what, changes, expected) => {
    expect(problemsOf(JSON.parse(JSON.stringify({ ...VALID, ...changes })))).toContain(expected);
  });
});
