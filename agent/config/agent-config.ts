/** Where a secret is: in a file, in the environment, or what a program says. Never in the configuration itself. */
export type SecretRef =
  | { readonly file: string }
  | { readonly env: string }
  /** 5,000 ms where nothing else is said. */
  | { readonly command: readonly string[]; readonly timeout_ms?: number };

/** `agent.yaml`, checked and with its defaults: `contracts/agent/config.schema.json`. */
export interface AgentConfig {
  readonly state_dir: string;
  readonly capacity: number;
  /** Orders that are under way get so long to end when the agent is stopped. */
  readonly shutdown_s: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly log: { readonly format: 'json' | 'text'; readonly level: 'debug' | 'info' | 'warn' | 'error' };
  readonly control_plane: { readonly proxy: ProxyConfig | null };
  readonly spool: { readonly limit_bytes: number; readonly reserve_bytes: number; readonly key_file?: string };
  readonly policy: { readonly ttl_s: number };
  readonly connections: readonly ConnectionConfig[];
}

export interface ProxyConfig {
  readonly url: string;
  readonly username?: SecretRef;
  readonly password?: SecretRef;
  /** PEM; for a proxy that is spoken to in TLS. */
  readonly ca_file?: string;
}

/** A system on this side of the firewall. Nothing that the cell says can widen it. */
export interface ConnectionConfig {
  readonly name: string;
  readonly connector: string;
  readonly base_url: string;
  readonly allowed_hosts?: readonly string[];
  readonly ca_file?: string;
  readonly client_certificate?: { readonly certificate: SecretRef; readonly private_key: SecretRef };
  readonly proxy?: Omit<ProxyConfig, 'ca_file'> & { readonly resolves_names: boolean };
  readonly credential: CredentialConfig;
}

export type CredentialConfig =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: SecretRef; readonly password: SecretRef }
  | { readonly kind: 'bearer'; readonly token: SecretRef }
  | { readonly kind: 'api_key'; readonly header: string; readonly value: SecretRef }
  | { readonly kind: 'oauth_client_credentials'; readonly client_id: SecretRef; readonly client_secret: SecretRef; readonly token_path: string }
  | { readonly kind: 'signed_jwt'; readonly issuer: SecretRef; readonly private_key: SecretRef; readonly token_path: string };
