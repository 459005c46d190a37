// One transfer: how far it is, what holds it up, what it has done, and what may be changed of it.

import { el, keyed, latest, say, shape, text } from '../dom.js';
import * as format from '../format.js';
import chart from '../part/chart.js';
import controls from '../part/controls.js';
import log from '../part/log.js';
import notes from '../part/notes.js';
import phases from '../part/phases.js';
import report from '../part/report.js';
import tasks from '../part/tasks.js';
import timeline from '../part/timeline.js';
import { call } from '../session.js';
import { follow } from '../stream.js';
import * as words from '../words.js';

export default function transfer(main, { argument: id, go }) {
  let now = null; // the transfer
  let progress = null; // the last progress or end event
  let state = null; // as last told
  const path = `/transfers/${encodeURIComponent(id)}`;

  const title = el('h1', {}, id);
  const lead = el('p', { class: 'command' });
  const word = el('p', { class: 'word' });
  const story = el('p', { class: 'exit' });
  const error = el('p', { class: 'error' });
  const outcome = el('div', { class: 'outcome', hidden: true }, word, story, error);
  const facts = el('dl', { class: 'facts' });
  const held = el('section', { class: 'notes warn', 'aria-labelledby': 'held', hidden: true }, el('h2', { id: 'held' }, 'Held up'), el('ul', {}));
  const parts = {
    controls: controls({ path, onChanged: (t) => take({ transfer: t, progress }), go }),
    phases: phases(), chart: chart(), tasks: tasks(), timeline: timeline(), log: log(), report: report(path), notes: notes(),
  };
  main.append(el('p', { class: 'back' }, el('a', { href: '/' }, 'All transfers')), el('div', { class: 'head' }, lead, title), outcome, parts.controls.node, facts, held, parts.notes.node,
    parts.phases.node, parts.tasks.node, parts.chart.node, parts.timeline.node, parts.report.node, parts.log.node);

  const soon = latest(draw);

  function take(live) {
    const t = live.transfer;
    // The answer to a change may come behind the end that the change has brought. Nothing follows a final state.
    if (now && words.isFinal(now) && !words.isFinal(t)) return;
    now = t;
    if (live.progress) {
      progress = live.progress;
      parts.chart.add(progress);
    }
    if (state !== null && state !== words.status(t)) say(`${id} ${words.status(t)}`);
    state = words.status(t);
    soon();
  }

  function draw() {
    if (!now) return;
    const [a, b] = words.ends(now);
    const [arrow, to] = words.between(now);
    const heading = `${a ?? ''}${to}${b ?? ''}`;
    if (title.drawn !== heading) {
      title.drawn = heading;
      title.replaceChildren(el('bdi', {}, a ?? ''), ' ', el('span', { class: 'arrow', 'aria-hidden': 'true' }, arrow), el('span', { class: 'unseen' }, to), ' ', el('bdi', {}, b ?? ''));
      document.title = `${id} ${heading} · pgsluice`;
    }
    text(lead, `${words.kinds[now.spec.kind]} ${id}, by ${now.schedule ? `schedule ${now.schedule}` : now.by}, asked for ${format.moment(format.known(now.created))}`);
    const { color, shape: name } = words.tone(now);
    outcome.hidden = false;
    outcome.className = `outcome ${color}`;
    if (word.drawn !== name + words.status(now)) {
      word.drawn = name + words.status(now);
      word.replaceChildren(shape(name), el('strong', {}, words.status(now)));
    }
    text(story, words.story(now));
    text(error, now.error ?? '');
    error.hidden = !now.error;
    keyed(facts, figures(now, progress), (f) => f[0], () => el('div', {}, el('dt'), el('dd')), (node, [name, value]) => {
      text(node.firstChild, name);
      text(node.lastChild, value);
    });
    facts.hidden = !now.started || now.spec.kind === 'verify';
    const stuck = words.isFinal(now) ? [] : obstacles(progress);
    held.hidden = stuck.length === 0;
    keyed(held.lastChild, stuck, (s) => s.key, () => el('li', {}, el('strong'), el('p')), (node, s) => {
      text(node.firstChild, s.what);
      text(node.lastChild, s.why);
    });
    parts.controls.draw(now);
    parts.phases.draw(now, progress);
    parts.tasks.draw(now, progress);
    parts.chart.draw(now, progress);
    parts.timeline.draw(now, progress);
    parts.report.draw(now);
    parts.notes.draw(now);
  }

  let unread = null; // the latest state, not read yet: of those that come between two pictures only the last one is
  const read = () => {
    if (unread) take(JSON.parse(unread.data));
    unread = null;
  };
  const readSoon = latest(read);
  const stopLive = follow(`${path}/live`, {
    onEvent(event) {
      unread = event;
      readSoon();
    },
    over() {
      read();
      return now !== null && words.isFinal(now);
    },
    onRefused: missing,
  });
  let last = false; // whether the event of the final state has come
  const stopEvents = follow(`${path}/events`, {
    onEvent(event) {
      const e = JSON.parse(event.data);
      if (e.name === 'state') {
        last = words.isFinal(e.data);
        if (last) take({ transfer: e.data, progress });
      }
      if (e.name === 'end') { // of one that ended before this daemon began, nothing else has it
        progress = e.data;
        parts.chart.add(e.data);
      }
      if (e.name === 'start') parts.chart.begin();
      if (e.name === 'sample') parts.chart.sample(e.data);
      parts.log.add(e);
      parts.timeline.add(e);
      parts.notes.add(e);
      soon();
    },
    over: () => last,
  });
  call('GET', path).then((t) => { if (!now) take({ transfer: t, progress: null }); }, missing);
  const clock = setInterval(soon, 1000);

  function missing(refused) {
    if (refused.status !== 404 || now) return;
    main.replaceChildren(el('h1', {}, 'No such transfer'), el('p', {}, `The daemon knows no transfer ${id}.`), el('p', {}, el('a', { href: '/' }, 'All transfers')));
  }

  return {
    title: id,
    stop() {
      stopLive();
      stopEvents();
      clearInterval(clock);
      parts.chart.stop();
      parts.timeline.stop();
    },
  };
}

