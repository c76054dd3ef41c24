// Buttons for keeping the codes. Without JavaScript there are none, and people print the page or copy the list by hand.
const codes = [...document.querySelectorAll('[data-codes] code')].map((code) => code.textContent);
const actions = document.querySelector('[data-codes-actions]');
const said = document.querySelector('[data-codes-said]');
const text = `Larkpost recovery codes. Each opens your account once.\n\n${codes.map((code, at) => `${String(at + 1).padStart(2)}. ${code}`).join('\n')}\n`;

function add(label, act) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'secondary';
  button.textContent = label;
  button.addEventListener('click', act);
  actions.append(button);
}

// Made here: the codes travel no second time.
add('Download', () => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  link.download = 'larkpost-recovery-codes.txt';
  link.click();
  URL.revokeObjectURL(link.href);
  said.textContent = 'The file is in your downloads.';
});
if (navigator.clipboard) {
  add('Copy', async () => {
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = 'Copied. Paste them somewhere safe.';
    } catch {
      said.textContent = 'The browser did not allow it. Mark the list and copy it by hand.';
    }
  });
}
add('Print', () => print());
