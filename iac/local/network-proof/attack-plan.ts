/** What the judge tells the attacking process to do. */
export interface AttackPlan {
  /** Where forbidden listeners are. */
  readonly ports: readonly number[];
  /** Null: no DNS server, so only names of the system. */
  readonly dnsPort: number | null;
  /** The peer that may be reached as `peer.test`. `named`: only because the instance names it, where it has no public address. */
  readonly control: { readonly port: number; readonly named: boolean } | null;
  readonly rebinds: number;
  /** The C library asks the same DNS server, so a part of the names goes through it. */
  readonly systemDns: boolean;
}

/** What it says that it tried. */
export interface AttackReport {
  readonly spellings: number;
  readonly spelling_attempts: number;
  readonly redirect_chains: number;
  readonly rebinds: number;
  /** Requests to the allowed peer that were answered. */
  readonly control_reached: number;
  /** Attempts that ended otherwise than by the expected refusal. */
  readonly unexpected: readonly string[];
}

export interface SsrfFigures extends AttackReport {
  /** Accepted by listeners on addresses other than the allowed peer's. */
  readonly connections_to_forbidden: number;
  /** Accepted on the allowed peer's. */
  readonly connections_to_control: number;
  /** Begun in the namespace by the kernel's own count; null without a namespace. */
  readonly kernel_connections_begun: number | null;
  /** Sockets in the kernel's table that had to do with any other address; null without a namespace. */
  readonly kernel_forbidden_sockets: number | null;
  readonly dns_answers: number;
  /** Unguarded connections that were made before to see that listeners and kernel notice, and how many of them they noticed. */
  readonly trap_tried: number;
  readonly trap_noticed: number;
  readonly interface: string | null;
  readonly not_run: readonly string[];
}

/** Everything was tried, nothing forbidden was reached, what is allowed was, and a real connection would have been noticed. */
export function holds(figures: SsrfFigures): boolean {
  return figures.connections_to_forbidden === 0 && (figures.kernel_forbidden_sockets ?? 0) === 0
    && (figures.kernel_connections_begun === null || figures.kernel_connections_begun === figures.connections_to_control)
    && figures.spellings >= 150 && figures.redirect_chains >= 20 && figures.unexpected.length === 0
    && figures.control_reached > 0 && figures.trap_tried > 0 && figures.trap_noticed === figures.trap_tried;
}
