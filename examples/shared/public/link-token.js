// Links in mails carry their token in the fragment, which no server, log or Referer ever sees. It goes into the form, and
// out of the address bar; sending it takes a press of the button, so that a mail scanner that opens the link uses nothing up.
function takeToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  const form = document.querySelector('[data-token-form]');
  const input = form?.querySelector('[data-token]');
  if (!token || !input) return;
  input.value = token;
  input.disabled = false;
  form.querySelector('[data-with-token]').hidden = false;
  const withCode = form.querySelector('[data-with-code]');
  withCode.hidden = true;
  withCode.disabled = true;
  for (const part of document.querySelectorAll('[data-without-token]')) part.hidden = true;
  history.replaceState(null, '', location.pathname + location.search);
}

takeToken();
// A link to the page that is open already loads nothing.
addEventListener('hashchange', takeToken);
