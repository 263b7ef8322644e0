import { IconActivity, IconCalendarTime, IconCoin, IconFileCertificate, IconGavel, IconListCheck, IconEyeOff, IconPlugConnected, IconRoute, IconShieldCheck, IconSkull, IconTicket, IconTimeline, IconFlask, IconHandStop, IconHistoryToggle, IconRocket, IconShadow, IconBuildingStore, IconGauge, IconGlass, IconPackageExport, IconRubberStamp, IconServerBolt, IconUserCheck, IconKey, IconRobot, IconUsers, IconBroadcast, IconEye, IconIdBadge2, IconLock, IconUsersGroup, type Icon } from '@tabler/icons-react';

export interface NavPage {
  path: string;
  label: string;
  /** Where the pages beneath it begin, when not with its own path. */
  under?: readonly string[];
  icon: Icon;
  /** Pressed after `g`. */
  key: string;
  says: string;
}

export const WORK_PAGES: readonly NavPage[] = [
  { path: '/runs', label: 'Runs', icon: IconTimeline, key: 'r', says: 'What ran and what became of it' },
  { path: '/approvals', label: 'Approvals', icon: IconListCheck, key: 'a', says: 'What waits for a person' },
  { path: '/tickets', label: 'Tickets', icon: IconTicket, key: 't', says: 'The sandbox: raise a ticket and watch it' },
];

export const OPERATE_PAGES: readonly NavPage[] = [
  { path: '/operations', label: 'Operations', icon: IconActivity, key: 'e', says: 'Queues, workers, throughput and latency' },
  { path: '/dead-letters', label: 'Dead letters', icon: IconSkull, key: 'l', says: 'What was given up on, and how to try it again' },
  { path: '/schedules', label: 'Schedules', icon: IconCalendarTime, key: 's', says: 'What runs by the clock' },
];

/** Where the pages about access begin. */
export const ACCESS_START = '/people';

export const SETUP_PAGES: readonly NavPage[] = [
  { path: '/workflows', label: 'Workflows', icon: IconRoute, key: 'w', says: 'What may run' },
  { path: '/connectors', under: ['/connectors', '/credentials', '/agents'], label: 'Connectors', icon: IconPlugConnected, key: 'c', says: 'What it may run against' },
  { path: '/policy', label: 'Policy', icon: IconShieldCheck, key: 'p', says: 'What may run, and what decides it' },
  { path: ACCESS_START, under: ['/people', '/roles', '/machines', '/changes', '/break-glass', '/identity-providers', '/workspaces', '/limits'], label: 'Access', icon: IconUsers, key: 'i', says: 'Who comes in, and what they may do' },
];

export const PROOF_PAGES: readonly NavPage[] = [
  { path: '/decisions', label: 'Decisions', icon: IconGavel, key: 'd', says: 'What policy decided, and why' },
  { path: '/audit', label: 'Audit', icon: IconFileCertificate, key: 'u', says: 'Sealed events' },
  { path: '/evidence', label: 'Evidence packages', icon: IconPackageExport, key: 'v', says: 'Signed archives to hand on' },
  { path: '/keys', label: 'Keys', icon: IconKey, key: 'k', says: 'What signs and what seals' },
  { path: '/privacy', label: 'Privacy', icon: IconEyeOff, key: 'y', says: 'What is kept, and for how long' },
  { path: '/cost', label: 'Cost', icon: IconCoin, key: 'o', says: 'What a ticket costs' },
];

export const ALL_PAGES: readonly NavPage[] = [...WORK_PAGES, ...OPERATE_PAGES, ...SETUP_PAGES, ...PROOF_PAGES];

/** Beneath policy: no keys of their own, but in the palette. */
export const POLICY_PAGES: ReadonlyArray<Omit<NavPage, 'key'>> = [
  { path: '/policy/releases', label: 'Releases', icon: IconRocket, says: 'Policy: what was put in force where' },
  { path: '/policy/shadow', label: 'Shadow', icon: IconShadow, says: 'Policy: what would have been decided otherwise' },
  { path: '/policy/simulate', label: 'Simulate', icon: IconFlask, says: 'Policy: what a policy would decide' },
  { path: '/policy/replays', label: 'Impact replay', icon: IconHistoryToggle, says: 'Policy: what a policy would have changed' },
  { path: '/policy/kill-switches', label: 'Kill switches', icon: IconHandStop, says: 'Policy: what is stopped, and how to stop something' },
];

/** Beneath the audit. */
export const AUDIT_PAGES: ReadonlyArray<Omit<NavPage, 'key'>> = [
  { path: '/audit', label: 'Events', icon: IconFileCertificate, says: 'Audit: sealed events' },
  { path: '/audit/checkpoints', label: 'Checkpoints', icon: IconRubberStamp, says: 'Audit: signed heads, and the chain computed anew' },
  { path: '/audit/sinks', label: 'Sinks', icon: IconBroadcast, says: 'Audit: where it is streamed to, and how far' },
  { path: '/audit/witnesses', label: 'Witnesses', icon: IconEye, says: 'Audit: who countersigns, and up to where' },
];

/** Beneath connectors. */
export const CONNECTOR_PAGES: ReadonlyArray<Omit<NavPage, 'key'>> = [
  { path: '/connectors', label: 'Systems', icon: IconPlugConnected, says: 'Connectors: what workflows may run against' },
  { path: '/credentials', label: 'Credentials', icon: IconLock, says: 'Connectors: what they sign in with' },
  { path: '/agents', label: 'Agents', icon: IconServerBolt, says: 'Connectors: what reaches systems behind firewalls' },
];

/** Beneath access. */
export const ACCESS_PAGES: ReadonlyArray<Omit<NavPage, 'key'>> = [
  { path: '/people', label: 'People', icon: IconUsers, says: 'Access: who may sign in' },
  { path: '/roles', label: 'Roles', icon: IconUsersGroup, says: 'Access: who may do what' },
  { path: '/machines', label: 'Machines', icon: IconRobot, says: 'Access: programs that call the API' },
  { path: '/identity-providers', label: 'Identity providers', icon: IconIdBadge2, says: 'Access: who vouches for people' },
  { path: '/changes', label: 'Changes', icon: IconUserCheck, says: 'Access: what waits for a second person' },
  { path: '/break-glass', label: 'Break-glass', icon: IconGlass, says: 'Access: roles taken in an emergency' },
  { path: '/workspaces', label: 'Workspaces', icon: IconBuildingStore, says: 'Access: what is kept apart' },
  { path: '/limits', label: 'Limits', icon: IconGauge, says: 'Access: how much there may be' },
];

/** What the palette leads to. */
export const PALETTE_PAGES: ReadonlyArray<Omit<NavPage, 'key'>> = [...ALL_PAGES, ...POLICY_PAGES, ...ACCESS_PAGES, ...AUDIT_PAGES.slice(1), ...CONNECTOR_PAGES.slice(1)];

/** Whether an address is of a page or beneath it. */
export function isUnder(pathname: string, { path, under = [path] }: NavPage): boolean {
  return under.some((start) => pathname === start || pathname.startsWith(`${start}/`));
}
