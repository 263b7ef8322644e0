import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { stepsOfSource } from './step-needs.ts';

describe('stepsOfSource', () => {
  it('reads the flagship workflow', async () => {
    const source = await readFile(new URL('../../../workflows/incident-triage.yaml', import.meta.url), 'utf8');
    expect(stepsOfSource(source)).toEqual([
      { key: 'incident', uses: 'servicenow/incident.get', needs: [] },
      { key: 'triage', uses: 'model/generate', needs: ['incident'] },
      { key: 'update', uses: 'servicenow/incident.update', needs: ['triage'] },
    ]);
  });
  it('takes named needs and drops what does not exist', () => {
    expect(stepsOfSource('spec:\n  steps:\n    - id: a\n    - { id: b, uses: x/y, needs: [a, gone], with: { v: "${{ steps.nobody.output }}" } }')).toEqual([
      { key: 'a', uses: '', needs: [] }, { key: 'b', uses: 'x/y', needs: ['a'] },
    ]);
  });
  it.each(['', 'a: [', 'spec: 5', '- 1', 'a: &x 1\nspec: { steps: *x }'])('finds no steps in %j', (source) => expect(stepsOfSource(source)).toEqual([]));
});