// figures are the facts at the top.
function figures(t, p) {
  const list = [];
  const over = words.isFinal(t);
  const d = p?.data;
  const moved = over ? Math.max(t.totals.bytes, d?.bytes ?? 0) : d?.bytes ?? t.totals.bytes;
  if (d?.expected_bytes && !over && d.expected_bytes > d.bytes) list.push(['moved', `${format.bytes(moved)} of ≈${format.bytes(d.expected_bytes)}`]);
  else list.push(['moved', format.bytes(moved)]);
  const rows = d?.rows ?? t.totals.rows;
  list.push(['rows', format.count(rows)]);
  if (d && d.tables_total > 0) list.push(['tables', `${format.count(d.tables_done)} of ${format.count(d.tables_total)}`]);
  else if (t.totals.tables > 0) list.push(['tables', format.count(t.totals.tables)]);
  if (!over && d) {
    list.push(['now', format.rate(d.windowed_bytes_per_second)]);
    if (d.remaining_seconds >= 1) list.push(['data left, about', format.whole(d.remaining_seconds)]);
  }
  if (d?.average_bytes_per_second > 0) list.push(['average', format.rate(d.average_bytes_per_second)]);
  if (t.totals.written > 0) list.push(['size of the dump', format.bytes(t.totals.written)]);
  return list;
}

// obstacles are sessions that block us, sessions on the source that we hold up, and standstills.
function obstacles(p) {
  if (!p) return [];
  const list = [];
  for (const r of p.running ?? []) {
    if (r.blocked_by.length > 0) list.push({ key: `task ${r.id}`, what: `${r.kind} ${r.name}`, why: `waits ${words.blockers(r.blocked_by)}` });
    else if (r.retry_cause) list.push({ key: `task ${r.id}`, what: `${r.kind} ${r.name}`, why: `is tried again: ${r.retry_cause}` });
  }
  for (const h of p.source?.held_up ?? []) {
    list.push({
      key: `pid ${h.pid}`, what: `On the source, ${words.session(h)}`,
      why: `has waited ${format.whole(h.waited_seconds)} for ${h.wants}, which this transfer holds${h.behind > 0 ? `; ${format.plural(h.behind, 'session waits', 'sessions wait')} behind it` : ''}`,
    });
  }
  if (p.data?.idle_seconds >= 30) list.push({ key: 'idle', what: `No byte has moved for ${format.whole(p.data.idle_seconds)}`, why: '' });
  return list;
}
