// What happened, line by line. It isn't read out as it grows: that would be too much; what matters is said in the page's own status line.

import { el, text } from '../dom.js';
import * as format from '../format.js';
import { blockers, isFinal, session, status } from '../words.js';

const most = 1000; // lines; of more the oldest go

export default function log() {
  let lines = 0;
  let dropped = 0;
  let all = false;
  let before = null; // the last state, so that only what has changed is told
  const list = el('ol', { class: 'log', tabindex: '0', role: 'log', 'aria-live': 'off', 'aria-labelledby': 'log' });
  const box = el('input', { type: 'checkbox', id: 'every', onchange: () => { all = box.checked; list.classList.toggle('every', all); } });
  const older = el('p', { class: 'hint', hidden: true });
  const empty = el('p', { class: 'empty' }, 'Nothing has happened yet.');
  const node = el('section', { 'aria-labelledby': 'log' },
    el('div', { class: 'heading' }, el('h2', { id: 'log' }, 'Log'), el('p', { class: 'choice' }, box, el('label', { for: 'every' }, 'each table and index, too'))), older, empty, list);

  function add(event) {
    const line = event.name === 'state' && before ? changed(before, event.data) : words(event);
    if (event.name === 'state') before = event.data;
    if (!line) return;
    empty.hidden = true;
    // Whoever reads at the end wants to stay there; whoever has scrolled up is left alone.
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 30;
    list.append(el('li', { class: `${line.tone ?? ''} ${line.minor ? 'minor' : ''}`.trim() || null },
      el('time', { datetime: event.at }, format.stamp(new Date(event.at))), ' ', el('span', {}, line.text)));
    if (++lines > most) {
      list.firstChild.remove();
      lines--;
      dropped++;
      older.hidden = false;
      text(older, `${format.plural(dropped, 'older line is', 'older lines are')} not shown.`);
    }
    if (atEnd) list.scrollTop = list.scrollHeight;
  }
  return { node, add };
}

// changed makes a line of what differs between two states of a transfer.
export function changed(a, b) {
  if (status(a) !== status(b) || (a.waits ?? '') !== (b.waits ?? '') || (a.error ?? '') !== (b.error ?? '')) return words({ name: 'state', data: b });
  const [x, y] = [a.spec.options, b.spec.options];
  if (x.rate_limit !== y.rate_limit) return { text: y.rate_limit ? `the rate limit is ${format.rate(y.rate_limit)}` : 'the rate limit is lifted' };
  if (x.jobs !== y.jobs) return { text: y.jobs ? `the number of streams is ${format.count(y.jobs)}` : 'the number of streams is found out' };
  if (a.attempts !== b.attempts) return { text: `taken up again by ${b.daemon || 'a daemon'}` };
  return null;
}

const about = (object, message) => (object ? `${object}: ${message}` : message);

// words makes a line of an event: {text, tone, minor}; null for what is no news.
export function words({ name, at, data: d }) {
  switch (name) {
    case 'state': {
      const tone = d.state === 'failed' ? 'bad' : d.state === 'completed' && !(d.warnings > 0) ? 'ok' : null;
      const why = d.error ? `: ${d.error}` : d.waits && !isFinal(d) ? `: ${d.waits}` : '';
      return { text: `${status(d)}${why}`, tone };
    }
    case 'plan': {
      const size = d.expected_bytes ? `, ≈${format.bytes(d.expected_bytes)}` : '';
      return { text: `planned: ${format.plural(d.tables_total, 'table', 'tables')} to copy${size}` };
    }
    case 'step': return { text: d.text };
    case 'task_ended': {
      const what = `${d.kind} ${d.name}`;
      if (d.outcome === 'failed') return null; // its failure event has more
      if (d.outcome === 'interrupted') return { text: `broken off: ${what}`, minor: true };
      if (d.phase !== 'data') return { text: `${what} in ${format.duration(d.duration_seconds)}`, minor: true };
      const speed = d.duration_seconds > 0 && d.bytes > 0 ? `, ${format.rate(d.bytes / d.duration_seconds)}` : '';
      return { text: `${what}: ${format.plural(d.rows, 'row', 'rows')}, ${format.bytes(d.bytes)} in ${format.duration(d.duration_seconds)}${speed}`, minor: true };
    }
    case 'task_undone': return { text: `lost by the target in a crash, begins again: ${d.kind} ${d.name}`, tone: 'warn' };
    case 'retry': return { text: `${about(d.object, d.cause)}; tried again in ${format.duration(d.wait_seconds)}`, tone: 'warn' };
    case 'warning': return { text: `warning: ${about(d.object, d.message)}`, tone: 'warn' };
    case 'left_out': return { text: `left out: ${about(d.object, d.reason)}` };
    case 'failure': return { text: `failed: ${about(`${d.kind} ${d.name}`, d.error)}`, tone: 'bad' };
    case 'blocked': return { text: `waiting: ${d.kind} ${d.name} ${blockers(d.blocked_by, Date.parse(at))}`, tone: 'warn' };
    case 'holds_up': return { text: `source: this transfer holds up ${session(d)}, which wants ${d.wants}`, tone: 'warn' };
    case 'freed': return { text: `source: ${session(d)} waits no more` };
    case 'stalled': return { text: `no bytes for ${format.whole(d.idle_seconds)}`, tone: 'warn' };
    default: return null;
  }
}
