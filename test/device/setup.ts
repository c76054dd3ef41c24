import { randomBytes } from 'node:crypto';
import { createKeyRing, type KeyRing } from 'portcullis';
import { createDevices, deviceCookieName, type Browser, type Devices, type DevicesOptions } from 'portcullis/device';
import { fakeClock, type FakeClock } from 'portcullis/testing';
import { accountRecordKey } from '../../src/kernel/json-record.ts';
import type { SecurityEvent } from '../../src/ports/events.ts';
import type { RecordStore } from '../../src/ports/record-store.ts';
import { emptyStore, noted, type StoreName } from '../support/record-stores.ts';

export const accountId = 'user-1';
export const name = 'ada@example.org';
export const recordKey = accountRecordKey('device', accountId);
export const dayMs = 86_400_000;
export const minuteMs = 60_000;

export { emptyStore, stores } from '../support/record-stores.ts';

export function ringOf(...ids: readonly string[]): KeyRing {
  return createKeyRing({ keys: ids.map((id) => ({ id, secret: secretOf(id) })) });
}

const secrets = new Map<string, Uint8Array>();

/** One secret for each id. */
function secretOf(id: string): Uint8Array {
  const secret = secrets.get(id) ?? randomBytes(32);
  secrets.set(id, secret);
  return secret;
}

export interface Setup {
  readonly devices: Devices;
  readonly clock: FakeClock;
  readonly records: RecordStore;
  readonly keys: KeyRing;
  readonly events: SecurityEvent[];
  /** What was asked of the store, in order. */
  readonly calls: ('read' | 'compareAndSet')[];
  readonly stored: () => Promise<string | undefined>;
}

export function setup({ store, on = 'memoryStore', ...options }: Partial<DevicesOptions> & { readonly store?: RecordStore; readonly on?: StoreName; readonly clock?: FakeClock } = {}): Setup {
  const clock = options.clock ?? fakeClock();
  const keys = options.keys ?? ringOf('k1');
  const inner = store ?? emptyStore(on, clock);
  const { records, calls } = noted(inner);
  const events: SecurityEvent[] = [];
  const devices = createDevices({ ...options, keys, records, clock, emit: (event) => events.push(event) });
  return { devices, clock, records, keys, events, calls, stored: async () => (await inner.read(recordKey))?.value };
}

/** A browser's jar: what it sends, and what it keeps of an answer. */
export interface Jar {
  cookie: string | undefined;
}

export function newJar(cookie?: string): Jar {
  return { cookie };
}

/** What a browser sends after it got this line. */
export function sentAfter(setCookie: string): string {
  return setCookie.split(';')[0] ?? '';
}

export function valueOf(setCookie: string): string {
  return sentAfter(setCookie).slice(deviceCookieName.length + 1);
}

export interface SignedIn {
  readonly accountId?: string;
  readonly name?: string;
  readonly secondFactor?: boolean;
  readonly proven?: boolean;
  readonly asOfMs?: number;
  readonly label?: string;
  readonly address?: string;
}

/** A sign-in of this browser that passed everything. Answers the device's id. */
export async function signIn(devices: Devices, jar: Jar, login: SignedIn = {}): Promise<string> {
  const { setCookie, deviceId } = await devices.remember({ accountId, name, ...login, browser: devices.read(jar.cookie) });
  jar.cookie = sentAfter(setCookie);
  return deviceId ?? 'not known';
}

/** A jar with an id and nothing else: of a browser that was here before. */
export function visited(devices: Devices): Jar {
  return newJar(sentAfter(devices.identify(devices.read(undefined)).setCookie ?? ''));
}

export function look(devices: Devices, jar: Jar, account = accountId): ReturnType<Devices['recognize']> {
  return devices.recognize(devices.read(jar.cookie), account);
}

export function browserOf(devices: Devices, jar: Jar): Browser {
  return devices.read(jar.cookie);
}

/** Signs in and shows the new cookie once, and lets a minute pass: the next sign-in gets a new secret, and the old one is old. */
export async function settledSignIn({ devices, clock }: Pick<Setup, 'devices' | 'clock'>, jar: Jar, login: SignedIn = {}): Promise<string> {
  const id = await signIn(devices, jar, login);
  await look(devices, jar, login.accountId);
  await clock.advance(minuteMs);
  return id;
}
