// All transfers: those that are not over yet as cards, the others as a table, the newest first.

import { bar, el, keyed, latest, say, shape, text } from '../dom.js';
import * as format from '../format.js';
import { call } from '../session.js';
import peek from '../peek.js';
import { follow } from '../stream.js';
import * as words from '../words.js';

const most = 1000; // ended transfers that are kept; the API has all
const page = 50; // of them that are shown at first, and more each time

export default function list(main) {
  const transfers = new Map();
  const progress = new Map(); // of those that run, by id
  const told = new Map(); // states that were told of, by id
  let shownRows = page;
  let database = '';
  let arrived = false;

  const busy = el('ul', { class: 'cards' });
  const nothing = el('p', { class: 'empty' });
  const rows = el('tbody');
  const table = el('table', { class: 'stack ended' },
    el('caption', { class: 'unseen' }, 'Transfers that are over, the newest first'),
    el('thead', {}, el('tr', {}, ...['Transfer', 'From and to', 'State', 'Moved', 'Began', 'Took', 'By'].map((name, i) =>
      el('th', { scope: 'col', class: i === 3 || i === 5 ? 'n' : null }, name)))), rows);
  const none = el('div', { class: 'empty' });
  const more = el('button', { type: 'button', class: 'more', onclick: () => { shownRows += page; draw(); } });
  const choice = el('select', { id: 'database', onchange: () => { database = choice.value; draw(); } }, el('option', { value: '' }, 'all'));
  main.append(el('div', { class: 'heading' }, el('h1', {}, 'Transfers'), el('p', { class: 'choice' }, el('label', { for: 'database' }, 'Database'), choice)),
    el('section', { 'aria-labelledby': 'busy' }, el('h2', { id: 'busy' }, 'Not over yet'), nothing, busy),
    el('section', { 'aria-labelledby': 'ended' }, el('h2', { id: 'ended' }, 'Over'), none, table, more));

  const soon = latest(draw);
  const stop = follow('/live', {
    onEvent(event) {
      const t = JSON.parse(event.data);
      if (!t.id) return;
      if (told.has(t.id) && told.get(t.id) !== t.state) say(`${t.id} ${words.status(t)}`);
      told.set(t.id, t.state);
      transfers.set(t.id, t);
      arrived = true;
      soon();
    },
    onOpen: () => setTimeout(() => { arrived = true; soon(); }, 300),
    onRefused: (refused) => text(nothing, refused.message),
  });
  const stopPeeking = peek(
    () => [...transfers.values()].filter((t) => t.state === 'running' || t.state === 'paused').sort((a, b) => b.number - a.number).map((t) => t.id),
    ({ transfer, progress: p }) => {
      if (p) progress.set(transfer.id, p);
      soon();
    },
  );
  call('GET', '/databases').then((found) => choice.append(...found.map((d) => el('option', {}, d.name))), () => {});

  function draw() {
    const all = [...transfers.values()].sort((a, b) => b.number - a.number);
    const over = all.filter(words.isFinal);
    for (const t of over.slice(most)) {
      transfers.delete(t.id);
      told.delete(t.id);
      progress.delete(t.id);
    }
    const wanted = (t) => database === '' || t.spec.source === database || t.spec.target === database;
    const open = all.filter((t) => !words.isFinal(t) && wanted(t));
    const ended = over.filter(wanted);
    text(nothing, !arrived ? 'Asking the daemon …' : open.length > 0 ? '' : 'Nothing is waiting or running.');
    nothing.hidden = nothing.textContent === '';
    keyed(busy, open, (t) => t.id, card, (node, t) => fillCard(node, t, progress.get(t.id)));
    keyed(rows, ended.slice(0, shownRows), (t) => t.id, row, fillRow);
    table.hidden = ended.length === 0;
    none.hidden = ended.length > 0 || !arrived;
    if (!none.hidden && none.childElementCount === 0) none.append(...firstSteps());
    more.hidden = ended.length <= shownRows;
    text(more, `Show ${format.count(Math.min(page, ended.length - shownRows))} more of ${format.count(ended.length)}`);
  }
  draw();
  // Times go on where no event comes.
  const clock = setInterval(soon, 1000);
  return { title: 'Transfers', stop() { stop(); stopPeeking(); clearInterval(clock); } };
}

