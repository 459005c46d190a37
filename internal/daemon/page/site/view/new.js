// A new transfer: what it is to do, then what that would mean, then to begin it. Where the target would be wiped, its name must be typed.

import { el, id, say, text } from '../dom.js';
import preview from '../part/preview.js';
import specFields from '../part/spec.js';
import { call } from '../session.js';

export default function fresh(main, { go }) {
  let planned = null; // the spec of the plan that is shown
  const wrong = el('p', { class: 'wrong', role: 'alert' });
  const fields = specFields({ kinds: ['copy', 'dump', 'restore', 'verify'], onChange: forget });
  const plan = el('button', { type: 'submit', class: 'primary' }, 'Show the plan');
  const form = el('form', { class: 'sheet', onsubmit: show }, fields.node, el('div', { class: 'buttons last' }, plan), wrong);
  const heading = el('h2', { id: 'plan', tabindex: '-1' }, 'The plan');
  const body = el('div');
  const section = el('section', { class: 'sheet plan', 'aria-labelledby': 'plan', hidden: true }, heading, body);
  main.append(el('h1', {}, 'New transfer'), el('p', { class: 'lead' }, 'Nothing happens before you have seen the plan and begun it.'), form, section);
  fields.ready.catch((refused) => text(wrong, refused.message));

  function forget() {
    planned = null;
    section.hidden = true;
    text(wrong, '');
  }

  async function show(event) {
    event.preventDefault();
    const spec = fields.value();
    if (!spec) return;
    forget();
    plan.disabled = true;
    text(plan, 'Looking at both sides …');
    say('Looking at both sides.');
    const asked = JSON.stringify(spec);
    try {
      const p = await call('POST', '/plan', spec);
      // A form that was changed meanwhile has no plan yet.
      if (JSON.stringify(fields.value()) !== asked) return;
      planned = spec;
      draw(p);
    } catch (refused) {
      text(wrong, fields.refuse(refused));
    } finally {
      plan.disabled = false;
      text(plan, 'Show the plan');
    }
  }

  function draw(p) {
    const failed = el('p', { class: 'wrong', role: 'alert' });
    const name = id('confirm');
    const confirm = el('input', { id: name, autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', oninput: check });
    const begin = el('button', { type: 'submit', class: p.removes ? 'danger' : 'primary' }, p.removes ? `Wipe ${planned.target} and begin` : 'Begin');
    const asks = p.removes && !p.refused;
    const last = el('form', { class: 'begin', onsubmit: create },
      asks ? el('div', { class: 'field' }, el('label', { for: name }, 'All that ', el('strong', {}, planned.target), ' holds will be removed. Type its name to confirm that.'), confirm) : null,
      p.refused ? null : el('div', { class: 'buttons' }, begin), failed);
    body.replaceChildren(...preview(p), last);
    section.hidden = false;
    check();
    heading.focus();
    heading.scrollIntoView({ block: 'nearest' });

    function check() {
      begin.disabled = asks && confirm.value !== planned?.target;
    }

    async function create(event) {
      event.preventDefault();
      if (begin.disabled || !planned) return;
      begin.disabled = true;
      try {
        const t = await call('POST', '/transfers', asks ? { ...planned, confirm: confirm.value } : planned);
        go(`/transfers/${t.id}`);
      } catch (refused) {
        text(failed, [refused.message, ...refused.fields.map((f) => f.message)].filter((m, i, all) => m && !all.slice(0, i).some((o) => o.includes(m))).join(' '));
        check();
      }
    }
  }
  return { title: 'New transfer' };
}
