// Signing in: the daemon has tokens, and nothing else to know people by.

import { el, id, text } from '../dom.js';
import { keep, who } from '../session.js';

export default function login(main, { onDone }) {
  const [input, wrong] = [id('token'), id('wrong')];
  const field = el('input', { id: input, type: 'password', autocomplete: 'current-password', required: true, spellcheck: 'false', 'aria-describedby': wrong });
  const error = el('p', { id: wrong, class: 'wrong', role: 'alert' });
  const button = el('button', { type: 'submit', class: 'primary' }, 'Sign in');
  const form = el('form', { class: 'login', onsubmit: submit },
    el('h1', {}, 'Sign in'),
    el('p', { class: 'hint' }, 'The first start of ', el('code', {}, 'pgsluice serve'), ' printed a token once; ', el('code', {}, 'pgsluice tokens add NAME'), ' makes another one.'),
    // Managers of passwords want a name beside one.
    el('input', { type: 'text', autocomplete: 'username', value: 'pgsluice', hidden: true, readonly: true }),
    el('label', { for: input }, 'Token'), field, error, button);
  main.append(form);
  field.focus();

  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    text(error, '');
    keep(field.value.trim());
    try {
      await who({ signingIn: true });
      onDone();
    } catch (refused) {
      keep(null);
      text(error, refused.message);
      field.setAttribute('aria-invalid', 'true');
      field.select();
    } finally {
      button.disabled = false;
    }
  }
  return { title: 'Sign in' };
}
