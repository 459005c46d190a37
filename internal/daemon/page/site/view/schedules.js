// Schedules: what they make and when, and their form.

import { el, id, keyed, say, text } from '../dom.js';
import * as format from '../format.js';
import ask from '../part/ask.js';
import specFields from '../part/spec.js';
import { call } from '../session.js';
import * as words from '../words.js';

const every = 5000; // ms between two looks, so that a tick is seen

export default function schedules(main) {
  let all = [];
  const wrong = el('p', { class: 'wrong', role: 'alert' });
  const list = el('ul', { class: 'cards' });
  const empty = el('p', { class: 'empty' }, 'Asking the daemon …');
  const add = el('button', { type: 'button', class: 'primary operate', 'aria-expanded': 'false', onclick: open }, 'New schedule');
  const place = el('div');
  main.append(el('div', { class: 'heading' }, el('h1', {}, 'Schedules'), add), el('p', { class: 'lead' }, `Times are shown in your zone, ${format.zone()}.`), place, wrong, empty, list);

  async function look() {
    if (document.hidden) return;
    try {
      all = await call('GET', '/schedules');
      text(wrong, '');
      draw();
    } catch (refused) {
      text(empty, '');
      text(wrong, refused.message);
    }
  }

  function draw() {
    text(empty, all.length > 0 ? '' : 'There is no schedule. One makes a transfer at certain times: a dump each night, a fresh copy each week.');
    empty.hidden = all.length > 0;
    keyed(list, all, (s) => s.name, card, fill);
  }

  function open() {
    if (place.firstChild) return;
    add.setAttribute('aria-expanded', 'true');
    const form = scheduleForm({
      names: () => all.map((s) => s.name),
      async onDone(name) {
        close();
        await look();
        say(`Schedule ${name} is made.`);
      },
      onCancel: close,
    });
    place.append(form.node);
    form.focus();
  }

  function close() {
    place.replaceChildren();
    add.setAttribute('aria-expanded', 'false');
    add.focus();
  }

  function card(s) {
    const parts = { what: el('p', { class: 'figures' }), when: el('p'), next: el('p'), last: el('p', { class: 'story' }), keeps: el('p', { class: 'story' }) };
    const suspend = el('button', { type: 'button', onclick: () => change(parts.now, !parts.now.suspended) });
    const remove = el('button', { type: 'button', class: 'danger', 'aria-label': `Delete schedule ${s.name}`, onclick: () => destroy(parts.now) }, 'Delete …');
    parts.suspend = suspend;
    const node = el('li', { class: 'card' }, el('h2', {}, s.name), parts.what, parts.when, parts.next, parts.last, parts.keeps, el('div', { class: 'buttons operate' }, suspend, remove));
    node.parts = parts;
    return node;
  }

  function fill(node, s) {
    const p = node.parts;
    p.now = s;
    const [a, b] = words.ends(s);
    text(p.what, `${words.kinds[s.spec.kind]}, ${a} to ${b}${s.spec.options.clean ? `, which is wiped each time` : ''}`);
    text(p.when, `${s.cron} ${s.time_zone || 'UTC'}`);
    const next = format.known(s.next);
    text(p.next, s.suspended ? 'Suspended: it makes nothing.' : next ? `Next ${format.moment(next)}, in ${format.whole((next.getTime() - Date.now()) / 1000)}` : 'It has no next time.');
    const last = format.known(s.last);
    if (p.last.drawn !== `${s.last_id} ${s.last}`) {
      p.last.drawn = `${s.last_id} ${s.last}`;
      p.last.replaceChildren(...(last ? [`Last ${format.moment(last)}: `, el('a', { href: `/transfers/${s.last_id}` }, s.last_id)] : ['It has made nothing yet.']));
    }
    text(p.keeps, s.spec.kind === 'dump' ? keeps(s.retention) : '');
    p.keeps.hidden = p.keeps.textContent === '';
    text(p.suspend, s.suspended ? 'Resume' : 'Suspend');
    p.suspend.setAttribute('aria-label', `${s.suspended ? 'Resume' : 'Suspend'} schedule ${s.name}`);
  }

  const rest = (s, suspended) => ({ spec: s.spec, cron: s.cron, time_zone: s.time_zone, retention: s.retention, suspended });

  async function change(s, suspended) {
    try {
      await call('PUT', `/schedules/${encodeURIComponent(s.name)}`, rest(s, suspended));
      await look();
      say(`Schedule ${s.name} ${suspended ? 'is suspended' : 'goes on'}.`);
    } catch (refused) {
      text(wrong, refused.message);
    }
  }

  async function destroy(s) {
    if (!await ask({ title: `Delete ${s.name}?`, words: 'What it has made stays, transfers as well as dumps; nothing is removed by its rules any more.', yes: 'Delete the schedule', no: 'Keep it' })) return;
    try {
      await call('DELETE', `/schedules/${encodeURIComponent(s.name)}`);
      await look();
      say(`Schedule ${s.name} is deleted.`);
      add.focus();
    } catch (refused) {
      text(wrong, refused.message);
    }
  }

  look();
  const timer = setInterval(look, every);
  const clock = setInterval(draw, 1000);
  document.addEventListener('visibilitychange', look);
  return { title: 'Schedules', stop() { clearInterval(timer); clearInterval(clock); document.removeEventListener('visibilitychange', look); } };
}

