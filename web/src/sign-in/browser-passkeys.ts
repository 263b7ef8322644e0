import { browserSupportsWebAuthn, startAuthentication, startRegistration, type PublicKeyCredentialCreationOptionsJSON, type PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/browser';
import { ApiError, type ConsoleCode } from '../api/problem.ts';
import type { Permission } from '../states/permission.ts';

const IP_ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:]+\])$/i;

/** Whether this browser, at this address, can use passkeys at all; they belong to a name, never to an address of numbers. */
export function passkeysWork({ hostname } = window.location): Permission {
  if (IP_ADDRESS.test(hostname)) return { allowed: false, because: `Passkeys belong to a host name, and this page was opened at ${hostname}. Open it at localhost or at its name.` };
  if (!browserSupportsWebAuthn()) return { allowed: false, because: 'This browser knows no passkeys, or the page was not opened by https.' };
  return { allowed: true };
}

/** Asks the person for one of their passkeys. Options and answers are the WebAuthn standard's own JSON, which only the browser and the server read. */
export function askForPasskey(options: Record<string, unknown>): Promise<Record<string, unknown>> {
  return asked(() => startAuthentication({ optionsJSON: options as unknown as PublicKeyCredentialRequestOptionsJSON }));
}

/** Asks the person to make a passkey. */
export function makePasskey(options: Record<string, unknown>): Promise<Record<string, unknown>> {
  return asked(() => startRegistration({ optionsJSON: options as unknown as PublicKeyCredentialCreationOptionsJSON }));
}

/** @throws ApiError in words that say what to do: browsers say the same for `no` and for `not in time`, on purpose */
async function asked(ask: () => Promise<object>): Promise<Record<string, unknown>> {
  try {
    return { ...await ask() };
  } catch (cause) {
    throw new ApiError({ status: 0, code: 'passkey_not_given' satisfies ConsoleCode, message: wordsOf(cause) });
  }
}

function wordsOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED') return 'There is a passkey of this device already. Sign in with it, or take another device.';
  if (code === 'ERROR_INVALID_DOMAIN' || code === 'ERROR_INVALID_RP_ID') return 'Passkeys of this cell belong to another host name than the one in the address.';
  if (cause instanceof Error && cause.name === 'NotAllowedError') return 'No passkey was given: it was cancelled, took too long, or this device has none here.';
  return `The browser could not use a passkey: ${cause instanceof Error ? cause.message : String(cause)}`;
}
