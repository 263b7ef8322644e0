import { ADVERSARIAL } from '@countersign/platform/queue/testing/adversarial-messages.ts';
import { AdversarialSqs } from '@countersign/platform/queue/testing/http/adversarial-sqs.ts';
import { wakeConformance } from './conformance.ts';
import { sqsWakes } from './testing/sqs-wakes.ts';

wakeConformance('SQS (our stand-in, well behaved)', async () => sqsWakes(await AdversarialSqs.start()));
wakeConformance('SQS (our stand-in, adversarial)', async () => sqsWakes(await AdversarialSqs.start({ behaviour: ADVERSARIAL, seed: 11 })));
