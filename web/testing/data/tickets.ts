/** What made-up tickets say, and how they would be triaged. */
export interface TicketText {
  short_description: string;
  description: string;
  category: string;
  subcategory: string;
  group: string;
  other_groups: [string, string];
  impact: string;
  urgency: string;
  confidence: number;
}

export const TICKETS: readonly TicketText[] = [
  { short_description: 'VPN drops every few minutes since this morning', description: 'Since the client was updated the VPN connects and drops after three to five minutes. I am at home, the line is stable. Two colleagues see the same.', category: 'Network', subcategory: 'VPN', group: 'Network Operations', other_groups: ['Service Desk', 'Identity and Access'], impact: '2 - Medium', urgency: '2 - Medium', confidence: 0.93 },
  { short_description: 'Cannot log in to payroll after password change', description: 'I changed my password yesterday as asked. Mail works, payroll says that the account is locked.', category: 'Inquiry / Help', subcategory: 'Password', group: 'Identity and Access', other_groups: ['Service Desk', 'Business Applications'], impact: '3 - Low', urgency: '2 - Medium', confidence: 0.88 },
  { short_description: 'Label printer in warehouse 4 prints blank labels', description: 'The third printer from the door prints blank labels since the paper was changed. We ship by hand now.', category: 'Hardware', subcategory: 'Printer', group: 'Field Services', other_groups: ['Service Desk', 'Warehouse Systems'], impact: '2 - Medium', urgency: '1 - High', confidence: 0.81 },
  { short_description: 'Order service answers 503 for one customer in ten', description: 'Since 02:10 UTC the order service answers 503 for about a tenth of requests. The database shows waiting connections.', category: 'Software', subcategory: 'Application', group: 'Platform Engineering', other_groups: ['Database Services', 'Network Operations'], impact: '1 - High', urgency: '1 - High', confidence: 0.77 },
  { short_description: 'Nightly report of stock is empty', description: 'The report arrived at 06:00 as always but has no rows.', category: 'Database', subcategory: 'Reporting', group: 'Database Services', other_groups: ['Business Applications', 'Platform Engineering'], impact: '3 - Low', urgency: '3 - Low', confidence: 0.84 },
  { short_description: 'Docking station does not wake the second screen', description: 'After the lunch break the second screen stays black until I unplug the docking station.', category: 'Hardware', subcategory: 'Monitor', group: 'Field Services', other_groups: ['Service Desk', 'Network Operations'], impact: '3 - Low', urgency: '3 - Low', confidence: 0.9 },
];
