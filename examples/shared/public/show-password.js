// Adds a button to each password field. Without JavaScript there is no button, and nothing else is missing.
for (const box of document.querySelectorAll('[data-password]')) {
  const input = box.querySelector('input');
  const label = document.querySelector(`label[for="${input.id}"]`).textContent.toLowerCase();
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'reveal';
  button.setAttribute('aria-controls', input.id);

  const show = (shown) => {
    input.type = shown ? 'text' : 'password';
    button.textContent = shown ? 'Hide' : 'Show';
    button.setAttribute('aria-label', `${shown ? 'Hide' : 'Show'} the ${label}`);
  };
  button.addEventListener('click', () => {
    show(input.type === 'password');
    input.focus();
  });
  // A password field that is sent as text may be remembered as text.
  input.form.addEventListener('submit', () => {
    show(false);
  });
  show(false);
  box.append(button);
}
