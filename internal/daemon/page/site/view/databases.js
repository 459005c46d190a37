// The databases and stores of the configuration, by name: how large they are, and when they were last copied.

import { el, keyed, put, text } from '../dom.js';
import * as format from '../format.js';
import { call } from '../session.js';

const every = 30_000; // ms between two looks

export default function databases(main) {
  const wrong = el('p', { class: 'wrong', role: 'alert' });
  const waiting = el('p', { class: 'empty' }, 'Asking the daemon …');
  const [table, rows] = sheet('Databases', ['Database', 'Size', 'Server', 'Limits', 'Window', 'Last transfer'], [1]);
  const [storeTable, storeRows] = sheet('Stores of dumps', ['Store', 'Dumps', 'Size', 'Free'], [1, 2, 3]);
  const noStores = el('p', { class: 'empty', hidden: true }, 'No store is configured: dumps need one.');
  const noDatabases = el('p', { class: 'empty', hidden: true }, 'No database is configured.');
  main.append(el('h1', {}, 'Databases'), wrong, waiting, el('section', { 'aria-label': 'Databases' }, noDatabases, table), el('section', { 'aria-labelledby': 'stores' }, el('h2', { id: 'stores' }, 'Stores'), noStores, storeTable));

  async function look() {
    if (document.hidden) return;
    try {
      const [d, s] = await Promise.all([call('GET', '/databases'), call('GET', '/stores')]);
      waiting.hidden = true;
      text(wrong, '');
      table.hidden = d.length === 0;
      noDatabases.hidden = d.length > 0;
      storeTable.hidden = s.length === 0;
      noStores.hidden = s.length > 0;
      keyed(rows, d, (x) => x.name, () => el('tr', {}, el('th', { scope: 'row' }, el('bdi'), el('p', { class: 'context' })), el('td', { class: 'n', 'data-name': 'size' }), el('td', { 'data-name': 'server' }), el('td', { 'data-name': 'limits' }), el('td', { 'data-name': 'window' }), el('td', { 'data-name': 'last' })), fill);
      keyed(storeRows, s, (x) => x.name, () => el('tr', {}, el('th', { scope: 'row' }), el('td', { class: 'n', 'data-name': 'dumps' }), el('td', { class: 'n', 'data-name': 'size' }), el('td', { class: 'n', 'data-name': 'free' })), fillStore);
    } catch (refused) {
      waiting.hidden = true;
      text(wrong, refused.message);
    }
  }
  table.hidden = storeTable.hidden = true;
  look();
  const timer = setInterval(look, every);
  document.addEventListener('visibilitychange', look);
  return { title: 'Databases', stop() { clearInterval(timer); document.removeEventListener('visibilitychange', look); } };
}

function sheet(caption, names, numbers) {
  const rows = el('tbody');
  return [el('table', { class: 'stack' }, el('caption', { class: 'unseen' }, caption), el('thead', {}, el('tr', {}, ...names.map((n, i) => el('th', { scope: 'col', class: numbers.includes(i) ? 'n' : null }, n)))), rows), rows];
}

function fill(row, d) {
  const [name, size, server, limits, window, last] = row.cells;
  text(name.firstChild, d.name);
  const looked = format.known(d.looked);
  text(name.lastChild, d.error ? `not seen${looked ? `, ${format.moment(looked)}` : ''}: ${d.error}` : d.never_target ? 'never a target' : '');
  name.lastChild.hidden = name.lastChild.textContent === '';
  put(name.lastChild, 'class', d.error ? 'wrong' : 'context');
  row.classList.toggle('bad', Boolean(d.error));
  text(size, d.bytes > 0 ? format.bytes(d.bytes) : '');
  text(server, d.version ?? '');
  text(limits, [d.max_streams > 0 ? format.plural(d.max_streams, 'stream', 'streams') : '', d.rate_limit > 0 ? format.rate(d.rate_limit) : ''].filter(Boolean).join(', '));
  text(window, d.window ? `${d.window}, ${d.window_open ? 'open now' : 'closed now'}` : '');
  const ended = format.known(d.last_ended);
  const key = `${d.last_id} ${d.last_ended}`;
  if (last.drawn === key) return;
  last.drawn = key;
  last.replaceChildren(...(d.last_id ? [el('a', { href: `/transfers/${d.last_id}` }, d.last_id), ended ? ` ${format.moment(ended)}` : ''] : ['none yet']));
}

function fillStore(row, s) {
  const [name, files, size, free] = row.cells;
  text(name, s.name);
  text(files, format.count(s.files));
  text(size, format.bytes(s.bytes));
  text(free, s.free < 0 ? 'not known' : format.bytes(s.free));
}
