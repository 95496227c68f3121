/** Shorter values are not redacted: they would blot out parts of ordinary words. */
export const shortestRedacted = 6;

/** Whether a variable's name says that its value is a secret. */
export function looksSecret(name: string): boolean {
  return /(secret|token|passw(or)?d|passphrase|pwd|credentials?|(api|access|private|signing|encryption)[-_]?key)$/i.test(name);
}
