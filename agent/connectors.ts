import { github } from '@countersign/connectors/github/connector.ts';
import type { Connector } from '@countersign/connectors/sdk/connector.ts';
import { servicenow } from '@countersign/connectors/servicenow/connector.ts';
import { slack } from '@countersign/connectors/slack/connector.ts';

/** What an agent can reach: systems of record. Models are asked by the cell itself. */
export const AGENT_CONNECTORS: ReadonlyMap<string, Connector> = new Map([servicenow, github, slack].map((connector) => [connector.manifest.name, connector]));
