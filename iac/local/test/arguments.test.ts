import { expect, it } from 'vitest';
import { parseArguments, vitestSelection } from './arguments.ts';

it('takes a kind of test and hands the rest to vitest', () => {
  expect(parseArguments([])).toEqual({ only: undefined, vitest: [] });
  expect(parseArguments(['--only', 'db'])).toEqual({ only: 'db', vitest: [] });
  expect(parseArguments(['--only=unit', '--', 'platform', '-t', 'keys'])).toEqual({ only: 'unit', vitest: ['platform', '-t', 'keys'] });
  expect(parseArguments(['--', '--only', 'db'])).toEqual({ only: undefined, vitest: ['--only', 'db'] });
});

it.each([[['--only']], [['--only', 'all']], [['db']], [['--only', 'db', 'more']]])('refuses %j and says what it takes', (argv) => {
  expect(() => parseArguments(argv)).toThrow(expect.objectContaining({ code: 'test_arguments_invalid', message: expect.stringContaining('Usage: npm test') }));
});

it('picks files by the ending of their name', () => {
  expect(vitestSelection(undefined)).toEqual([]);
  expect(vitestSelection('cell')).toEqual(['.cell.test.ts']);
  expect(vitestSelection('unit')).toEqual(['--exclude', '**/*.{db,cell,browser}.test.ts']);
});
