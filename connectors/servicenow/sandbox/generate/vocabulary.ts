/** What fills the `{slots}` of phrasings. Shared by all causes, so that the name of a site or an application decides nothing. */
import type { Language } from './cause.ts';
import type { Random } from './random.ts';

const SLOTS: Readonly<Record<string, readonly string[]>> = {
  app: ['SAP', 'the ERP', 'Concur', 'Workday', 'the CRM', 'Salesforce', 'Jira', 'Confluence', 'the HR portal', 'the intranet', 'Tableau', 'PowerBI', 'the time sheet tool', 'Ariba', 'the quoting tool', 'TicketPro', 'the warehouse app', 'the lab system', 'SharePoint', 'the booking portal'],
  site: ['Hamburg', 'Lyon', 'Madrid', 'Austin', 'Leeds', 'Gdansk', 'Porto', 'Graz', 'Denver', 'Malmo', 'plant 2', 'plant 7', 'the warehouse', 'HQ', 'building B', 'the annex', 'home office', 'store 114', 'store 031'],
  floor: ['1st floor', '2nd floor', '3rd floor', '4th floor', 'ground floor', 'floor 5', 'north wing', 'reception', 'the lab', 'the canteen'],
  device: ['my laptop', 'the laptop', 'my Dell', 'ThinkPad T14', 'my PC', 'the workstation', 'Surface', 'MacBook', 'HP EliteBook', 'the tablet', 'my notebook', 'desktop WS-2231', 'LT-40817', 'LT-51120'],
  host: ['srv-app03', 'srv-file01', 'vmprod12', 'lnx-web-07', 'srv-batch2', 'esx-04', 'WIN-PRD-118', 'srv-print02', 'app-node-5', 'dmz-rp-01'],
  db: ['ORAPRD1', 'FINDB', 'sqlprod02', 'HRPROD', 'DWH01', 'pg-orders', 'CRMDB', 'MESDB', 'reporting replica'],
  code: ['0x80070035', '0x8004010F', 'ERR_CONNECTION_RESET', '500', '503', '502', '403', 'AADSTS50126', 'E1047', 'HTTP 504', '0xc000021a', '1603', '691', '809', 'SYS-3302', 'TS_4471', '-2147467259', '0x80190001'],
  time: ['this morning', 'yesterday', 'about an hour', 'Monday', '8:15', 'last night', 'the weekend', 'two days', 'the last update', 'lunch', 'last week'],
  printer: ['PRN-2F-01', 'the big Ricoh', 'HP M553', 'the label printer', 'Zebra ZT410', 'Canon MFP', 'PRN-LAB-3', 'the Kyocera'],
  room: ['room Alster', 'room 2.14', 'the boardroom', 'meeting room 4', 'room Rhone', 'the training room', 'R3.07', 'the huddle room'],
  count: ['2', '3', '5', '8', 'about 10', '15', '20', 'more than 30', 'the whole team', 'all users'],
  file: ['Q3_forecast.xlsx', 'the team folder', 'G:\\Finance', 'P:\\Projects', 'contracts 2025', 'budget_v7.xlsx', 'the shared drive', 'S:\\Quality', 'layout.dwg'],
  doc: ['4500187731', '4711-22', 'PO 88120', 'order 7000412', 'invoice 90233', 'delivery 80019922', 'batch 0017', 'item 30-441'],
};

/** Words that would stand out in English. */
const LOCAL_SLOTS: Readonly<Record<Language, Readonly<Record<string, readonly string[]>>>> = {
  en: {},
  de: {
    time: ['heute Morgen', 'gestern', 'Montag', '8:15', 'letzter Nacht', 'dem Wochenende', 'zwei Tagen', 'dem Update'],
    device: ['meinem Notebook', 'dem Rechner', 'ThinkPad T14', 'dem Tablet', 'LT-40817', 'WS-2231'], count: ['2', '3', '5', '8', 'ca. 10', 'allen'],
    app: ['SAP', 'Concur', 'Workday', 'CRM', 'Salesforce', 'Jira', 'Intranet', 'Zeiterfassung', 'SharePoint', 'Lagersystem'], room: ['Raum Alster', 'Raum 2.14', 'R3.07', 'Besprechungsraum 4'],
    floor: ['1. OG', '2. OG', '3. OG', 'Erdgeschoss', 'im Labor', 'Kantine'], site: ['Hamburg', 'Graz', 'Werk 2', 'Werk 7', 'Halle 3', 'Lager', 'Filiale 114'],
    printer: ['PRN-2F-01', 'Ricoh', 'HP M553', 'Etikettendrucker', 'Zebra ZT410'], file: ['Q3_forecast.xlsx', 'Teamordner', 'G:\\Finance', 'budget_v7.xlsx', 'S:\\Quality'],
  },
  es: {
    time: ['esta mañana', 'ayer', 'el lunes', 'las 8:15', 'anoche', 'el fin de semana', 'la actualización'], room: ['la sala 2.14', 'la sala de juntas', 'la sala 4'],
    app: ['SAP', 'Concur', 'Workday', 'el CRM', 'Salesforce', 'Jira', 'la intranet', 'SharePoint'], site: ['Madrid', 'Porto', 'la planta 2', 'el almacén', 'la tienda 031'],
    printer: ['PRN-2F-01', 'la Ricoh', 'la Zebra', 'la HP'], file: ['budget_v7.xlsx', 'la carpeta del equipo', 'layout.dwg'],
  },
  fr: {
    time: ['ce matin', 'hier', 'lundi', '8h15', 'cette nuit', 'la mise à jour', 'deux jours'], room: ['salle 2.14', 'salle Rhône', 'grande salle'],
    app: ['SAP', 'Concur', 'Workday', 'le CRM', 'Salesforce', 'Jira', "l'intranet", 'SharePoint'], site: ['Lyon', 'siège', 'dépôt', 'magasin 114'],
    file: ['budget_v7.xlsx', "le dossier de l'équipe", 'layout.dwg'],
  },
};

/** Replaces every `{slot}` by something from its list; the same slot may differ within a text, as people are. */
export function fillSlots(random: Random, text: string, language: Language = 'en'): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const words = LOCAL_SLOTS[language][name] ?? SLOTS[name];
    return words === undefined ? whole : random.pick(words);
  });
}

/** The names phrasings may use. */
export const SLOT_NAMES: ReadonlySet<string> = new Set(Object.keys(SLOTS));
