import type { KnownDevice } from 'portcullis/device';
import { html, type Html } from './html.ts';
import { dateTime } from './time.ts';

/** The browsers from which somebody has signed in. */
export function browsersCard(devices: readonly KnownDevice[], thisDeviceId: string | undefined): Html | undefined {
  if (devices.length === 0) return undefined;
  return html`<section class="card flush">
<div class="card-head"><h2>Known browsers</h2><p class="lead">Forget one that you do not know, and change your password.</p></div>
<ul class="list">${devices.map((device) => item(device, device.id === thisDeviceId))}</ul>
${devices.length > 1 ? html`<form method="post" action="/account/security/devices" class="more"><button type="submit" class="secondary small">Forget all but this one</button></form>` : undefined}
</section>`;
}

function item({ id, knownSinceMs, lastUsedAtMs, secondFactorUntilMs, label }: KnownDevice, isThis: boolean): Html {
  const name = browserName(label);
  return html`<li class="with-actions">
<div><strong>${name}</strong>${isThis ? html` <span class="badge good">this browser</span>` : undefined}
<span class="meta">Known since ${dateTime(knownSinceMs)} &middot; last sign-in ${dateTime(lastUsedAtMs)}${secondFactorUntilMs === undefined ? undefined : html` &middot; no code asked until ${dateTime(secondFactorUntilMs)}`}</span></div>
<div class="actions"><form method="post" action="/account/security/devices"><input type="hidden" name="deviceId" value="${id}"><button type="submit" class="secondary small">Forget<span class="visually-hidden"> ${name}</span></button></form></div>
</li>`;
}

// The first that fits: Edge and Opera say that they are Chrome too, and Chrome that it is Safari.
const browsers = [['Edg/', 'Edge'], ['OPR/', 'Opera'], ['Firefox/', 'Firefox'], ['Chrome/', 'Chrome'], ['Safari/', 'Safari']] as const;
const systems = [['Android', 'Android'], ['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Windows', 'Windows'], ['Mac OS', 'macOS'], ['Linux', 'Linux']] as const;

/** What a person calls it: nobody recognizes a whole user agent. */
export function browserName(label = ''): string {
  const named = (list: readonly (readonly [string, string])[]): string | undefined => list.find(([mark]) => label.includes(mark))?.[1];
  const [browser, system] = [named(browsers), named(systems)];
  if (browser === undefined) return label === '' ? 'Unknown browser' : label.slice(0, 60);
  return system === undefined ? browser : `${browser} on ${system}`;
}
