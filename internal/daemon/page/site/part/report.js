// What is known at the end: the report as a file, and of a verification what it has found.

import { el, text } from '../dom.js';
import { call } from '../session.js';
import * as format from '../format.js';
import { isFinal } from '../words.js';

const most = 200; // differences that are shown; the file has all

export default function report(path) {
  let asked = false;
  let found = null;
  const wrong = el('p', { class: 'wrong', role: 'alert' });
  const summary = el('p', { class: 'lead' });
  const list = el('ul', { class: 'findings' });
  const more = el('p', { class: 'hint' });
  const button = el('button', { type: 'button', onclick: save }, 'Save the report as JSON');
  const node = el('section', { 'aria-labelledby': 'report', hidden: true }, el('h2', { id: 'report' }, 'Report'), summary, list, more, el('div', { class: 'buttons' }, button), wrong);

  async function draw(transfer) {
    if (!isFinal(transfer) || !transfer.started || asked) return;
    asked = true;
    try {
      found = await call('GET', `${path}/report`);
    } catch {
      return; // it ended before there was one
    }
    node.hidden = false;
    const remarks = found.schema === 'pgsluice/verify' ? [...found.differences, ...found.unverified] : [];
    text(summary, found.compared ? comparedIn(found) : '');
    summary.hidden = summary.textContent === '';
    list.replaceChildren(...remarks.slice(0, most).map((r) => el('li', {}, el('div', {}, el('strong', {}, r.object), el('p', {}, r.text)))));
    text(more, remarks.length > most ? `and ${format.count(remarks.length - most)} more, which the file has` : '');
  }

  function save() {
    const address = URL.createObjectURL(new Blob([JSON.stringify(found, null, 2)], { type: 'application/json' }));
    const link = el('a', { href: address, download: `${decodeURIComponent(path.split('/').pop())}.json` });
    link.click();
    // The browser has begun to read it by then.
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }
  return { node, draw };
}

function comparedIn(r) {
  const c = r.compared;
  const parts = [[c.entries, 'schema entry', 'schema entries'], [c.tables, 'table', 'tables'], [c.rows, 'row', 'rows'], [c.sequences, 'sequence', 'sequences'], [c.large_objects, 'large object', 'large objects']]
    .filter(([n]) => n > 0).map(([n, one, many]) => format.plural(n, one, many));
  const verdict = { equal: 'Both sides are equal', different: 'The two sides differ', unverified: 'No difference was found, but not all could be compared', failed: 'The comparison came to no end' }[r.verdict];
  return `${verdict}: compared were ${parts.join(', ')}.`;
}
