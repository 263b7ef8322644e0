import { flushCompileCache } from 'node:module';
import { afterAll } from 'vitest';

// Node writes down what it compiled when a process ends by itself; vitest ends its workers from outside.
afterAll(() => flushCompileCache());
