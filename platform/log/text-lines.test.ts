import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';
import { textLines } from './text-lines.ts';

test('a line for people has the time, the level, what happened and what belongs to it, in one line, and no secret', () => {
  const lines: string[] = [];
  const log = createLogger('agent', 'info', textLines({ write: (line) => lines.push(line) }));
  log.warn({ again_in_ms: 7, host: 'a\nb', password: 'zebra', err: Object.assign(new Error('No connection'), { code: 'cell_unreachable' }) }, 'The cell could not be asked');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^20\d\d-\d\d-\d\dT[\d:.]+Z WARN {2}The cell could not be asked again_in_ms=7 host=a\\nb password=\[redacted\] error=cell_unreachable: No connection\n$/);
});
