// When each index and constraint was built, a lane for each builder. The Tab key stops once a lane, arrow keys go within, and a line tells
// what is pointed at.

import { el, put, svg, text } from '../dom.js';
import * as format from '../format.js';
import * as words from '../words.js';

const narrow = 1.5; // pixels: bars that are narrower share one
const most = 20_000; // tasks that are remembered

export default function timeline() {
  let done = []; // {start, end, lane, names, phase, failed}
  let width = 0;
  let drawn = '';
  const lanes = el('div', { class: 'lanes' });
  const axis = svg('svg', { class: 'ticks', width: '100%', height: 20 });
  const hint = 'Point at a bar, or press Tab and the arrow keys, to see what it is.';
  const detail = el('p', { class: 'detail idle', role: 'status' }, hint);
  const summary = el('p', { class: 'lead' });
  const figure = el('figure', { class: 'timeline' },
    el('ul', { class: 'legend' }, ...['indexes', 'constraints', 'finish'].map((p) => el('li', {}, svg('svg', { width: 14, height: 12, 'aria-hidden': 'true' }, svg('rect', { class: `p-${p}`, width: 14, height: 12, rx: 2 })), p))),
    lanes, el('div', { class: 'row axis', 'aria-hidden': 'true' }, el('div', { class: 'label' }), axis), detail);
  const node = el('section', { 'aria-labelledby': 'timeline', hidden: true }, el('h2', { id: 'timeline' }, 'Index and constraint builds'), summary, figure);
  const resized = new ResizeObserver(() => { width = axis.clientWidth; });
  resized.observe(figure);
  figure.addEventListener('pointerover', show);
  figure.addEventListener('focusin', show);
  figure.addEventListener('keydown', move);

  function add({ name, data }) {
    if (name === 'start') done = [];
    if (name !== 'task_ended' || !built(data) || done.length >= most) return;
    done.push({ id: data.id, start: data.start_seconds, end: data.start_seconds + data.duration_seconds, lane: data.worker ?? 'other', name: `${data.kind} ${data.name}`, phase: data.phase, outcome: data.outcome, error: data.error });
  }

  function draw(transfer, p) {
    const open = words.isFinal(transfer) ? [] : (p?.running ?? []).filter(built).map((r) => ({
      id: r.id, start: p.at_seconds - r.elapsed_seconds, end: p.at_seconds, lane: r.worker ?? 'other', name: `${r.kind} ${r.name}`, phase: r.phase, outcome: 'running',
    }));
    const all = [...done, ...open];
    node.hidden = all.length === 0;
    if (node.hidden) return;
    width = axis.clientWidth || width;
    const key = `${done.length} ${open.map((o) => o.id)} ${Math.floor(p?.at_seconds ?? 0)} ${width}`;
    if (key === drawn) return;
    drawn = key;
    const from = Math.min(...[all.reduce((low, b) => Math.min(low, b.start), Infinity)]);
    const to = Math.max(all.reduce((high, b) => Math.max(high, b.end), 0), from + 1);
    const failed = done.filter((b) => b.outcome === 'failed').length;
    text(summary, `${format.count(done.length - failed)} built or added${failed > 0 ? `, ${format.count(failed)} failed` : ''}${open.length > 0 ? `, ${format.count(open.length)} in work` : ''}.`);
    const names = [...new Set(all.map((b) => b.lane))].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    const x = (s) => (s - from) / (to - from);
    const rows = names.map((lane) => row(lane, merge(all.filter((b) => b.lane === lane), (to - from) * narrow / Math.max(width, 100)), x));
    const focused = document.activeElement?.closest?.('.lanes') ? document.activeElement.dataset.key : null;
    lanes.replaceChildren(...rows);
    if (focused) lanes.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    axis.replaceChildren(...ticks(from, to, width).map((s) => svg('g', {}, svg('line', { class: 'grid', x1: `${100 * x(s)}%`, x2: `${100 * x(s)}%`, y2: 4 }),
      svg('text', { x: `${100 * x(s)}%`, y: 16, 'text-anchor': x(s) < 0.03 ? 'start' : x(s) > 0.97 ? 'end' : 'middle' }, format.clock(s)))));
  }

  function show(event) {
    const bar = event.target.closest?.('.task');
    if (!bar) return;
    detail.classList.remove('idle');
    text(detail, bar.getAttribute('aria-label'));
  }

  function move(event) {
    const at = event.target.closest?.('.task');
    if (!at) return;
    const all = [...lanes.children].map((l) => [...l.querySelectorAll('.task')]);
    const y = all.findIndex((l) => l.includes(at));
    const lane = all[y];
    const x = lane.indexOf(at);
    const middle = (b) => Number.parseFloat(b.getAttribute('x')) + Number.parseFloat(b.getAttribute('width')) / 2;
    const near = (l) => l?.reduce((best, b) => (Math.abs(middle(b) - middle(at)) < Math.abs(middle(best) - middle(at)) ? b : best), l[0]);
    const to = { ArrowRight: lane[x + 1], ArrowLeft: lane[x - 1], Home: lane[0], End: lane.at(-1), ArrowUp: near(all[y - 1]), ArrowDown: near(all[y + 1]) };
    if (!(event.key in to)) return;
    event.preventDefault();
    const bar = to[event.key];
    if (!bar) return;
    for (const b of all.find((l) => l.includes(bar))) put(b, 'tabindex', b === bar ? '0' : '-1');
    bar.focus();
  }

  return { node, add, draw, stop: () => resized.disconnect() };
}

