export type TelemetryErrorCode = 'metric_invalid' | 'metrics_unprotected' | 'otlp_endpoint_invalid' | 'export_failed' | 'setting_invalid';

/** What `platform/telemetry` refuses: a metric that breaks its rules, an endpoint that would be open, an address that is none. */
export class TelemetryError extends Error {
  readonly code: TelemetryErrorCode;

  constructor(code: TelemetryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TelemetryError';
    this.code = code;
  }
}
