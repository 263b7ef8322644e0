import { expect, test } from 'vitest';
import { findOpa, runOpa } from './opa-command.ts';

interface Coverage {
  readonly files: Readonly<Record<string, { readonly not_covered?: ReadonlyArray<{ readonly start: { readonly row: number } }> }>>;
}

test('every line of the base, of each pack and of the API is run by a test', async () => {
  const { files } = JSON.parse(await runOpa(await findOpa(), ['test', '--coverage', '--format=json', '--timeout=100s', '.'])) as Coverage;
  const policies = Object.entries(files).filter(([path]) => /^(base|packs|api)\//.test(path) && !path.endsWith('_test.rego'));
  expect(policies.length).toBeGreaterThan(8);
  expect(policies.flatMap(([path, { not_covered = [] }]) => not_covered.map(({ start }) => `${path}:${start.row}`))).toEqual([]);
}, 120_000);