// keeps is a retention in words.
export function keeps(r) {
  const rules = [r.last > 0 ? `the newest ${format.count(r.last)}` : '', r.days > 0 ? `those of the last ${format.plural(r.days, 'day', 'days')}` : '',
    r.weekly > 0 ? `one a week for ${format.plural(r.weekly, 'week', 'weeks')}` : '', r.monthly > 0 ? `one a month for ${format.plural(r.monthly, 'month', 'months')}` : ''].filter(Boolean);
  return rules.length > 0 ? `Keeps ${rules.join(', ')}.` : 'Keeps all dumps.';
}

function scheduleForm({ names, onDone, onCancel }) {
  const ids = { name: id('name'), cron: id('cron'), zone: id('zone'), confirm: id('confirm'), hint: id('hint') };
  const wrong = el('p', { class: 'wrong', role: 'alert' });
  const name = el('input', { id: ids.name, required: true, pattern: '[a-z0-9][a-z0-9_\\-]{0,62}', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', title: 'a to z, 0 to 9, _ and -' });
  const cron = el('input', { id: ids.cron, required: true, value: '0 3 * * *', autocomplete: 'off', spellcheck: 'false', 'aria-describedby': ids.hint });
  const zone = el('input', { id: ids.zone, value: format.zone(), autocomplete: 'off', spellcheck: 'false' });
  const numbers = Object.fromEntries([['last', 'Newest dumps'], ['days', 'Days with all dumps'], ['weekly', 'Weeks with one each'], ['monthly', 'Months with one each']].map(([key, label]) => {
    const input = el('input', { id: id(key), type: 'number', min: 0, max: 10_000, placeholder: 'no rule' });
    return [key, { input, node: el('div', { class: 'field' }, el('label', { for: input.id }, label), input) }];
  }));
  const retention = el('fieldset', { hidden: true }, el('legend', {}, 'Dumps that are kept'), el('p', { class: 'hint' }, 'What any rule keeps stays. Without a rule, all stay.'), el('div', { class: 'fields' }, ...Object.values(numbers).map((n) => n.node)));
  const confirm = el('input', { id: ids.confirm, autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false' });
  const confirmLabel = el('label', { for: ids.confirm });
  const confirming = el('div', { class: 'field confirm', hidden: true }, confirmLabel, confirm);
  const fields = specFields({ kinds: ['dump', 'copy', 'verify'], onChange: arrange });
  const cancel = el('button', { type: 'button', onclick: onCancel }, 'Not now');
  const node = el('form', { class: 'sheet', onsubmit: submit, 'aria-label': 'New schedule', onkeydown: (e) => { if (e.key === 'Escape') onCancel(); } },
    el('div', { class: 'fields' }, el('div', { class: 'field' }, el('label', { for: ids.name }, 'Name'), name),
      el('div', { class: 'field' }, el('label', { for: ids.cron }, 'When, as cron writes it'), cron, el('p', { class: 'hint', id: ids.hint }, 'minute, hour, day, month, weekday')),
      el('div', { class: 'field' }, el('label', { for: ids.zone }, 'Time zone'), zone)),
    fields.node, retention, confirming, wrong, el('div', { class: 'buttons last' }, el('button', { type: 'submit', class: 'primary' }, 'Make the schedule'), cancel));
  fields.ready.catch((refused) => text(wrong, refused.message));

  function arrange() {
    text(wrong, '');
    retention.hidden = fields.kind() !== 'dump';
    confirming.hidden = !fields.cleans();
    confirm.required = fields.cleans();
    text(confirmLabel, `Each time, all that ${fields.target()} holds will be removed. Type its name to confirm that.`);
  }

  async function submit(event) {
    event.preventDefault();
    text(wrong, '');
    const spec = fields.value();
    if (!spec) return;
    if (names().includes(name.value)) {
      text(wrong, `There is a schedule ${name.value} already: delete it first, or choose another name.`);
      name.focus();
      return;
    }
    if (fields.cleans()) {
      if (confirm.value !== spec.target) {
        text(wrong, `Type ${spec.target} to confirm that it is wiped each time.`);
        confirm.focus();
        return;
      }
      spec.confirm = confirm.value;
    }
    const kept = spec.kind === 'dump' ? Object.fromEntries(Object.entries(numbers).map(([k, n]) => [k, Number(n.input.value || 0)]).filter(([, n]) => n > 0)) : {};
    try {
      await call('PUT', `/schedules/${encodeURIComponent(name.value)}`, { spec, cron: cron.value.trim(), time_zone: zone.value.trim(), retention: kept });
      onDone(name.value);
    } catch (refused) {
      text(wrong, fields.refuse(refused));
    }
  }
  fields.ready.then(arrange, () => {});
  return { node, focus: () => name.focus() };
}
