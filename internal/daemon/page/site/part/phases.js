// The five phases, each with its state, how much of it is done, and for how long it has been going.

import { bar, el, keyed, put, text } from '../dom.js';
import * as format from '../format.js';
import * as words from '../words.js';

export default function phases() {
  const rows = el('tbody');
  const bottleneck = el('p', { class: 'lead' });
  const table = el('table', { class: 'stack phases' },
    el('caption', { class: 'unseen' }, 'The phases of the transfer, in order'),
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'phase'), el('th', { scope: 'col' }, 'state'), el('th', { scope: 'col', class: 'n' }, 'done'),
      el('th', { scope: 'col', class: 'n' }, 'span'), el('th', { scope: 'col', class: 'when' }, 'progress'))), rows);
  const waiting = el('p', { class: 'empty' });
  const node = el('section', { 'aria-labelledby': 'phases' }, el('h2', { id: 'phases' }, 'Phases'), bottleneck, waiting, table);

  function draw(transfer, p) {
    const over = words.isFinal(transfer);
    // A verification has no phases.
    const known = Boolean(p) && transfer.spec.kind !== 'verify';
    table.hidden = !known;
    waiting.hidden = known || (transfer.spec.kind === 'verify' && over);
    node.hidden = transfer.spec.kind === 'verify' && over;
    text(waiting, over ? 'It ended before there was a plan.' : transfer.state === 'running' && transfer.spec.kind === 'verify' ? 'Both sides are being compared.' : transfer.state === 'running' ? 'The source is being read: there is no plan yet.' : 'It has not begun.');
    text(bottleneck, p?.step && !over ? `Now: ${p.step}.` : sentenceOf(p, over));
    bottleneck.hidden = bottleneck.textContent === '';
    if (known) keyed(rows, p.phases, (ph) => ph.name, make, (row, ph) => fill(row, ph, p, transfer));
  }
  return { node, draw };
}

function sentenceOf(p, over) {
  if (!p?.bottleneck) return '';
  return `${over ? 'The bottleneck was' : 'The bottleneck is'} ${p.bottleneck.stage}: ${p.bottleneck.text}.`;
}

function make(ph) {
  const parts = { state: el('td'), done: el('td', { class: 'n' }), span: el('td', { class: 'n' }), bar: bar(ph.name, ph.name) };
  const row = el('tr', {}, el('th', { scope: 'row' }, ph.name), parts.state, parts.done, parts.span, el('td', { class: 'when' }, parts.bar));
  row.parts = parts;
  return row;
}

function fill(row, ph, p, transfer) {
  const { state, done, span, bar: progress } = row.parts;
  const bad = ph.failed > 0 || (transfer.state === 'failed' && ph.state === 'failed');
  text(state, ph.failed > 0 ? `${wordOf(ph, transfer)}, ${format.count(ph.failed)} failed` : wordOf(ph, transfer));
  put(state, 'class', bad ? 'bad' : ph.state === 'done' && ph.total > 0 ? 'ok' : null);
  row.classList.toggle('bad', bad);
  const idle = ph.total === 0 && ph.state === 'done';
  if (idle) text(state, 'nothing to do');
  row.classList.toggle('quiet', ph.state === 'waiting' || idle);
  progress.toggleAttribute('hidden', idle);
  text(done, ph.total === 0 ? '' : `${format.count(ph.done)} of ${format.count(ph.total)}`);
  text(span, ph.start_seconds === null ? '' : ph.state === 'running' ? format.whole(ph.span_seconds) : format.duration(ph.span_seconds));
  const share = shareOf(ph, p.data);
  progress.show(share, share === null ? 'not known' : `${format.percent(share)}${ph.name === 'data' && ph.state === 'running' ? ' of the bytes' : ''}`);
}

// wordOf says of a phase that was not gone through how it ended.
function wordOf(ph, transfer) {
  if (!words.isFinal(transfer) || ph.state === 'done') return ph.state;
  if (ph.state === 'waiting') return 'not begun';
  return ph.done + ph.failed < ph.total ? 'stopped' : 'ended';
}

// shareOf goes by bytes for the data, and by tasks for what nobody can tell the size of.
function shareOf(ph, data) {
  if (ph.state === 'done') return 1;
  if (ph.name === 'data' && data.expected_bytes > 0) return Math.min(data.bytes / data.expected_bytes, 0.999);
  return ph.total > 0 ? Math.min(ph.done / ph.total, 1) : 0;
}