const firstSteps = () => [
  el('p', {}, 'No transfer has ended here yet. What is copied, dumped, restored or compared is listed here, also when this page was closed.'),
  el('p', { class: 'operate' }, el('a', { href: '/new' }, 'Begin one'), ', or let one begin by itself with a ', el('a', { href: '/schedules' }, 'schedule'), '.'),
];

function route(t, parts) {
  const [arrow, to] = words.between(t);
  return [parts.from, el('span', { class: 'arrow', 'aria-hidden': 'true' }, arrow), el('span', { class: 'unseen' }, to), parts.to];
}

function card(t) {
  const parts = { from: el('bdi'), to: el('bdi'), kind: el('p', { class: 'context' }), mark: el('p', { class: 'word' }), story: el('p', { class: 'story' }), figures: el('p', { class: 'figures' }), bar: bar(`Progress of ${t.id}`) };
  const node = el('li', { class: 'card' },
    el('h3', {}, el('a', { href: `/transfers/${t.id}` }, el('span', { class: 'number' }, t.id), ' ', ...route(t, parts))),
    el('div', { class: 'line' }, parts.mark, parts.kind), parts.bar, parts.figures, parts.story);
  node.parts = parts;
  return node;
}

function mark(node, t) {
  const { color, shape: name } = words.tone(t);
  const key = `${name} ${color} ${words.status(t)}`;
  if (node.drawn === key) return;
  node.drawn = key;
  node.className = `word ${color}`;
  node.replaceChildren(shape(name, 16), el('strong', {}, words.status(t)));
}

function fillCard(node, t, p) {
  const { from, to, mark: word, story, figures, bar: progress } = node.parts;
  const [a, b] = words.ends(t);
  text(from, a ?? '');
  text(to, b ?? '');
  mark(word, t);
  text(node.parts.kind, `${words.kinds[t.spec.kind]}${t.schedule ? `, by schedule ${t.schedule}` : ''}`);
  text(story, words.story(t));
  const d = p?.data;
  const data = p?.phases.find((ph) => ph.name === 'data');
  const facts = [];
  let share = null;
  if (d && data.state === 'running') {
    share = d.expected_bytes > 0 ? Math.min(d.bytes / d.expected_bytes, 0.999) : null;
    facts.push(share === null ? format.bytes(d.bytes) : `${format.bytes(d.bytes)} of ≈${format.bytes(d.expected_bytes)}`);
    if (share !== null) facts.push(format.percent(share));
    if (t.state === 'running') facts.push(format.rate(d.windowed_bytes_per_second));
    if (t.state === 'running' && d.remaining_seconds >= 1) facts.push(`about ${format.whole(d.remaining_seconds)} left of the data`);
  } else if (p) {
    const busy = p.phases.find((ph) => ph.state === 'running');
    share = busy && busy.total > 0 ? busy.done / busy.total : null;
    facts.push(busy ? `${busy.name}: ${format.count(busy.done)} of ${format.count(busy.total)}` : p.step ?? 'between two phases');
  }
  keyed(figures, facts.map((f, i) => ({ i, words: i < facts.length - 1 ? `${f}, ` : f })), (f) => f.i, () => el('span'), (span, f) => text(span, f.words));
  figures.hidden = facts.length === 0;
  progress.toggleAttribute('hidden', share === null);
  if (share !== null) progress.show(share, format.percent(share));
}

function row(t) {
  const cells = { from: el('bdi'), to: el('bdi'), state: el('p'), moved: el('td', { class: 'n' }), began: el('td'), took: el('td', { class: 'n' }), by: el('td') };
  const node = el('tr', {},
    el('th', { scope: 'row' }, el('a', { href: `/transfers/${t.id}` }, t.id), ' ', el('span', { class: 'context' }, words.kinds[t.spec.kind])),
    el('td', { class: 'route' }, ...route(t, cells)), el('td', {}, cells.state), cells.moved, cells.began, cells.took, cells.by);
  node.parts = cells;
  return node;
}

function fillRow(node, t) {
  const c = node.parts;
  const [a, b] = words.ends(t);
  text(c.from, a ?? '');
  text(c.to, b ?? '');
  mark(c.state, t);
  node.classList.toggle('bad', t.state === 'failed');
  text(c.moved, t.totals?.bytes > 0 ? format.bytes(t.totals.bytes) : '');
  const at = words.began(t);
  text(c.began, at ? format.moment(at) : 'never');
  const seconds = words.took(t);
  text(c.took, seconds === null ? '' : format.duration(seconds));
  text(c.by, t.schedule ? `schedule ${t.schedule}` : t.by);
}
