// Throughput over time, stage by stage, and beneath it how busy each stage was. What was before the page was opened comes from the samples
// in the log, what is now from the progress events; they may come in any order.

import uPlot from '../uplot/uPlot.esm.js';
import { el, keyed, text } from '../dom.js';
import * as format from '../format.js';
import * as words from '../words.js';

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400, 172_800]; // seconds between two marks
const most = 600; // points; of more every second one is dropped

export default function chart() {
  let points = []; // {at, bytes, stages: [{name, bytes, busy, elapsed}]}
  let gap = 1;
  let plot = null;
  let drawn = '';
  const place = el('div', { class: 'plot', 'aria-hidden': 'true' });
  const legend = el('ul', { class: 'legend', 'aria-hidden': 'true' });
  const bands = el('ul', { class: 'bands', 'aria-labelledby': 'bands' });
  const summary = el('p', { class: 'lead' });
  const figure = el('figure', {}, legend, place, el('p', { class: 'bandhead', id: 'bands' }, 'Share of its time in which each stage was busy, over the last ten seconds'), bands);
  const node = el('section', { 'aria-labelledby': 'throughput', hidden: true }, el('h2', { id: 'throughput' }, 'Throughput'), summary, figure);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const resized = new ResizeObserver(() => plot?.setSize(size()));
  resized.observe(place);
  dark.addEventListener('change', redraw);

  const size = () => ({ width: Math.max(place.clientWidth, 200), height: 200 });

  function redraw() {
    drawn = '';
  }

  // add takes a progress event or the end event: a point of the data phase, or none.
  function add(p) {
    const data = p.phases.find((ph) => ph.name === 'data');
    if (data.start_seconds === null) return;
    const at = data.state === 'running' ? p.at_seconds : data.start_seconds + data.span_seconds;
    // The clock of a run that has begun anew is another one.
    if (points.length > 0 && p.at_seconds < points.at(-1).at - 1) begin();
    sample({ at_seconds: at, bytes: p.data.bytes + p.data.redone_bytes, stages: p.stages ?? [] });
  }

  // sample takes a point. Too close to another one, it says nothing.
  function sample({ at_seconds: at, bytes, stages }) {
    const after = points.findIndex((p) => p.at > at);
    const place = after < 0 ? points.length : after;
    if (Math.min(at - (points[place - 1]?.at ?? -Infinity), (points[place]?.at ?? Infinity) - at) < 0.9 * gap) return;
    points.splice(place, 0, { at, bytes, stages: stages.filter((s) => s.name !== 'meter').map((s) => ({ name: s.name, bytes: s.bytes, busy: s.busy_seconds, elapsed: s.elapsed_seconds })) });
    if (points.length > most) {
      points = points.filter((_, i) => i % 2 === 0);
      gap *= 2;
    }
  }

  // begin forgets the points of an earlier run, whose clock is another one.
  function begin() {
    points = [];
    gap = 1;
  }

  function draw(transfer, p) {
    const { at, rates, names } = series(points);
    node.hidden = at.length < 2;
    if (node.hidden) return;
    const shape = names.join('\n') + dark.matches;
    if (shape !== drawn) {
      drawn = shape;
      plot?.destroy();
      place.replaceChildren();
      plot = new uPlot(options(names, size()), [at, ...rates], place);
      legend.replaceChildren(...names.map((n, i) => el('li', {}, el('span', { class: `key s${i}` }), n)));
    } else plot.setData([at, ...rates]);
    const peak = Math.max(...points.slice(1).map((b, i) => (b.bytes - points[i].bytes) / (b.at - points[i].at)));
    text(summary, `${words.isFinal(transfer) ? 'It moved' : 'It moves'} ${format.rate(p?.data.average_bytes_per_second ?? 0)} on average, ${format.rate(peak)} at most.`);
    keyed(bands, shares(points), (b) => b.name, () => el('li', {}, el('span'), ' ', el('b')), (item, b) => {
      text(item.firstChild, b.name);
      text(item.lastChild, format.percent(b.share));
    });
  }

  function stop() {
    resized.disconnect();
    dark.removeEventListener('change', redraw);
    plot?.destroy();
  }
  return { node, add, sample, begin, draw, stop };
}

// series makes rates of what was counted: one for the whole, or one for each stage where they move different numbers of bytes.
export function series(points) {
  const names = points.at(-1)?.stages.map((s) => s.name) ?? [];
  const at = [];
  const all = names.length > 0 ? names : ['rows as they travel'];
  const rates = all.map(() => []);
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]];
    const seconds = b.at - a.at;
    if (seconds <= 0) continue;
    at.push(b.at);
    all.forEach((name, j) => {
      const [x, y] = names.length > 0 ? [of(a, name)?.bytes ?? 0, of(b, name)?.bytes ?? 0] : [a.bytes, b.bytes];
      rates[j].push(Math.max(y - x, 0) / seconds);
    });
  }
  return { at, rates, names: all };
}

const of = (point, name) => point.stages.find((s) => s.name === name);

// shares are those of the last ten seconds or so.
export function shares(points) {
  const b = points.at(-1);
  const a = points.findLast((p) => b.at - p.at >= 10) ?? points[0];
  return b.stages.flatMap((s) => {
    const before = of(a, s.name) ?? { busy: 0, elapsed: 0 };
    const elapsed = s.elapsed - before.elapsed;
    return elapsed > 0 ? [{ name: s.name, share: Math.min(Math.max((s.busy - before.busy) / elapsed, 0), 1) }] : [];
  });
}

function options(names, { width, height }) {
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colors = [color('--data'), color('--ink'), color('--constraints'), color('--finish'), color('--indexes')];
  const axis = { stroke: color('--muted'), grid: { stroke: color('--faint'), width: 1 }, ticks: { stroke: color('--line'), width: 1 }, font: '12px system-ui, sans-serif' };
  return {
    width, height, legend: { show: false }, cursor: { y: false, points: { show: false } }, select: { show: false },
    scales: { x: { time: false }, y: { range: (_, low, high) => [0, Math.max(high, 1000) * 1.08] } },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map((s) => format.clock(s)), size: 28, space: 70, incrs: steps },
      { ...axis, values: (_, ticks) => ticks.map((r) => format.rate(r)), size: 78, space: 36 },
    ],
    series: [{}, ...names.map((label, i) => ({
      label, stroke: colors[i % colors.length], width: 1.5, dash: i === 0 ? undefined : [4, 3], fill: i === 0 ? `${colors[0]}38` : undefined, points: { show: false },
    }))],
  };
}
