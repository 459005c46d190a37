// The fields of what a transfer is to do, for the forms of transfers and of schedules.

import { el, id, put, text } from '../dom.js';
import * as format from '../format.js';
import { call, sentence } from '../session.js';

const choices = {
  copy: ['Copy', 'database to database'], dump: ['Dump', 'database to a store'], restore: ['Restore', 'a dump to a database'], verify: ['Verify', 'are two databases equal'],
};

// spec makes the fields. kinds are those to choose from; onChange is told of every change. value() is the work.Spec without its
// confirmation, or null where a field can't be read, which is then said beside it; refuse(refused) says beside fields what the API found
// wrong, and returns what belongs to none.
export default function spec({ kinds, onChange }) {
  const fields = new Map(); // by the path in the API's words
  let databases = [];
  let stores = [];
  let dumps = [];

  const radios = kinds.map((k) => el('input', { type: 'radio', name: 'kind', value: k, id: id('kind'), checked: k === kinds[0], onchange: () => { arrange(); onChange(); } }));
  const what = el('fieldset', {}, el('legend', {}, 'What'), el('div', { class: 'kinds' }, ...radios.map((r) => el('label', { class: 'check' }, r, choices[r.value][0], ' ', el('span', { class: 'context' }, choices[r.value][1])))));

  const source = field('source', 'From', el('select', { required: true }));
  const dump = field('dump', 'Dump', el('select', { required: true }));
  const target = field('target', 'To', el('select', { required: true }));
  const part = field('options.schema_only', 'What of it', el('select', {}, el('option', { value: '' }, 'schema and data'), el('option', { value: 'schema_only' }, 'the schema only'), el('option', { value: 'data_only' }, 'the data only')));
  const limit = field('options.rate_limit', 'Rate limit', el('input', { placeholder: 'none', autocomplete: 'off', spellcheck: 'false' }), 'such as 20 MB/s');
  const jobs = field('options.jobs', 'Copy streams', el('input', { type: 'number', min: 1, max: 128, placeholder: 'as many as help' }));
  const builders = field('options.index_jobs', 'Index builders', el('input', { type: 'number', min: 1, max: 128, placeholder: 'as many as help' }));
  const compress = field('options.compress', 'Compression', el('select', {}, ...['zstd', 'lz4', 'gzip', 'none'].map((c) => el('option', { value: c === 'zstd' ? '' : c }, c === 'zstd' ? 'zstd, the default' : c))));
  const tables = field('options.tables', 'Only these tables', el('input', { placeholder: 'all', autocomplete: 'off', spellcheck: 'false' }), 'separated by commas');
  const schemas = field('options.schemas', 'Only these schemas', el('input', { placeholder: 'all', autocomplete: 'off', spellcheck: 'false' }), 'separated by commas');
  const clean = check('clean', 'Remove first what the target holds');
  const verify = check('verify', 'Compare both sides at the end');
  const go = check('continue', 'Leave out what fails, and go on');
  const owner = check('no_owner', 'Without owners');
  const acl = check('no_acl', 'Without privileges');
  const comments = check('no_comments', 'Without comments');
  const checks = el('div', { class: 'checks' }, clean.node, verify.node, go.node, owner.node, acl.node, comments.node);
  const node = el('div', { class: 'spec', oninput: onChange },
    what,
    el('fieldset', {}, el('legend', { class: 'unseen' }, 'From where to where'), el('div', { class: 'fields' }, source.node, dump.node, target.node, part.node)),
    el('fieldset', {}, el('legend', {}, 'How'), el('div', { class: 'fields' }, limit.node, jobs.node, builders.node, compress.node, tables.node, schemas.node), checks));

  function field(path, label, input, hint) {
    const [input_, wrong, hint_] = [id('field'), id('wrong'), id('hint')];
    input.id = input_;
    input.setAttribute('aria-describedby', hint ? `${hint_} ${wrong}` : wrong);
    const error = el('p', { id: wrong, class: 'wrong' });
    const f = { input, error, node: el('div', { class: 'field' }, el('label', { for: input_ }, label), input, hint ? el('p', { id: hint_, class: 'hint' }, hint) : null, error) };
    f.say = (words) => {
      text(error, words);
      put(input, 'aria-invalid', words ? 'true' : null);
    };
    fields.set(path, f);
    return f;
  }

  function check(name, label) {
    const input = el('input', { type: 'checkbox' });
    return { name, input, node: el('label', { class: 'check' }, input, label) };
  }

  const kind = () => radios.find((r) => r.checked).value;

  // arrange shows the fields of the kind and what may be chosen in them.
  function arrange() {
    const k = kind();
    const show = (f, when) => { f.node.hidden = !when; f.input.disabled = !when; };
    show(source, k !== 'restore');
    show(dump, k === 'restore');
    for (const f of [limit, go]) show(f, k !== 'verify');
    show(builders, k === 'copy' || k === 'restore');
    show(clean, k === 'copy' || k === 'restore');
    show(verify, k === 'copy');
    show(compress, k === 'dump');
    for (const f of [tables, schemas]) show(f, k === 'dump' || k === 'restore');
    text(target.node.firstChild, k === 'dump' ? 'To the store' : k === 'verify' ? 'And' : 'To');
    text(source.node.firstChild, k === 'verify' ? 'Compare' : 'From');
    const name = (d) => ({ value: d.name, words: d.name });
    fillSelect(source.input, databases.map(name), 'no database is configured');
    fillSelect(dump.input, dumps.map((t) => ({ value: t.id, words: `${t.id}: ${t.spec.source}, ${format.moment(format.known(t.created))}, ${format.bytes(t.totals.written)}` })), 'there is no dump');
    fillSelect(target.input, k === 'dump' ? stores.map(name) : databases.map((d) => (d.never_target && k !== 'verify' ? { value: d.name, words: `${d.name} (never a target)`, never: true } : name(d))),
      k === 'dump' ? 'no store is configured' : 'no database is configured');
  }

  // ready is fulfilled when the names are there.
  const ready = Promise.all([call('GET', '/databases'), call('GET', '/stores'), kinds.includes('restore') ? call('GET', '/transfers?state=completed&limit=1000') : []]).then(([d, s, t]) => {
    [databases, stores, dumps] = [d, s, t.filter((x) => x.spec.kind === 'dump' && x.file && !x.expired)];
    arrange();
  });
  arrange();

  function value() {
    for (const f of fields.values()) f.say('');
    const rate = limit.input.disabled ? 0 : format.parseRate(limit.input.value);
    if (rate === null) {
      limit.say('That is no rate: write one such as 20 MB/s, or nothing.');
      limit.input.focus();
      return null;
    }
    const on = (f) => !f.input.disabled;
    const number = (f) => (on(f) && f.input.value !== '' ? Number(f.input.value) : undefined);
    const list = (f) => {
      const names = on(f) ? f.input.value.split(',').map((n) => n.trim()).filter(Boolean) : [];
      return names.length > 0 ? names : undefined;
    };
    const options = { jobs: number(jobs), index_jobs: number(builders), rate_limit: rate || undefined, compress: (on(compress) && compress.input.value) || undefined, tables: list(tables), schemas: list(schemas) };
    for (const c of [clean, verify, go, owner, acl, comments]) if (on(c) && c.input.checked) options[c.name] = true;
    if (on(part) && part.input.value) options[part.input.value] = true;
    const k = kind();
    return { kind: k, ...(k === 'restore' ? { dump: dump.input.value } : { source: source.input.value }), target: target.input.value, options };
  }

  function refuse(refused) {
    let first = null;
    let rest = refused.message;
    for (const { location, message } of refused.fields) {
      const f = fields.get(String(location).replace(/^body\./, '').replace(/^spec\./, '').replace(/\[\d+\]$/, ''));
      if (!f || f.node.hidden) continue;
      f.say(sentence(message));
      first ??= f;
      rest = '';
    }
    first?.input.focus();
    return rest;
  }
  return { node, ready, value, refuse, kind, cleans: () => !clean.input.disabled && clean.input.checked, target: () => target.input.value };
}

function fillSelect(select, options, none) {
  const before = select.value;
  select.replaceChildren(...(options.length > 0 ? options.map((o) => el('option', { value: o.value, disabled: o.never }, o.words)) : [el('option', { value: '' }, none)]));
  if (options.some((o) => o.value === before && !o.never)) select.value = before;
  else select.value = options.find((o) => !o.never)?.value ?? '';
}
