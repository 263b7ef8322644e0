import { escapeMrkdwn, label } from '../safe-text.ts';
import type { AlarmRow } from './queries.ts';

/** What a channel is told of a break-glass, in mrkdwn. Not why: that is for who did it and for who reviews it. */
export function alarmText({ display_name, role, workspace_name, ends_at }: AlarmRow, publicUrl: string): string {
  const [who, where] = [display_name, workspace_name].map((text) => escapeMrkdwn(label(text, 80)));
  return `:rotating_light: *The glass was broken.* ${who} has taken the role \`${role}\` in ${where} until ${until(ends_at)}. Somebody else reviews it: <${publicUrl}/break-glass|Break-glass>`;
}

/** In the time zone of whoever reads it (Slack's date formatting), else in UTC. */
function until(at: Date): string {
  return `<!date^${Math.floor(at.getTime() / 1_000)}^{date_short_pretty} {time}|${at.toISOString()}>`;
}
