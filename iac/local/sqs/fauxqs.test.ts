import { queueConformance } from '@countersign/platform/queue/conformance.ts';
import { startFauxSqs } from './fauxqs.ts';

queueConformance('fauxqs', () => startFauxSqs(0));
