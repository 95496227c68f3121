/**
 * A whole number below 2⁵³ that stands for a list of texts, so that a map needs neither a joined key nor the texts themselves: of a hundred
 * thousand lists two share a number in one of a million cases. Two FNV-1a hashes with multipliers of their own.
 */
export function fingerprint(...texts: readonly string[]): number {
  let high = 0x811c9dc5;
  let low = 0x9e3779b9;
  for (const text of texts) {
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      high = Math.imul(high ^ unit, 0x01000193);
      low = Math.imul(low ^ unit, 0x85ebca6b);
    }
    // No unit of a text: where one ends and the next begins tells lists apart.
    high = Math.imul(high ^ 0x10000, 0x01000193);
    low = Math.imul(low ^ 0x10000, 0x85ebca6b);
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}
