/** An app that the probe reports to. */
export interface AppOptions {
  /** `host:port` of its gRPC service. */
  readonly grpc?: string;
  /** Base URL of its HTTP API, such as `https://monitor:4040`; used where gRPC does not get through, or alone. */
  readonly http?: string;
  /** Default: plain text for gRPC; an `https` URL has the system's authorities. */
  readonly tls?: AppTls;
  readonly token?: string;
}

export interface AppTls {
  /** PEM. Default: the system's authorities. */
  readonly ca?: string;
  /** PEM, with `key`: a client certificate. */
  readonly cert?: string;
  readonly key?: string;
}

/** An app, or what it is at the moment of each connection: tokens and certificates change while a probe runs. */
export type GivenApp = AppOptions | (() => AppOptions);

/** How it is called in logs. */
export const appName = ({ grpc, http }: { grpc: string | undefined; http: string | undefined }): string =>
  grpc ?? http ?? 'nowhere';
