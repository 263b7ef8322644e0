/** What the acceptance run takes from its surroundings. */
export interface AcceptanceConfig {
  /** Folders that may hold `ansible_collections/servicenow/itsm`. */
  collectionPaths: string[];
  /** Handed on to `ansible-playbook`. */
  environment: Record<string, string | undefined>;
}

export function readAcceptanceConfig(): AcceptanceConfig {
  const { ANSIBLE_COLLECTIONS_PATH, HOME } = process.env;
  const configured = (ANSIBLE_COLLECTIONS_PATH ?? '').split(':').filter((path) => path !== '');
  return {
    collectionPaths: [...configured, ...(HOME === undefined ? [] : [`${HOME}/.ansible/collections`]), '/usr/share/ansible/collections'],
    environment: process.env,
  };
}
