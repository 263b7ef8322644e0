/** Who did something in Slack, as Slack's request says. */
export interface Clicker {
  /** What the app's installation there is keyed by. */
  readonly installation: string;
  readonly wholeEnterprise: boolean;
  /** The workspace in which it happened. */
  readonly teamId: string | null;
  readonly userId: string;
  /** The workspace that the user belongs to: another one where a channel is shared between companies (Slack Connect). */
  readonly userTeamId: string | null;
  readonly userName: string;
}

/** The parts of an interaction, a command or an event that say who and where. */
export interface SlackBody {
  readonly team?: { readonly id: string } | null;
  readonly team_id?: string;
  readonly enterprise?: { readonly id: string } | null;
  readonly enterprise_id?: string | null;
  readonly is_enterprise_install?: boolean | string;
  readonly user?: { readonly id: string; readonly team_id?: string; readonly name?: string; readonly username?: string };
  readonly user_id?: string;
  readonly user_name?: string;
}

/** Null where the body does not say who or where. Commands send `is_enterprise_install` as text. */
export function clickerOf(body: SlackBody): Clicker | null {
  const teamId = body.team?.id ?? body.team_id ?? null;
  const enterpriseId = body.enterprise?.id ?? body.enterprise_id ?? null;
  const wholeEnterprise = body.is_enterprise_install === true || body.is_enterprise_install === 'true';
  const installation = wholeEnterprise ? enterpriseId : teamId;
  const userId = body.user?.id ?? body.user_id;
  if (installation === null || userId === undefined) return null;
  return {
    installation, wholeEnterprise, teamId, userId, userTeamId: body.user?.team_id ?? null,
    userName: body.user?.name ?? body.user?.username ?? body.user_name ?? userId,
  };
}
