import { check } from './check.ts';
import { readEvidence } from './read-evidence.ts';
import type { Place } from './read-evidence.ts';

/** The checker, a program of its own: `node checker/main.ts '{"folder": ..., "databaseUrl": ..., "leaseMs": ...}'` prints its verdict as one JSON object. */
const place = JSON.parse(process.argv[2] ?? '{}') as Place;
process.stdout.write(JSON.stringify(check(await readEvidence(place))));
