const slotCount = 16_384;

/** CRC-16/XMODEM, as the cluster specification of Redis asks. */
const table = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc & 0xffff;
});

/** The slot of a key in a cluster: of the part between the first braces, if there is something, else of the whole key. */
export function slotOf(key: string): number {
  const bytes = Buffer.from(tagOf(key));
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) ^ (table[((crc >> 8) ^ byte) & 0xff] as number)) & 0xffff;
  return crc % slotCount;
}

function tagOf(key: string): string {
  const open = key.indexOf('{');
  const close = open < 0 ? -1 : key.indexOf('}', open);
  return close > open + 1 ? key.slice(open + 1, close) : key;
}

/** Which of the keys lie in one slot, as places in the list. */
export function slotGroups(keys: readonly string[]): readonly (readonly number[])[] {
  const groups = new Map<number, number[]>();
  for (const [at, key] of keys.entries()) {
    const slot = slotOf(key);
    const group = groups.get(slot);
    if (group === undefined) groups.set(slot, [at]);
    else group.push(at);
  }
  return [...groups.values()];
}
