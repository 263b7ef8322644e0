/** What fills the `{slots}` of phrasings. Shared by all causes, so that the name of a site or an application decides nothing. */
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

/** Replaces every `{slot}` by something from its list; the same slot may differ within a text, as people are. */
export function fillSlots(random: Random, text: string): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const words = SLOTS[name];
    return words === undefined ? whole : random.pick(words);
  });
}

/** The names phrasings may use. */
export const SLOT_NAMES: ReadonlySet<string> = new Set(Object.keys(SLOTS));
