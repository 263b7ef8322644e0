import { anthropic } from './anthropic/connector.ts';
import { azureOpenai } from './azure-openai/connector.ts';
import { classifier } from './classifier/connector.ts';
import { github } from './github/connector.ts';
import { openai } from './openai/connector.ts';
import type { Connector } from './sdk/connector.ts';
import { servicenow } from './servicenow/connector.ts';
import { slack } from './slack/connector.ts';

/** Every connector that this version ships. */
export const CONNECTORS: readonly Connector[] = [servicenow, github, slack, classifier, openai, azureOpenai, anthropic];
