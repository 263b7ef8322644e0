import type { Cause } from '../cause.ts';

/** ERP, CRM, HR and shop-floor applications: what their functional teams fix. */
export const BUSINESS_APP_CAUSES: readonly Cause[] = [
  {
    id: 'erp-posting', group: 'Business Applications', category: 'software', subcategory: 'erp', weight: 1.8, impact: [1, 5, 4], urgency: [3, 5, 2], symptom: 'error',
    en: {
      subjects: ['Cannot post {doc}', 'goods receipt for {doc} not possible', 'posting period closed', 'error when saving {doc}', 'SAP dump {code}', 'MIGO: no stock posting possible'],
      details: ['Message M7021 deficit of stock although we have it.', 'Account determination missing for this plant.', 'Month end is tomorrow, so please hurry.', 'Transaction ends with a short dump.'],
    },
    de: { subjects: ['Buchung {doc} nicht möglich', 'Wareneingang geht nicht'], details: ['Meldung: Periode ist geschlossen. Monatsabschluss!', 'Kurzdump beim Sichern.'] },
    es: { subjects: ['No puedo contabilizar {doc}'], details: ['Sale que el periodo está cerrado.'] },
    fr: { subjects: ["Impossible d'enregistrer {doc}"], details: ['Message de période fermée, clôture demain.'] },
    resolution: 'Customising of account determination corrected.',
  },
  {
    id: 'order-interface', group: 'Business Applications', category: 'software', subcategory: 'erp', weight: 1.1, impact: [3, 5, 2], urgency: [4, 5, 1], symptom: 'missing',
    en: {
      subjects: ['orders missing in {app}', 'idoc stuck status 51', '{doc} not transferred to warehouse', 'Duplicate orders since {time}', 'confirmation not coming back from {app}'],
      details: ['Customer sent it by EDI, we see nothing.', '{count} documents in error, all with the same partner.', 'Master data of the article seems incomplete.'],
    },
    de: { subjects: ['Aufträge fehlen in {app}', 'IDoc hängt Status 51'], details: ['Kunde hat per EDI geschickt, wir sehen nichts.'] },
    resolution: 'Partner profile maintained, documents reprocessed.',
  },
  {
    id: 'hr-timesheet', group: 'Business Applications', category: 'software', subcategory: 'hr', weight: 1.1, impact: [0, 2, 8], urgency: [1, 4, 5], symptom: 'error',
    en: {
      subjects: ['Timesheet wrong', 'vacation days not shown correctly', 'leave request cannot be approved', 'payslip missing', 'overtime not counted in {app}'],
      details: ['Balance shows 3 days less than last month.', 'The approver is still my old manager.', 'Clock-in of {time} does not appear.'],
    },
    de: { subjects: ['Urlaubstage falsch', 'Stempelung fehlt'], details: ['Saldo stimmt seit {time} nicht.'] },
    es: { subjects: ['Faltan mis días de vacaciones'], details: ['El saldo no cuadra.'] },
    fr: { subjects: ['Solde de congés incorrect'], details: ["L'approbateur est toujours mon ancien chef."] },
    resolution: 'Entitlement recalculated.',
  },
  {
    id: 'crm-records', group: 'Business Applications', category: 'software', subcategory: 'crm', weight: 1.1, impact: [0, 4, 6], urgency: [1, 4, 5], symptom: 'missing',
    en: {
      subjects: ['customer record duplicated', 'opportunity cannot be closed in {app}', 'quote shows wrong discount', 'Account owner wrong', 'price list not updated in {app}'],
      details: ['Validation rule fires although the field is filled.', 'The template prints the old address.', 'Sales in {site} see last year prices.'],
    },
    fr: { subjects: ['Le devis affiche une mauvaise remise'], details: ['Tarifs de la dernière année.'] },
    resolution: 'Validation rule and price book corrected.',
  },
  {
    id: 'expense-report', group: 'Business Applications', category: 'software', subcategory: 'finance', weight: 1.0, impact: [0, 1, 9], urgency: [0, 3, 7], symptom: 'error',
    en: {
      subjects: ['Expense report stuck', 'Concur: receipt upload fails', 'credit card transactions missing', 'cost centre invalid', 'cannot submit travel request'],
      details: ['Cost centre 4711 is not valid in this company code.', 'It waits for someone who left.', 'Photo of the receipt turns for ever.'],
    },
    de: { subjects: ['Reisekosten hängen fest'], details: ['Kostenstelle angeblich ungültig.'] },
    resolution: 'Workflow re-routed, cost centre opened.',
  },
  {
    id: 'report-figures', group: 'Business Applications', category: 'software', subcategory: 'reporting', weight: 1.1, impact: [1, 4, 5], urgency: [1, 5, 4], symptom: 'missing',
    en: {
      subjects: ['figures in dashboard wrong', '{app} report empty', 'Sales report differs from ERP', 'numbers of {time} missing', 'KPI board not refreshed'],
      details: ['Totals do not match, difference about 40k.', 'It shows data only until {time}.', 'Filter on {site} returns nothing.'],
    },
    de: { subjects: ['Bericht zeigt falsche Zahlen'], details: ['Summe passt nicht zum ERP.'] },
    es: { subjects: ['El informe sale vacío'], details: ['Faltan los datos desde {time}.'] },
    resolution: 'Mapping of the report corrected.',
  },
  {
    id: 'mes-terminal', group: 'Business Applications', category: 'software', subcategory: 'manufacturing', weight: 0.8, impact: [6, 3, 1], urgency: [7, 3, 0], symptom: 'down',
    en: {
      subjects: ['Line {count} cannot confirm operations', 'MES terminal frozen at {site}', 'production order not visible on shop floor', 'machine booking not possible'],
      details: ['Operators write on paper. Shift change soon!', 'Message: work centre not released.', 'Scanner beeps, nothing is booked.'],
    },
    de: { subjects: ['BDE-Terminal hängt, Linie steht'], details: ['Rückmeldung nicht möglich, wir schreiben auf Papier.'] },
    resolution: 'Work centre released, terminal service restarted.',
  },
];
