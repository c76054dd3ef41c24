import { html } from './html.ts';
import { page, type PageParts } from './layout.ts';

export interface RecoveryCodesPage {
  readonly codes: readonly string[];
  readonly user: PageParts['user'];
  /** The second step has just been switched on; else the codes replace older ones. */
  readonly first: boolean;
}

/** The only time that the codes can be seen. The buttons come with public/recovery-codes.js. */
export function recoveryCodesPage({ codes, user, first }: RecoveryCodesPage): string {
  return page({
    title: 'Your recovery codes',
    user,
    path: '/account/security',
    scripts: ['recovery-codes'],
    main: html`<section class="card">
<h1>Keep your recovery codes</h1>
<p class="notice good" role="status">${first ? 'Your second step is on. The next sign-in asks for a code of your app.' : 'These are your new codes. The old ones are void.'}</p>
<p>If you lose your phone, each of these opens your account once, in place of a code of the app. <strong>They are shown this one time.</strong> Print them or copy them, and keep them where your password is not.</p>
<ol class="codes" data-codes>
${codes.map((code) => html`<li><code>${code}</code></li>`)}
</ol>
<div class="actions no-print" data-codes-actions></div>
<p class="hint" role="status" data-codes-said></p>
<p class="no-print"><a class="button" href="/account/security">I have kept them</a></p>
</section>`,
  });
}
