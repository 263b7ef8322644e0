import { expect, test } from 'vitest';
import { ownPath } from './own-path.ts';

test.each(['/', '/runs/run_1?tab=steps#top', '/approvals'])('%s is a path of ours', (path) => {
  expect(ownPath(path)).toBe(path);
});

test.each(['//evil.example', '/\\evil.example', '/a\\..\\..', 'https://evil.example', 'javascript:alert(1)', '/\t/evil.example', '/\n/evil.example', '', 'runs', '/..//evil.example/', '/ü', undefined, `/${'a'.repeat(2_001)}`])('%j is not', (text) => {
  expect(ownPath(text)).toBe('/');
});
