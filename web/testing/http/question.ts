import type { Answer } from './answers.ts';
import type { World } from './world.ts';

export interface Question {
  world: World;
  /** The parts of the path that the contract names. */
  params: Record<string, string>;
  query: URLSearchParams;
  body: unknown;
  origin: string;
  sandboxUrl: string;
}

export type Handler = (question: Question) => Answer;
