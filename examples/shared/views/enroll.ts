import type { TotpEnrollment } from 'portcullis/totp';
import { field } from './fields.ts';
import { html, type Html } from './html.ts';
import { page, reasonList, type PageParts } from './layout.ts';
import { timeText } from './time.ts';

export interface EnrollPage {
  readonly enrollment: Pick<TotpEnrollment, 'factorId' | 'secret' | 'qr' | 'expiresAtMs'>;
  readonly user: PageParts['user'];
  readonly nav: PageParts['nav'];
}

/** The secret of an authenticator, which this page alone shows. */
export function enrollPage({ enrollment: { factorId, secret, qr, expiresAtMs }, user, nav }: EnrollPage): string {
  return page({
    title: 'Set up an authenticator app',
    user,
    nav,
    path: '/account/security',
    main: html`<section class="card">
<h1>Set up an authenticator app</h1>
<ol class="steps">
<li>
<h2>Install an app</h2>
<p>Any authenticator app on your phone will do, and so will most password managers.</p>
</li>
<li>
<h2>Scan this code with it</h2>
<img class="qr" src="${qr.dataUrl}" alt="QR code for your authenticator app. Below it stands the same as text." width="216" height="216">
<h3>Cannot scan it?</h3>
<p>Choose &ldquo;enter a key&rdquo; in the app, then type:</p>
<p><code class="secret">${secret}</code></p>
</li>
<li>
<h2>Enter the code that it shows</h2>
${codeForm(factorId)}
</li>
</ol>
<p class="aside">Do this before ${timeText(expiresAtMs)}. The code and the key are never shown again. <a href="/account/security">Cancel</a></p>
</section>`,
  });
}

export interface EnrollAgainPage {
  readonly factorId: string;
  readonly reasons: readonly string[];
  readonly user: PageParts['user'];
  readonly nav: PageParts['nav'];
}

/** After a wrong code. The app on the phone has the secret by now: it is not shown again. */
export function enrollAgainPage({ factorId, reasons, user, nav }: EnrollAgainPage): string {
  return page({
    title: 'Set up an authenticator app',
    user,
    nav,
    path: '/account/security',
    main: html`<section class="card">
<h1>Enter the code that the app shows</h1>
${reasonList(reasons)}
${codeForm(factorId)}
<p class="aside">A code is good for half a minute. If none works, compare the clock of your phone with the right time.</p>
<p class="aside">The app shows nothing? <a href="/account/security">Start again</a></p>
</section>`,
  });
}

function codeForm(factorId: string): Html {
  return html`<form method="post" action="/account/security/confirm" class="stack">
<input type="hidden" name="factorId" value="${factorId}">
${field({ name: 'code', label: 'Six digits', autocomplete: 'one-time-code', inputmode: 'numeric' })}
<button type="submit">Switch it on</button>
</form>`;
}
