/** The settings of the Slack sandbox's process: the one place that reads its environment. */
import { SlackSandboxError } from './errors.ts';
import type { SlackSandboxOptions } from './server.ts';

/** Reads `SLACK_SANDBOX_*`. @throws SlackSandboxError `sandbox_config_invalid`, naming the variable */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): SlackSandboxOptions {
  const port = Number(environment['SLACK_SANDBOX_PORT'] ?? '0');
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new SlackSandboxError('sandbox_config_invalid', 'SLACK_SANDBOX_PORT must be a port, or 0 for any that is free');
  const redirectUrl = environment['SLACK_SANDBOX_REDIRECT_URL'] ?? 'http://localhost:8080/api/v1/slack/oauth/callback';
  if (!URL.canParse(redirectUrl)) throw new SlackSandboxError('sandbox_config_invalid', 'SLACK_SANDBOX_REDIRECT_URL must be a URL');
  return { port, redirectUrl };
}
