'use strict';
// Sorting: the heads of the columns become buttons. Equal rows keep their order.
for (const table of document.querySelectorAll('table.sortable')) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const open = 25; // rows that a long table shows at first
  let all = body.rows.length < open + 10;

  const fold = () => [...body.rows].forEach((row, i) => { row.hidden = !all && i >= open; });
  const sort = (column, descending) => {
    const cells = [...body.rows].map((row) => {
      const cell = row.cells[column];
      return { row, key: 'key' in cell.dataset ? Number(cell.dataset.key) : cell.textContent };
    });
    const text = new Intl.Collator('en', { numeric: true });
    const compare = (a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : text.compare(a, b));
    cells.sort((a, b) => (descending ? compare(b.key, a.key) : compare(a.key, b.key)));
    body.append(...cells.map((c) => c.row));
    heads.forEach((h) => h.removeAttribute('aria-sort'));
    heads[column].setAttribute('aria-sort', descending ? 'descending' : 'ascending');
    fold();
  };
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    button.addEventListener('click', () => {
      const now = head.getAttribute('aria-sort');
      // figures are looked at from the largest, names from A
      sort(column, now ? now === 'ascending' : head.classList.contains('n'));
    });
    head.replaceChildren(button);
  });
  if (!all) {
    const more = document.createElement('button');
    more.type = 'button';
    more.className = 'more';
    more.textContent = `Show all ${body.rows.length.toLocaleString('en')} ${table.dataset.noun}`;
    more.addEventListener('click', () => {
      all = true;
      fold();
      more.remove();
    });
    table.after(more);
    fold();
  }
}

// The timeline: one stop of the Tab key a lane, arrow keys within, and a line that tells what is pointed at.
for (const figure of document.querySelectorAll('.timeline')) {
  const detail = figure.querySelector('.detail');
  const lanes = [...figure.querySelectorAll('.lane')].map((lane) => [...lane.querySelectorAll('.task')]);
  const middle = (bar) => {
    const box = bar.getBoundingClientRect();
    return box.left + box.width / 2;
  };
  detail.textContent = 'Point at a bar, or press Tab and the arrow keys, to see what it was.';
  detail.hidden = false;
  detail.classList.add('idle');

  const show = (event) => {
    const bar = event.target.closest('.task');
    if (!bar) return;
    detail.classList.remove('idle');
    detail.textContent = bar.querySelector('title').textContent;
  };
  figure.addEventListener('pointerover', show);
  figure.addEventListener('focusin', show);
  figure.addEventListener('keydown', (event) => {
    const row = lanes.findIndex((lane) => lane.includes(event.target));
    if (row < 0) return;
    const lane = lanes[row];
    const at = lane.indexOf(event.target);
    let to;
    switch (event.key) {
      case 'ArrowRight': to = lane[at + 1]; break;
      case 'ArrowLeft': to = lane[at - 1]; break;
      case 'Home': to = lane[0]; break;
      case 'End': to = lane[lane.length - 1]; break;
      case 'ArrowUp':
      case 'ArrowDown': {
        const next = lanes[row + (event.key === 'ArrowUp' ? -1 : 1)] || [];
        const x = middle(event.target);
        to = next.reduce((best, bar) => (best && Math.abs(middle(best) - x) <= Math.abs(middle(bar) - x) ? best : bar), undefined);
        break;
      }
      default: return;
    }
    event.preventDefault();
    if (!to) return;
    for (const bar of lanes.find((l) => l.includes(to))) bar.setAttribute('tabindex', bar === to ? '0' : '-1');
    to.focus();
  });
}
