import type { PasswordAdvice } from '../auth.ts';
import { html, type Html } from './html.ts';

interface FieldParts {
  readonly name: string;
  /** Where the page has another field of that name. Default: the name. */
  readonly id?: string;
  readonly label: string;
  readonly type?: 'text' | 'email' | 'datetime-local';
  readonly autocomplete?: string;
  readonly value?: string | undefined;
  readonly hint?: string;
  readonly inputmode?: 'numeric' | 'url';
  readonly optional?: boolean;
}

/** A labelled input. */
export function field({ name, id = name, label, type = 'text', autocomplete = 'off', value, hint, inputmode, optional = false }: FieldParts): Html {
  return html`<div class="field">
<label for="${id}">${label}${optional ? html` <span class="soft">(optional)</span>` : undefined}</label>
<input id="${id}" name="${name}" type="${type}" autocomplete="${autocomplete}"${value === undefined ? undefined : html` value="${value}"`}${
    inputmode === undefined ? undefined : html` inputmode="${inputmode}"`
  }${hint === undefined ? undefined : html` aria-describedby="${id}-hint"`}${optional ? undefined : html` required`}>
${hint === undefined ? undefined : html`<p class="hint" id="${id}-hint">${hint}</p>`}
</div>`;
}

/** The address that somebody signs in with. `username` is what password managers look for. */
export function emailField(value?: string): Html {
  return field({ name: 'email', label: 'Email address', type: 'email', autocomplete: 'username', value });
}

/** The code from a mail, for forms without JavaScript and for people on another device. */
export function codeField(value?: string): Html {
  return field({ name: 'code', label: 'Code from the mail', autocomplete: 'one-time-code', value });
}

/** A code of the second step, of either kind: the one of an app has digits, a recovery code has letters. */
export function secondStepField(parts: Partial<Pick<FieldParts, 'name' | 'label' | 'hint' | 'optional'>> = {}): Html {
  return field({ name: 'code', label: 'Code', hint: 'The six digits that your authenticator app shows, or one of your recovery codes.', ...parts, autocomplete: 'one-time-code' });
}

/** One answer of several to a question. The `legend` of its fieldset is the question. */
export function choice({ name, value, label, checked = false }: { readonly name: string; readonly value: string; readonly label: string; readonly checked?: boolean }): Html {
  const id = `${name}-${value}`;
  return html`<div class="check"><input type="radio" id="${id}" name="${name}" value="${value}"${checked ? html` checked` : undefined}><label for="${id}">${label}</label></div>`;
}

export function checkbox({ name, label }: { readonly name: string; readonly label: string }): Html {
  return html`<div class="check"><input id="${name}" name="${name}" type="checkbox"><label for="${name}">${label}</label></div>`;
}

/** A password that exists already. */
export function currentPasswordField(name: string, label: string): Html {
  return passwordField({ name, label, autocomplete: 'current-password' });
}

/** A password that is being chosen, with what makes a good one. */
export function newPasswordField(name: string, label: string, advice: PasswordAdvice): Html {
  return passwordField({ name, label, autocomplete: 'new-password', advice });
}

interface PasswordFieldParts {
  readonly name: string;
  readonly label: string;
  readonly autocomplete: 'current-password' | 'new-password';
  readonly advice?: PasswordAdvice;
}

// public/show-password.js adds the button; without JavaScript there is none. Nothing stands in the way of pasting.
function passwordField({ name, label, autocomplete, advice }: PasswordFieldParts): Html {
  return html`<div class="field">
<label for="${name}">${label}</label>
<div class="password" data-password>
<input id="${name}" name="${name}" type="password" autocomplete="${autocomplete}" required${
    advice === undefined ? undefined : html` minlength="${advice.minLength}" aria-describedby="${name}-hint"`
  }>
</div>
${advice === undefined ? undefined : html`<p class="hint" id="${name}-hint">${advice.sentence}</p>`}
</div>`;
}
