/** Who is asking on the agent port: said by a certificate that was looked at for this very request, and by the row of the agent behind it. */
export interface AdmittedAgent {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly environmentId: string;
  readonly poolId: string;
  readonly agentId: string;
  /** Of the certificate that it came with, hex. */
  readonly serial: string;
  /** When that certificate ends, and with it the connection. */
  readonly endsAt: Date;
  readonly state: 'active' | 'draining';
  /** The same object for each request of one connection, and another for each connection. */
  readonly connection: object;
  /**
   * Aborted when this request is over before it is answered: the agent is revoked, its certificate has ended, it is gone, or the process stops.
   * Whoever holds a request ends it then; what it answers is not sent any more, the reason of the signal is.
   */
  readonly signal: AbortSignal;
}
