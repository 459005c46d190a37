// What failed and what went otherwise than asked, gathered from the log, so that nobody has to look for it there.

import { el, keyed, text } from '../dom.js';
import * as format from '../format.js';

const most = 50; // of each that are shown; the log and the report have the others

export default function notes() {
  const failed = list('Failed', 'bad');
  const warned = list('Warnings', 'warn');
  const node = el('div', {}, failed.node, warned.node);

  function add({ name, data: d }) {
    if (name === 'start') for (const l of [failed, warned]) l.clear();
    if (name === 'failure') failed.add(`${d.kind} ${d.name}`, d.error);
    if (name === 'warning') warned.add(d.object, d.message);
  }

  function draw(transfer) {
    // What the transfer failed of stands at the top already.
    failed.draw((n) => !transfer.error?.includes(n.why.split('\n')[0]));
    warned.draw(() => true);
  }
  return { node, add, draw };
}

function list(title, tone) {
  let all = [];
  let count = 0;
  const heading = el('h2', { id: `notes-${tone}` });
  const items = el('ul');
  const more = el('p', { class: 'hint' });
  const node = el('section', { class: `notes ${tone}`, 'aria-labelledby': `notes-${tone}`, hidden: true }, heading, items, more);
  return {
    node,
    clear() {
      all = [];
      count = 0;
    },
    add(what, why) {
      if (all.length < most) all.push({ key: count, what, why });
      count++;
    },
    draw(wanted) {
      const shown = all.filter(wanted);
      node.hidden = shown.length === 0;
      text(heading, count > 1 ? `${title} (${format.count(count)})` : title);
      keyed(items, shown, (n) => n.key, (n) => el('li', {}, el('strong', {}, n.what), el('p', {}, n.why)), () => {});
      more.hidden = count <= most;
      text(more, more.hidden ? '' : `and ${format.count(count - most)} more, in the log`);
    },
  };
}
