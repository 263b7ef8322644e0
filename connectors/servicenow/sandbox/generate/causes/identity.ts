import type { Cause } from '../cause.ts';

/** Accounts, passwords, permissions. */
export const IDENTITY_CAUSES: readonly Cause[] = [
  {
    id: 'password-expired', group: 'Identity and Access', category: 'inquiry', subcategory: 'password reset', weight: 2.2, impact: [0, 1, 9], urgency: [1, 4, 5], symptom: 'login',
    en: {
      subjects: ['password reset', 'Forgot my windows password', 'Password expired, cannot change it', 'pls reset pw', 'new password does not get accepted', 'Need temporary password for my account'],
      details: ['It says my password has expired but the change screen returns an error.', 'After my holiday the password was no longer valid.', 'I tried the self service page but it never sends the code.', 'Three attempts and now nothing works any more.'],
    },
    de: { subjects: ['Passwort abgelaufen', 'Bitte Kennwort zurücksetzen', 'Passwort vergessen'], details: ['Nach dem Urlaub geht mein Kennwort nicht mehr.', 'Die Seite zum Zurücksetzen schickt keinen Code.'] },
    es: { subjects: ['Restablecer contraseña', 'Mi contraseña ha caducado'], details: ['No puedo cambiar la contraseña, sale un error.'] },
    fr: { subjects: ['Mot de passe expiré', 'Réinitialisation du mot de passe'], details: ['Impossible de changer mon mot de passe depuis {time}.'] },
    resolution: 'Password reset and identity confirmed by call back.',
  },
  {
    id: 'account-locked', group: 'Identity and Access', category: 'software', subcategory: 'operating system', weight: 1.6, impact: [0, 1, 9], urgency: [2, 5, 3], symptom: 'login',
    en: {
      subjects: ['account locked', 'My AD account is locked out again', 'User locked, please unlock', 'Locked out of windows', 'account keeps locking every few minutes'],
      details: ['The referenced account is currently locked out and may not be logged on to.', 'I changed the password {time} and since then it locks, maybe my phone still has the old one.', 'Third time this week.'],
    },
    de: { subjects: ['Konto gesperrt', 'Benutzerkonto bitte entsperren'], details: ['Das Konto wird immer wieder gesperrt.'] },
    fr: { subjects: ['Compte verrouillé'], details: ['Mon compte se verrouille toutes les dix minutes.'] },
    resolution: 'Unlocked; a stale credential on a phone was removed.',
  },
  {
    id: 'mfa-device', group: 'Identity and Access', category: 'inquiry', subcategory: 'sign-in', weight: 1.3, impact: [0, 1, 9], urgency: [2, 4, 4], symptom: 'login',
    en: {
      subjects: ['New phone, authenticator not working', 'MFA prompt never arrives', 'second factor lost', 'Authenticator app asks for number I cant see', 'Need MFA reset'],
      details: ['I got a new mobile and the old one is wiped.', 'The push does not come and the SMS option is greyed out.', 'Code is always refused, error {code}.'],
    },
    de: { subjects: ['Neues Handy, Authenticator geht nicht'], details: ['Die Bestätigung kommt nicht mehr an.'] },
    es: { subjects: ['No me llega el código de verificación'], details: ['He cambiado de móvil y no puedo entrar.'] },
    resolution: 'Second factor registered anew after identity check.',
  },
  {
    id: 'role-missing', group: 'Identity and Access', category: 'inquiry', subcategory: 'permissions', weight: 1.5, impact: [0, 1, 9], urgency: [1, 4, 5], symptom: 'missing',
    en: {
      subjects: ['No authorization in {app}', 'Missing role after department change', 'Access request for {app} approved but not working', 'You do not have permission - {app}', 'Please give me the same rights as my predecessor'],
      details: ['My manager approved it {time} but I still get "not authorized".', 'I moved to another department and lost everything.', 'The menu item is greyed out for me, the colleague next to me sees it.'],
    },
    de: { subjects: ['Fehlende Berechtigung {app}', 'Keine Rechte nach Abteilungswechsel'], details: ['Genehmigt wurde es {time}, Zugriff fehlt immer noch.'] },
    es: { subjects: ['Sin autorización en {app}'], details: ['Mi jefe lo aprobó pero sigo sin acceso.'] },
    fr: { subjects: ["Droits manquants dans {app}"], details: ["L'accès a été validé mais rien n'a changé."] },
    resolution: 'Role assigned; sync forced.',
  },
  {
    id: 'joiner-account', group: 'Identity and Access', category: 'inquiry', subcategory: 'onboarding', weight: 0.9, impact: [0, 2, 8], urgency: [2, 5, 3], symptom: 'missing',
    en: {
      subjects: ['New starter has no account', 'Account for new joiner not created', 'onboarding: user missing in directory', 'Extern consultant starts tomorrow, no login yet'],
      details: ['HR entered it two weeks ago.', 'Start date was {time} and there is still no user id.', 'The contract was prolonged but the account got disabled.'],
    },
    de: { subjects: ['Neuer Mitarbeiter ohne Konto'], details: ['Eintritt war {time}, es gibt noch keinen Benutzer.'] },
    resolution: 'Record corrected in the HR feed, account created.',
  },
  {
    id: 'sso-federation', group: 'Identity and Access', category: 'software', subcategory: 'application', weight: 0.6, impact: [3, 5, 2], urgency: [4, 4, 2], symptom: 'login',
    en: {
      subjects: ['SSO login loop in {app}', 'single sign on fails for {count} users', 'SAML error when opening {app}', 'Redirected forever between login page and {app}'],
      details: ['Browser shows AADSTS error and sends me back to the sign in page.', 'Incognito does not help either. Signature validation failed is what it says.', 'Started {time}, maybe a certificate ran out.'],
    },
    resolution: 'Federation certificate renewed at the identity provider.',
  },
  {
    id: 'shared-folder-access', group: 'Identity and Access', category: 'inquiry', subcategory: 'permissions', weight: 1.0, impact: [0, 1, 9], urgency: [0, 4, 6], symptom: 'missing',
    en: {
      subjects: ['access to {file}', 'Need read/write on {file}', 'Access denied on {file}', 'cannot open {file} - no permission'],
      details: ['Windows cannot access the folder, it says I should contact the administrator.', 'Owner of the folder agreed by mail, see below.', 'I am in the same team as the others and they can open it.'],
    },
    fr: { subjects: ["Accès refusé à {file}"], details: ["Mes collègues peuvent l'ouvrir, pas moi."] },
    resolution: 'Added to the access group after owner approval.',
  },
];
