import { html, type Html } from './html.ts';

export interface TokenInput {
  readonly token: string | undefined;
  readonly withToken: Html;
  readonly withCode: Html;
}

/**
 * The part of a form that proves who got the mail: a token from its link, or an address and the code. A link with the
 * token in its fragment arrives here as no token at all; public/link-token.js then turns the two parts round.
 */
export function tokenInput({ token, withToken, withCode }: TokenInput): Html {
  if (token !== undefined) return html`<input type="hidden" name="token" value="${token}">${withToken}`;
  return html`<input type="hidden" name="token" disabled data-token>
<div data-with-token hidden>${withToken}</div>
<fieldset class="plain" data-with-code>${withCode}</fieldset>`;
}
