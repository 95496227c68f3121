/** Where something listens or is dialled: an address of TCP, or the path of a unix socket. */
export type Endpoint =
  | { readonly host: string; readonly port: number; readonly path?: undefined }
  | { readonly path: string; readonly host?: undefined; readonly port?: undefined };
