// Elements without markup: what comes from elsewhere becomes text nodes and attributes, never HTML.

const space = 'http://www.w3.org/2000/svg';

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

// el makes an element. Attributes that are null, undefined or false are left out; onNAME are listeners; children are nodes and texts.
export const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

// svg is el for drawings.
export const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(space, tag), attributes, children);

// text sets a node's text if it is another one: what has not changed is not drawn, selected text stays selected, and nothing is said twice.
export function text(node, value) {
  if (node.textContent !== value) node.textContent = value;
}

// put sets an attribute if it is another one; null takes it away.
export function put(node, name, value) {
  if (value === null || value === false) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

// keyed makes parent's children those of items, in order. One that was there for a key stays the same node, so that focus stays in it.
// make(item) returns a node; update(node, item) fills it.
export function keyed(parent, items, key, make, update) {
  const old = parent.keyed ?? new Map();
  const now = new Map();
  let at = parent.firstChild;
  for (const item of items) {
    const k = key(item);
    const node = old.get(k) ?? make(item);
    now.set(k, node);
    update(node, item);
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
  for (const [k, node] of old) {
    if (!now.has(k)) node.remove();
  }
  parent.keyed = now;
}

// shape is the mark of a tone, beside a word that says the same.
export const shape = (name, size = 22) => svg('svg', { class: 'shape', 'aria-hidden': 'true', width: size, height: size }, svg('use', { href: `#shape-${name}` }));

// bar is a bar of progress with its name for screen readers.
export function bar(label, tone = 'data') {
  const value = svg('rect', { class: `p-${tone}`, height: '100%', width: '0%', rx: 2 });
  const node = svg('svg', { class: 'bar', role: 'progressbar', 'aria-label': label, 'aria-valuemin': 0, 'aria-valuemax': 100, width: '100%', height: 8 },
    svg('rect', { class: 'rail', width: '100%', height: '100%', rx: 2 }), value);
  // share is 0 to 1, or null if it is not known.
  node.show = (share, words) => {
    const percent = share === null ? null : Math.floor(100 * Math.min(Math.max(share, 0), 1));
    put(node, 'aria-valuenow', percent);
    put(node, 'aria-valuetext', words);
    put(value, 'width', `${share === null ? 0 : 100 * Math.min(Math.max(share, 0), 1)}%`);
  };
  return node;
}

// latest returns a function that keeps the last value it was given and draws it once before the next picture: a browser that is slow or
// not looked at skips what is old, and nothing queues up.
export function latest(draw) {
  let value;
  let due = false;
  return (v) => {
    value = v;
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      draw(value);
    });
  };
}

// say tells screen readers something, when they have a moment.
export function say(words) {
  text(document.getElementById('said'), words);
}

let ids = 0;

// id is a new id for an element.
export const id = (name) => `${name}-${++ids}`;
