import { queueConformance } from './conformance.ts';
import { ADVERSARIAL } from './testing/adversarial-messages.ts';
import { AdversarialSqs } from './testing/http/adversarial-sqs.ts';

queueConformance('our stand-in, well behaved', () => AdversarialSqs.start());
queueConformance('our stand-in, adversarial', () => AdversarialSqs.start({ behaviour: ADVERSARIAL, seed: 7 }));
