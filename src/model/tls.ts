/** A certificate with what leads from it to its authority, and its private key; PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** How TLS is spoken towards upstream; PEM texts, no paths. */
export interface UpstreamTls {
  /** The name that is asked for (SNI) and that the certificate must have; absent: the host that is dialled. */
  readonly servername?: string;
  /** Authorities that are trusted instead of the well-known ones. */
  readonly ca?: string;
  /** Any certificate will do. */
  readonly insecure: boolean;
  /** Shown to an upstream that asks for one. */
  readonly identity?: Identity;
}
