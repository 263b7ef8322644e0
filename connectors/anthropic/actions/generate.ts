import { generateWith } from '../../model-adapter/generate.ts';
import { anthropicModels } from '../client.ts';

/** `generate`: one question, one answer in the shape that the workflow asks for. */
export const generate = generateWith(anthropicModels);
