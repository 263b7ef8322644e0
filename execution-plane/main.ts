import { readConfig } from './config.ts';
import { startWorker } from './wiring.ts';
import { runProcess } from './worker/run-process.ts';

await runProcess(() => startWorker(readConfig()));
