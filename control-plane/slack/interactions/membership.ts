import type { webApi } from '@slack/bolt';
import { failureOf } from '../app/slack-calls.ts';
import type { Clicker } from './clicker.ts';

export type StrangerCode = 'guest' | 'other_team' | 'not_a_member' | 'slack_did_not_say';

/**
 * Whether the one who clicked is a full member of the workspace (or organisation) that the app is installed in; asked of Slack at each
 * click, because people leave and are made guests. Guests and people of other companies in shared channels are not.
 */
export async function whyStranger(client: webApi.WebClient, clicker: Clicker): Promise<StrangerCode | null> {
  const { teamId, userTeamId, wholeEnterprise, installation } = clicker;
  if (!wholeEnterprise && userTeamId !== null && userTeamId !== teamId) return 'other_team';
  let user: webApi.UsersInfoResponse['user'];
  try {
    user = (await client.users.info({ user: clicker.userId })).user;
  } catch (error) {
    return failureOf(error).kind === 'refused' ? 'not_a_member' : 'slack_did_not_say';
  }
  if (user === undefined || user.id !== clicker.userId || user.deleted === true || user.is_bot === true) return 'not_a_member';
  if (user.is_restricted === true || user.is_ultra_restricted === true) return 'guest';
  if (wholeEnterprise) return user.enterprise_user?.enterprise_id === installation ? null : 'other_team';
  // In an organisation a member's own team may be another workspace of it than the one that was clicked in; then Slack lists this one.
  const teams = [user.team_id, ...(user.enterprise_user?.teams ?? [])];
  return teams.includes(installation) && user.is_stranger !== true ? null : 'other_team';
}
