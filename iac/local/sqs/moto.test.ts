import path from 'node:path';
import { queueConformance } from '@countersign/platform/queue/conformance.ts';
import { ROOT } from '../config.ts';
import { startMoto } from '../aws/moto.ts';

queueConformance('moto', () => startMoto(path.join(ROOT, '.cache')));
