// What is in work now: tables that are copied, and what is built, with what the servers say of it.

import { bar, el, keyed, put, text } from '../dom.js';
import * as format from '../format.js';
import * as words from '../words.js';

const most = 40; // rows; a transfer has some tens of workers at most

export default function tasks() {
  const rows = el('tbody');
  const table = el('table', { class: 'stack tasks' },
    el('caption', { class: 'unseen' }, 'Tables, indexes and constraints in work, the longest in work first'),
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'what'), el('th', { scope: 'col', class: 'n' }, 'for'), el('th', { scope: 'col', class: 'n' }, 'done'),
      el('th', { scope: 'col' }, 'activity'), el('th', { scope: 'col', class: 'when' }, 'progress'))), rows);
  const empty = el('p', { class: 'empty' }, 'Nothing is in work at the moment.');
  const node = el('section', { 'aria-labelledby': 'work', hidden: true }, el('h2', { id: 'work' }, 'In work'), empty, table);

  function draw(transfer, p) {
    const running = words.isFinal(transfer) ? [] : (p?.running ?? []).slice(0, most);
    node.hidden = words.isFinal(transfer) || !p;
    table.hidden = running.length === 0;
    empty.hidden = running.length > 0;
    keyed(rows, running, (r) => r.id, make, fill);
  }
  return { node, draw };
}

function make(r) {
  const parts = { time: el('td', { class: 'n' }), done: el('td', { class: 'n' }), how: el('td', { class: 'how' }), bar: bar(`${r.kind} ${r.name}`, r.phase) };
  const row = el('tr', {}, el('th', { scope: 'row' }, el('span', { class: 'context first' }, words.doing(r.kind)), ' ', el('bdi', {}, r.name)), parts.time, parts.done, parts.how, el('td', { class: 'when' }, parts.bar));
  row.parts = parts;
  return row;
}

function fill(row, r) {
  const { time, done, how, bar: progress } = row.parts;
  text(time, format.whole(r.elapsed_seconds));
  text(done, r.phase === 'data' ? format.bytes(r.bytes) : r.percent === null ? '' : format.percent(r.percent / 100));
  const stuck = r.blocked_by.length > 0;
  text(how, stuck ? `waits ${words.blockers(r.blocked_by)}` : manner(r));
  put(how, 'class', stuck ? 'how warn' : 'how');
  const share = r.phase === 'data' ? (r.expected_bytes > 0 ? Math.min(r.bytes / r.expected_bytes, 0.999) : null) : r.percent === null ? null : r.percent / 100;
  progress.show(share, share === null ? 'how much of it is done is not known' : `${r.phase === 'data' ? 'about ' : ''}${format.percent(share)}`);
}

function manner(r) {
  const facts = [];
  if (r.retry_cause) facts.push(`tried again: ${r.retry_cause}`);
  if (r.activity) facts.push(r.activity);
  if (r.parallel_workers > 0) facts.push(format.plural(r.parallel_workers, 'parallel worker', 'parallel workers'));
  if (r.phase === 'data' && r.rows > 0) facts.push(format.plural(r.rows, 'row', 'rows'));
  if (r.target_wait) facts.push(`the target waits for ${r.target_wait}`);
  else if (r.source_wait) facts.push(`the source waits for ${r.source_wait}`);
  if (r.worker) facts.push(r.worker);
  return facts.join(', ');
}
