// Keeps the live page live. The server sends a picture every two seconds: words and paths, put in as text and attributes and never as markup.
// Without JavaScript the page is as it was when it was asked for.
const root = document.querySelector('[data-live]');
const feed = root.querySelector('[data-feed]');
const title = document.title;
// Of the attributes that a page may have, those that may change here.
const settable = new Set(['class', 'd', 'hidden', 'href', 'data-level']);

let source;
let heardMs = Date.now();
let waitMs = 2000;

function fill(element, data) {
  const { in: part, set, text, each } = element.dataset;
  const own = part === undefined ? data : data[part];
  for (const pair of set?.split(' ') ?? []) {
    const [name, key] = pair.split('=');
    if (!settable.has(name)) continue;
    if (own[key] === null) element.removeAttribute(name);
    else if (element.getAttribute(name) !== own[key]) element.setAttribute(name, own[key]);
  }
  if (text !== undefined) {
    // Only what is new: a screen reader reads again what is put in again.
    if (element.textContent !== own[text]) element.textContent = own[text];
  } else if (each !== undefined) fillList(element, own[each]);
  else for (const child of element.children) fill(child, own);
}

// Items stay the same elements while they are listed, so that whoever has the focus keeps it.
function fillList(list, items) {
  const template = list.querySelector('template');
  const before = new Map([...list.children].filter((child) => child !== template).map((child) => [child.dataset.key, child]));
  items.forEach((item, at) => {
    const element = before.get(item.key) ?? template.content.firstElementChild.cloneNode(true);
    before.delete(item.key);
    element.dataset.key = item.key;
    fill(element, item);
    if (list.children[at + 1] !== element) list.insertBefore(element, list.children[at + 1] ?? null);
  });
  for (const gone of before.values()) gone.remove();
}

function say(state, words) {
  root.dataset.state = state;
  if (feed.textContent !== words) feed.textContent = words;
}

const ends = {
  session: 'Stopped: your session has ended. Reload to sign in. The figures are of',
  proof: 'Stopped: reload to prove that it is still you. The figures are of',
  windows: 'Stopped: you have opened this page in other windows. The figures are of',
};

function stop(words) {
  source?.close();
  source = undefined;
  clearInterval(watch);
  say('ended', words);
}

function connect() {
  source = new EventSource(root.dataset.live);
  source.addEventListener('picture', ({ data }) => {
    const picture = JSON.parse(data);
    fill(root, picture);
    document.title = picture.level.kind === 'calm' ? title : `(${picture.level.word}) ${title}`;
    heardMs = Date.now();
    waitMs = 2000;
    say('live', 'Live,');
  });
  source.addEventListener('end', ({ data }) => {
    const words = ends[JSON.parse(data).why];
    if (words !== undefined) stop(words);
  });
  source.addEventListener('error', () => {
    // A browser tries again by itself, but not after an answer that is no stream.
    if (source?.readyState === EventSource.CLOSED) void askWhy();
  });
}

// A stream cannot say to a page why it was refused. Asked for as a program does, it can.
async function askWhy() {
  const status = await fetch(root.dataset.live, { method: 'HEAD', headers: { Accept: 'application/json' } }).then((answer) => answer.status, () => 0);
  if (status === 401 || status === 404) stop(ends.session);
  else if (status === 403) stop(ends.proof);
  else {
    setTimeout(connect, waitMs);
    waitMs = Math.min(2 * waitMs, 30000);
  }
}

const watch = setInterval(() => {
  if (Date.now() - heardMs > 7000) say('lost', 'No live figures at the moment, trying again. These are of');
}, 1000);

// A page that is only kept for the way back must hold none of the few streams.
addEventListener('pagehide', () => source?.close());
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) location.reload();
});
connect();
