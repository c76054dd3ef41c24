import { createHmac } from 'node:crypto';
import { digestsEqual } from '../kernel/compare.ts';
import type { KeyRing } from '../kernel/keys.ts';
import type { AuditEntry } from './entry.ts';
import { parseAuditLine, type ChainLink, type ParsedLine } from './parse-line.ts';

/** What the next line continues: the last one's place in its chain. */
export interface ChainEnd {
  readonly id: string;
  readonly seq: number;
  readonly mac: string;
}

/** What is told of a line. `genuine`: a holder of the key wrote these bytes. */
export type ExaminedLine =
  | { readonly kind: 'genuine'; readonly entry: AuditEntry; readonly link: ChainLink }
  | { readonly kind: 'malformed' | 'edited' | 'unchained' | 'unknown-key' };

/** Makes and examines the lines of a chain. */
export interface ChainKeys {
  /** The line of an entry, with its new line, and where the chain then ends. */
  line(entry: AuditEntry, place: Omit<ChainLink, 'key' | 'mac'>): { readonly bytes: Buffer; readonly end: ChainEnd };
  examine(bytes: Buffer): ExaminedLine;
}

/** Bound into every code, so that it is worth nothing for anything else that the key makes. */
const domain = 'portcullis/audit/chain\n';
const macBefore = ',"mac":"';
const macAfter = '"}}';
const macChars = 43;
const suffixBytes = macBefore.length + macChars + macAfter.length;

/**
 * Codes of lines: HMAC-SHA-256 (RFC 2104) under the ring's purpose `audit`, over the bytes of the line, which name the code of
 * the line before. With a plain hash, whoever can write the file could compute the chain anew behind an edit.
 */
export function createChainKeys(keys: KeyRing): ChainKeys {
  const known = new Map<string, Buffer>();

  function keyOf(keyId: string): Buffer | undefined {
    const key = known.get(keyId) ?? keys.derive('audit', keyId);
    if (key !== undefined) known.set(keyId, key);
    return key;
  }

  function macOf(key: Buffer, body: Uint8Array): string {
    return createHmac('sha256', key).update(domain).update(body).digest('base64url');
  }

  return {
    line(entry, place) {
      const keyId = keys.newestId;
      const { id, seq, prev, first, torn } = place;
      const chain = { id, seq, key: keyId, prev, ...(first === true && { first }), ...(torn !== undefined && { torn }) };
      const body = Buffer.from(JSON.stringify({ ...entry, chain }).slice(0, -2));
      const mac = macOf(keyOf(keyId) ?? Buffer.alloc(0), body);
      return { bytes: Buffer.concat([body, Buffer.from(`${macBefore}${mac}${macAfter}\n`)]), end: { id, seq, mac } };
    },
    examine(bytes) {
      const parsed = parseAuditLine(bytes);
      if (parsed === undefined) return { kind: 'malformed' };
      if (!parsed.chained) return { kind: 'unchained' };
      return examined(parsed, bytes);
    },
  };

  function examined({ entry, link }: ParsedLine, bytes: Buffer): ExaminedLine {
    const suffix = bytes.subarray(-suffixBytes).toString('latin1');
    if (link === undefined || suffix !== `${macBefore}${link.mac}${macAfter}`) return { kind: 'edited' };
    const key = keyOf(link.key);
    if (key === undefined) return { kind: 'unknown-key' };
    return digestsEqual(macOf(key, bytes.subarray(0, -suffixBytes)), link.mac) ? { kind: 'genuine', entry, link } : { kind: 'edited' };
  }
}
