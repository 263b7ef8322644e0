import { readConfig } from '../config.ts';
import { startWorker } from '../wiring.ts';
import { runProcess } from '../worker/run-process.ts';
import { ledger } from './ledger-connector.ts';

/** The worker as it ships, with the connector of the tests' system of record. */
await runProcess(() => startWorker(readConfig(), [ledger]));
