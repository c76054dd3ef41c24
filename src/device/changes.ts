import type { Device, DeviceRecord } from './record.ts';
import { nextSecret, secretDigest } from './secret.ts';
import { graceMs, heldBy, isExpired, standingOf, type Held, type Shown, type Terms } from './standing.ts';

/** What becomes of a record. `record` undefined leaves it as it is. */
export interface Change<A> {
  readonly record: DeviceRecord | undefined;
  readonly answer: A;
}

export type Recognized = { readonly as: 'stranger' | 'copy' } | { readonly as: 'known'; readonly device: Device };

/** Looks a browser up. An old copy ends what is known of it, and a new secret that has arrived ends the old one. */
export function recognized(record: DeviceRecord, shown: Shown, terms: Terms): Change<Recognized> {
  const standing = standingOf(record, shown, terms);
  if (standing.as === 'stranger') return { record: undefined, answer: { as: 'stranger' } };
  const { device } = standing;
  if (standing.as === 'copy') return { record: without(record, device.id), answer: { as: 'copy' } };
  const arrived = standing.as === 'current' && device.previous.untilMs === undefined;
  return { record: arrived ? withArrived(record, device, terms) : undefined, answer: { as: 'known', device } };
}

export interface Login {
  readonly shown: Shown;
  /** The id of a browser that becomes known, and the salt of a new secret. */
  readonly fresh: { readonly id: string; readonly salt: string };
  readonly secondFactor: boolean;
  readonly proven: boolean;
  /** When the sign-in began, wall-clock ms: a revocation since then was meant for it too. Undefined: now, after whatever was revoked. */
  readonly asOfMs: number | undefined;
  readonly label: string | undefined;
}

export interface Remembered extends Held {
  readonly version: number;
  /** An old copy of the cookie was shown: what it knew is gone, and the browser is a new one. */
  readonly replayed: boolean;
  /** Whether the account knew another browser before this one. */
  readonly others: boolean;
  /** When the account was last signed in to from any browser, wall-clock ms. */
  readonly previousUseMs: number | undefined;
}

/** Makes a browser known, or known still; undefined where all were revoked while it signed in. The device unused for longest makes room, and what has expired is cleared away. */
export function remembered(record: DeviceRecord, { shown, fresh, secondFactor, proven, asOfMs, label }: Login, terms: Terms): Change<Remembered | undefined> {
  const { nowMs, secondFactorForMs, maxDevices, epochs } = terms;
  // A time that has not come yet was written before the clock was set back.
  const { revokedAtMs = -Infinity } = record;
  if (asOfMs !== undefined && revokedAtMs >= asOfMs && revokedAtMs <= nowMs) return { record: undefined, answer: undefined };
  const standing = standingOf(record, shown, terms);
  const replayed = standing.as === 'copy';
  const base = replayed ? without(record, standing.device.id) : record;
  const held = heldBy(base, { shown, standing, salt: fresh.salt, terms }) ?? born(shown, fresh, { nowMs, sinceMs: Math.min(asOfMs ?? nowMs, nowMs) });
  const device: Device = {
    ...held.device,
    lastUsedAtMs: nowMs,
    ...(secondFactor && secondFactorForMs > 0 && { secondFactorAtMs: nowMs }),
    ...(proven && held.device.provenSinceMs === undefined && { provenSinceMs: nowMs }),
    ...(label !== undefined && { label }),
    ...(epochs !== undefined && { epochs }),
  };
  const others = base.devices.filter((other) => other.id !== device.id && !isExpired(other, terms));
  return {
    // The one used last is first, whatever the clock said: the end of the list makes room.
    record: { ...base, devices: [device, ...others].slice(0, maxDevices) },
    answer: { device, secret: held.secret, version: base.version, replayed, others: others.length > 0, previousUseMs: record.devices.length === 0 ? undefined : Math.max(...record.devices.map(({ lastUsedAtMs }) => lastUsedAtMs)) },
  };
}

function born({ accountId, browserSecret }: Shown, { id, salt }: Login['fresh'], { nowMs, sinceMs }: { readonly nowMs: number; readonly sinceMs: number }): Held {
  const secret = nextSecret(browserSecret, salt);
  const digestOf = (text: string): string => secretDigest({ accountId, deviceId: id, secret: text });
  const previous = { digest: digestOf(browserSecret), untilMs: nowMs + graceMs };
  return { device: { id, generation: 1, digest: digestOf(secret), salt, givenAtMs: nowMs, previous, knownSinceMs: sinceMs, lastUsedAtMs: nowMs }, secret };
}

/** The record without one device; undefined where it has none of that id, or one that nobody would recognize. */
export function removed(record: DeviceRecord, id: string, terms: Terms): Change<boolean> {
  const found = record.devices.some((device) => device.id === id && !isExpired(device, terms));
  return { record: found ? without(record, id) : undefined, answer: found };
}

/** Entries of cookies carry the version: none that was ever given out counts any more. */
export function revoked({ version }: DeviceRecord, { nowMs }: Terms): Change<undefined> {
  return { record: { version: version + 1, revokedAtMs: nowMs, devices: [] }, answer: undefined };
}

/** Wall-clock ms from which the record says nothing any more. */
export function expiryOf({ devices }: DeviceRecord, { nowMs, knownForMs }: Terms): number {
  return Math.max(nowMs, ...devices.map(({ lastUsedAtMs }) => lastUsedAtMs)) + knownForMs;
}

function without(record: DeviceRecord, id: string): DeviceRecord {
  return { ...record, devices: record.devices.filter((device) => device.id !== id) };
}

function withArrived(record: DeviceRecord, device: Device, { nowMs }: Terms): DeviceRecord {
  const arrived: Device = { ...device, previous: { ...device.previous, untilMs: nowMs + graceMs } };
  return { ...record, devices: record.devices.map((other) => (other.id === device.id ? arrived : other)) };
}