const built = (t) => t.phase === 'indexes' || t.phase === 'constraints' || (t.phase === 'finish' && t.kind === 'MATERIALIZED VIEW DATA');

// merge joins bars that are too narrow to be told apart with those beside them.
export function merge(bars, least) {
  const out = [];
  for (const b of [...bars].sort((x, y) => x.start - y.start)) {
    const last = out.at(-1);
    if (last && b.end - b.start < least && last.end - last.start < 2 * least && b.start - last.end < least && b.outcome === last.outcome && b.phase === last.phase) {
      last.end = Math.max(last.end, b.end);
      last.count++;
    } else out.push({ ...b, count: 1 });
  }
  return out;
}

function row(lane, bars, x) {
  const drawing = svg('svg', { class: 'plot', role: 'group', 'aria-label': `${lane}: ${format.plural(bars.length, 'bar', 'bars')}`, width: '100%', height: 20 });
  bars.forEach((b, i) => {
    const place = { x: `${100 * x(b.start)}%`, width: `${Math.max(100 * (x(b.end) - x(b.start)), 0.15)}%`, y: 2, height: 16, rx: 2 };
    drawing.append(svg('rect', { ...place, class: `task p-${b.phase} ${b.outcome}`, role: 'img', tabindex: i === 0 ? '0' : '-1', 'data-key': `${lane} ${b.id}`, 'aria-label': describe(b) }, svg('title', {}, describe(b))));
    if (b.outcome === 'failed') drawing.append(svg('rect', { ...place, class: 'over' }));
  });
  return el('div', { class: 'row lane' }, el('div', { class: 'label' }, lane), drawing);
}

function describe(b) {
  const name = b.count > 1 ? `${format.plural(b.count, 'short task', 'short tasks')}, the first: ${b.name}` : b.name;
  const time = b.outcome === 'running' ? `for ${format.whole(b.end - b.start)}, still in work` : `${format.duration(b.end - b.start)} from ${format.clock(b.start)} on`;
  return `${name}: ${b.outcome === 'failed' ? 'failed after ' : b.outcome === 'interrupted' ? 'broken off after ' : ''}${time}${b.error ? `. ${b.error}` : ''}`;
}

// ticks are round moments of a stretch.
export function ticks(from, to, width) {
  const room = Math.max((to - from) / Math.max(width / 80, 2), 0.001);
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400].find((s) => s >= room) ?? 86_400 * Math.ceil(room / 86_400);
  const list = [];
  for (let s = Math.ceil(from / step) * step; s <= to; s += step) list.push(s);
  return list;
}
