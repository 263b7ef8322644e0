/** All causes. */
import type { Cause } from './cause.ts';
import { BUSINESS_APP_CAUSES } from './causes/business-apps.ts';
import { DATABASE_CAUSES } from './causes/database.ts';
import { IDENTITY_CAUSES } from './causes/identity.ts';
import { MESSAGING_CAUSES } from './causes/messaging.ts';
import { NETWORK_CAUSES } from './causes/network.ts';
import { SECURITY_CAUSES } from './causes/security.ts';
import { SERVER_CAUSES } from './causes/server-storage.ts';
import { SERVICE_DESK_CAUSES } from './causes/service-desk.ts';
import { TELEPHONY_CAUSES } from './causes/telephony.ts';
import { WEB_CAUSES } from './causes/web.ts';
import { WORKPLACE_CAUSES } from './causes/workplace.ts';

export const CAUSES: readonly Cause[] = [
  ...IDENTITY_CAUSES, ...NETWORK_CAUSES, ...MESSAGING_CAUSES, ...WORKPLACE_CAUSES, ...BUSINESS_APP_CAUSES, ...DATABASE_CAUSES,
  ...SERVER_CAUSES, ...SECURITY_CAUSES, ...TELEPHONY_CAUSES, ...WEB_CAUSES, ...SERVICE_DESK_CAUSES,
];
