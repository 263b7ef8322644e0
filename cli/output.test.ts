import { expect, it, vi } from 'vitest';
import { printTable } from './output.ts';

it('what others wrote steers no terminal, and stays in its row', () => {
  const written: string[] = [];
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  try {
    printTable(['AGENT', 'VERSION'], [['agt_1', '1.0\u001b]0;mine\u0007\u202e\nagt_2  \u009b2J'], ['agt_3', 'Zürich 東京']]);
  } finally {
    stdout.mockRestore();
  }
  expect(written).toEqual(['AGENT  VERSION\n', 'agt_1  1.0\ufffd]0;mine\ufffd\ufffd\ufffdagt_2  \ufffd2J\n', 'agt_3  Zürich 東京\n']);
});
