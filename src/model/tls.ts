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

/** What the author says of TLS towards upstream; paths of files stand for their texts. */
export type UpstreamTlsChoice = UpstreamTls;

/** What the author says of the certificate that callers are shown; paths of files stand for their texts. */
export type ListenerTlsChoice =
  /** Signed by an authority that is made for the run. */
  | { readonly kind: "generated"; readonly names: readonly string[] }
  | { readonly kind: "signed"; readonly authority: Identity; readonly names: readonly string[] }
  | { readonly kind: "own"; readonly identity: Identity };

/** What can be wrong with a certificate. */
export type Flaw = "expired" | "wrong-host" | "self-signed";

/** What a listener that terminates TLS shows; PEM texts. */
export interface ServerTls {
  readonly identity: Identity;
  /** What faults show instead; as far as there are such faults. */
  readonly flawed: Readonly<Partial<Record<Flaw, Identity>>>;
}
