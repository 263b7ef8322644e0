import { expect, test } from 'vitest';
import { inputProblem } from '@countersign/platform/opa/validators.ts';
import { exampleInput, inputFields } from './fields.ts';
import { renderInputReference } from './render.ts';

const fields = inputFields();

test('every field says what it is and gives an example', () => {
  const wordless = fields.filter(({ schema, isContainer, path }) => !isContainer && (schema.description === undefined || schema.examples === undefined || path === ''));
  expect(wordless.map(({ path }) => path)).toEqual([]);
  expect(fields.length).toBeGreaterThan(60);
});

test('every example is valid where it stands', () => {
  const turns = Math.max(...fields.map(({ schema }) => schema.examples?.length ?? 0));
  for (let turn = 0; turn < turns; turn += 1) expect(inputProblem(exampleInput(turn))).toBe(null);
});

test('an example that is not would be found', () => {
  const whole = exampleInput() as { run: { autonomy: string } };
  expect(inputProblem({ ...whole, run: { ...whole.run, autonomy: 'sometimes' } })).toContain('/run/autonomy');
});

test('the page has a row for every field that has no fields of its own', () => {
  const page = renderInputReference();
  for (const { path, isContainer } of fields) if (!isContainer) expect(page).toContain(`| \`${path}\` |`);
});
