// Tells, as soon as somebody has typed an address, whether it has an account. Comfortable for them, and for anybody with a list.
const form = document.querySelector('[data-availability]');
const input = form?.querySelector('input[name="email"]');
if (input) {
  const hint = document.createElement('p');
  hint.className = 'hint';
  hint.setAttribute('role', 'status');
  input.after(hint);
  input.addEventListener('change', async () => {
    hint.textContent = '';
    if (!input.value || !input.validity.valid) return;
    const answer = await fetch(`${form.dataset.availability}?email=${encodeURIComponent(input.value)}`);
    if (!answer.ok) return;
    const { available } = await answer.json();
    hint.textContent = available ? '' : 'This address has an account already.';
  });
}
